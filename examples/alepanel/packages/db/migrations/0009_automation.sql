-- Flows, their triggers and their runs.

CREATE SCHEMA automation;

CREATE TABLE automation.flows (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organisation_id uuid NOT NULL REFERENCES identity.organisations (id) ON DELETE CASCADE,
    name text NOT NULL,
    enabled boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE automation.flow_versions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    flow_id uuid NOT NULL REFERENCES automation.flows (id) ON DELETE CASCADE,
    definition jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX flow_versions_flow_id_idx ON automation.flow_versions (flow_id);

CREATE TABLE automation.triggers (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    flow_id uuid NOT NULL REFERENCES automation.flows (id) ON DELETE CASCADE,
    event text NOT NULL,
    filter jsonb NOT NULL DEFAULT '{}'
);

CREATE TABLE automation.schedules (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    flow_id uuid NOT NULL REFERENCES automation.flows (id) ON DELETE CASCADE,
    cron text NOT NULL,
    next_run_at timestamptz
);

CREATE INDEX schedules_next_run_at_idx ON automation.schedules (next_run_at);

CREATE TABLE automation.runs (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    flow text NOT NULL,
    status text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);

CREATE INDEX runs_started_at_idx ON automation.runs (started_at);

CREATE TABLE automation.run_steps (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    run_id uuid NOT NULL REFERENCES automation.runs (id) ON DELETE CASCADE,
    name text NOT NULL,
    status text NOT NULL,
    output jsonb
);

CREATE INDEX run_steps_run_id_idx ON automation.run_steps (run_id);

CREATE TABLE automation.run_logs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id uuid NOT NULL REFERENCES automation.runs (id) ON DELETE CASCADE,
    line text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX run_logs_run_id_idx ON automation.run_logs (run_id);
