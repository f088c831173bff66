-- Pictures and files, and where they are used.

CREATE TABLE content.media_folders (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL,
    parent_id uuid REFERENCES content.media_folders (id) ON DELETE CASCADE
);

CREATE TABLE content.media (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    folder_id uuid REFERENCES content.media_folders (id) ON DELETE SET NULL,
    object_key text NOT NULL UNIQUE,
    mime_type text NOT NULL,
    bytes bigint NOT NULL CHECK (bytes >= 0),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE content.media_variants (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    media_id uuid NOT NULL REFERENCES content.media (id) ON DELETE CASCADE,
    width integer NOT NULL,
    height integer NOT NULL,
    object_key text NOT NULL
);

CREATE TABLE content.media_usages (
    media_id uuid NOT NULL REFERENCES content.media (id) ON DELETE CASCADE,
    article_id uuid NOT NULL REFERENCES content.articles (id) ON DELETE CASCADE,
    PRIMARY KEY (media_id, article_id)
);
