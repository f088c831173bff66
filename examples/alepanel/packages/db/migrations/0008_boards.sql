-- Tasks and boards of a workspace.

CREATE TABLE collab.boards (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id uuid NOT NULL REFERENCES collab.workspaces (id) ON DELETE CASCADE,
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE collab.board_columns (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    board_id uuid NOT NULL REFERENCES collab.boards (id) ON DELETE CASCADE,
    name text NOT NULL,
    position integer NOT NULL DEFAULT 0
);

CREATE TABLE collab.tasks (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    column_id uuid NOT NULL REFERENCES collab.board_columns (id) ON DELETE CASCADE,
    title text NOT NULL,
    description text,
    due_on date,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX tasks_column_id_idx ON collab.tasks (column_id);

CREATE TABLE collab.task_assignees (
    task_id uuid NOT NULL REFERENCES collab.tasks (id) ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES identity.users (id) ON DELETE CASCADE,
    PRIMARY KEY (task_id, user_id)
);

CREATE TABLE collab.task_labels (
    task_id uuid NOT NULL REFERENCES collab.tasks (id) ON DELETE CASCADE,
    label text NOT NULL,
    PRIMARY KEY (task_id, label)
);

CREATE TABLE collab.attachments (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    task_id uuid NOT NULL REFERENCES collab.tasks (id) ON DELETE CASCADE,
    object_key text NOT NULL,
    bytes bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
