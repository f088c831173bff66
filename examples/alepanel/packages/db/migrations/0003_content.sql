-- Articles of the CMS.

CREATE SCHEMA content;

CREATE TABLE content.authors (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL,
    biography text
);

CREATE TABLE content.categories (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    slug text NOT NULL UNIQUE,
    title text NOT NULL
);

CREATE TABLE content.articles (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    slug text NOT NULL UNIQUE,
    title text NOT NULL,
    body jsonb NOT NULL DEFAULT '[]',
    author_id uuid REFERENCES content.authors (id) ON DELETE SET NULL,
    category_id uuid REFERENCES content.categories (id) ON DELETE SET NULL,
    published_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX articles_published_at_idx ON content.articles (published_at);

CREATE TABLE content.article_revisions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    article_id uuid NOT NULL REFERENCES content.articles (id) ON DELETE CASCADE,
    body jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX article_revisions_article_id_idx ON content.article_revisions (article_id);

CREATE TABLE content.tags (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL UNIQUE
);

CREATE TABLE content.article_tags (
    article_id uuid NOT NULL REFERENCES content.articles (id) ON DELETE CASCADE,
    tag_id uuid NOT NULL REFERENCES content.tags (id) ON DELETE CASCADE,
    PRIMARY KEY (article_id, tag_id)
);
