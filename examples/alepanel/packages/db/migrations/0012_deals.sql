-- Mandates, from the first call to the signature.

CREATE TABLE crm.pipelines (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL UNIQUE
);

CREATE TABLE crm.stages (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    pipeline_id uuid NOT NULL REFERENCES crm.pipelines (id) ON DELETE CASCADE,
    name text NOT NULL,
    position integer NOT NULL DEFAULT 0
);

CREATE TABLE crm.deals (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    stage_id uuid NOT NULL REFERENCES crm.stages (id),
    company_id uuid REFERENCES crm.companies (id) ON DELETE SET NULL,
    title text NOT NULL,
    amount numeric(14, 2),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX deals_stage_id_idx ON crm.deals (stage_id);

CREATE TABLE crm.deal_contacts (
    deal_id uuid NOT NULL REFERENCES crm.deals (id) ON DELETE CASCADE,
    contact_id uuid NOT NULL REFERENCES crm.contacts (id) ON DELETE CASCADE,
    PRIMARY KEY (deal_id, contact_id)
);

CREATE TABLE crm.deal_documents (
    deal_id uuid NOT NULL REFERENCES crm.deals (id) ON DELETE CASCADE,
    document_id uuid NOT NULL REFERENCES collab.documents (id) ON DELETE CASCADE,
    PRIMARY KEY (deal_id, document_id)
);

CREATE TABLE crm.activities (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    deal_id uuid NOT NULL REFERENCES crm.deals (id) ON DELETE CASCADE,
    kind text NOT NULL,
    happened_at timestamptz NOT NULL DEFAULT now(),
    summary text
);

CREATE INDEX activities_deal_id_happened_at_idx ON crm.activities (deal_id, happened_at);

CREATE TABLE crm.signatures (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    deal_id uuid NOT NULL REFERENCES crm.deals (id) ON DELETE CASCADE,
    envelope_id text NOT NULL UNIQUE,
    status text NOT NULL,
    signed_at timestamptz
);
