-- Companies, contacts and what they wrote.

CREATE SCHEMA crm;

CREATE TABLE crm.companies (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL,
    domain text UNIQUE,
    sector text,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE crm.contacts (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    company_id uuid REFERENCES crm.companies (id) ON DELETE SET NULL,
    name text NOT NULL,
    email text,
    phone text,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX contacts_email_idx ON crm.contacts (email);

CREATE TABLE crm.contact_messages (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL,
    email text NOT NULL,
    message text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX contact_messages_created_at_idx ON crm.contact_messages (created_at);

CREATE TABLE crm.contact_notes (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    contact_id uuid NOT NULL REFERENCES crm.contacts (id) ON DELETE CASCADE,
    author_id uuid REFERENCES identity.users (id) ON DELETE SET NULL,
    body text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX contact_notes_contact_id_idx ON crm.contact_notes (contact_id);

CREATE TABLE crm.contact_tags (
    contact_id uuid NOT NULL REFERENCES crm.contacts (id) ON DELETE CASCADE,
    tag text NOT NULL,
    PRIMARY KEY (contact_id, tag)
);

CREATE TABLE crm.consents (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    contact_id uuid NOT NULL REFERENCES crm.contacts (id) ON DELETE CASCADE,
    purpose text NOT NULL,
    granted boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
