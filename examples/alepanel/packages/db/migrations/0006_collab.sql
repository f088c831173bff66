-- Documents that are edited together.

CREATE SCHEMA collab;

CREATE TABLE collab.workspaces (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organisation_id uuid NOT NULL REFERENCES identity.organisations (id) ON DELETE CASCADE,
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE collab.documents (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id uuid NOT NULL REFERENCES collab.workspaces (id) ON DELETE CASCADE,
    title text NOT NULL,
    owner_id uuid REFERENCES identity.users (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX documents_workspace_id_idx ON collab.documents (workspace_id);

CREATE TABLE collab.document_states (
    name text PRIMARY KEY,
    state bytea NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX document_states_updated_at_idx ON collab.document_states (updated_at);

CREATE TABLE collab.document_versions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    document_id uuid NOT NULL REFERENCES collab.documents (id) ON DELETE CASCADE,
    state bytea NOT NULL,
    label text,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX document_versions_document_id_idx ON collab.document_versions (document_id);

CREATE TABLE collab.document_members (
    document_id uuid NOT NULL REFERENCES collab.documents (id) ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES identity.users (id) ON DELETE CASCADE,
    access text NOT NULL DEFAULT 'read' CHECK (access IN ('read', 'comment', 'write')),
    PRIMARY KEY (document_id, user_id)
);

CREATE TABLE collab.document_links (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    document_id uuid NOT NULL REFERENCES collab.documents (id) ON DELETE CASCADE,
    token_hash text NOT NULL UNIQUE,
    expires_at timestamptz
);
