import { query } from "./pool";

export interface Article extends Record<string, unknown> {
  id: string;
  slug: string;
  title: string;
  body: unknown;
  published_at: Date | null;
}

/** The newest published articles. */
export async function listArticles(limit = 20): Promise<Article[]> {
  return query<Article>(
    `SELECT id, slug, title, body, published_at FROM content.articles
      WHERE published_at IS NOT NULL ORDER BY published_at DESC LIMIT $1`,
    [limit],
  );
}

/** Publish an article; one that has the same slug is replaced. */
export async function publishArticle(slug: string, title: string, body: unknown): Promise<Article> {
  const rows = await query<Article>(
    `INSERT INTO content.articles (slug, title, body, published_at) VALUES ($1, $2, $3, now())
     ON CONFLICT (slug) DO UPDATE SET title = excluded.title, body = excluded.body, published_at = now()
     RETURNING id, slug, title, body, published_at`,
    [slug, title, JSON.stringify(body)],
  );
  return rows[0] as Article;
}
