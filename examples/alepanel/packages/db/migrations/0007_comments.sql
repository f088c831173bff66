-- Discussion beside the text.

CREATE TABLE collab.threads (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    document_id uuid NOT NULL REFERENCES collab.documents (id) ON DELETE CASCADE,
    anchor jsonb NOT NULL,
    resolved_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX threads_document_id_idx ON collab.threads (document_id);

CREATE TABLE collab.comments (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    thread_id uuid NOT NULL REFERENCES collab.threads (id) ON DELETE CASCADE,
    author_id uuid REFERENCES identity.users (id) ON DELETE SET NULL,
    body text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX comments_thread_id_idx ON collab.comments (thread_id);

CREATE TABLE collab.reactions (
    comment_id uuid NOT NULL REFERENCES collab.comments (id) ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES identity.users (id) ON DELETE CASCADE,
    emoji text NOT NULL,
    PRIMARY KEY (comment_id, user_id, emoji)
);

CREATE TABLE collab.mentions (
    comment_id uuid NOT NULL REFERENCES collab.comments (id) ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES identity.users (id) ON DELETE CASCADE,
    PRIMARY KEY (comment_id, user_id)
);

CREATE TABLE collab.notifications (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES identity.users (id) ON DELETE CASCADE,
    kind text NOT NULL,
    payload jsonb NOT NULL DEFAULT '{}',
    read_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX notifications_user_id_created_at_idx ON collab.notifications (user_id, created_at);
