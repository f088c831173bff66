import type { IncomingMessage } from "node:http";
import { verifyToken } from "@alepanel/auth";
import { countTables, listArticles, publishArticle } from "@alepanel/db";
import { ArticleInput } from "@alepanel/headless";
import { type Reply, readJson, serve } from "./http";

async function publish(request: IncomingMessage): Promise<Reply> {
  const token = request.headers.authorization?.replace(/^Bearer /, "") ?? "";
  if (!verifyToken(token, "publish")) return { status: 401, body: { error: "a valid token is needed" } };
  const parsed = ArticleInput.safeParse(await readJson(request));
  if (!parsed.success) return { status: 400, body: { error: parsed.error.issues } };
  const { slug, title, body } = parsed.data;
  return { status: 201, body: await publishArticle(slug, title, body) };
}

serve("cms", Number(process.env.PORT ?? 3002), {
  "GET /": () => ({ status: 200, body: { app: "cms", routes: ["/health", "/ready", "/articles"] } }),
  "GET /health": () => ({ status: 200, body: { status: "ok", app: "cms" } }),
  "GET /ready": async () => ({ status: 200, body: { status: "ok", schemas: await countTables() } }),
  "GET /articles": async () => ({ status: 200, body: await listArticles() }),
  "POST /articles": publish,
});
