-- Pages, navigation and redirects of the website.

CREATE TABLE content.pages (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    path text NOT NULL UNIQUE,
    title text NOT NULL,
    blocks jsonb NOT NULL DEFAULT '[]',
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE content.page_revisions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    page_id uuid NOT NULL REFERENCES content.pages (id) ON DELETE CASCADE,
    blocks jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE content.menus (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL UNIQUE
);

CREATE TABLE content.menu_items (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    menu_id uuid NOT NULL REFERENCES content.menus (id) ON DELETE CASCADE,
    label text NOT NULL,
    target text NOT NULL,
    position integer NOT NULL DEFAULT 0
);

CREATE INDEX menu_items_menu_id_idx ON content.menu_items (menu_id);

CREATE TABLE content.redirects (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    from_path text NOT NULL UNIQUE,
    to_path text NOT NULL,
    permanent boolean NOT NULL DEFAULT true
);

CREATE TABLE content.translations (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    key text NOT NULL,
    locale text NOT NULL,
    value text NOT NULL,
    UNIQUE (key, locale)
);

CREATE TABLE content.settings (
    key text PRIMARY KEY,
    value jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);
