-- Newsletters and how they were received.

CREATE TABLE crm.segments (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL UNIQUE,
    rules jsonb NOT NULL DEFAULT '{}'
);

CREATE TABLE crm.campaigns (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    segment_id uuid REFERENCES crm.segments (id) ON DELETE SET NULL,
    subject text NOT NULL,
    body text NOT NULL,
    scheduled_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE crm.campaign_recipients (
    campaign_id uuid NOT NULL REFERENCES crm.campaigns (id) ON DELETE CASCADE,
    contact_id uuid NOT NULL REFERENCES crm.contacts (id) ON DELETE CASCADE,
    sent_at timestamptz,
    PRIMARY KEY (campaign_id, contact_id)
);

CREATE TABLE crm.campaign_clicks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    campaign_id uuid NOT NULL REFERENCES crm.campaigns (id) ON DELETE CASCADE,
    url text NOT NULL,
    clicked_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX campaign_clicks_campaign_id_idx ON crm.campaign_clicks (campaign_id);

CREATE TABLE crm.unsubscribes (
    email text PRIMARY KEY,
    reason text,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE crm.imports (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    file_name text NOT NULL,
    rows_read integer NOT NULL DEFAULT 0,
    finished_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
