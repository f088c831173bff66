import type { IncomingMessage, ServerResponse } from "node:http";
import { isReachable, listDocuments } from "@alepanel/db";

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** Answer /health and /ready; true when the request was one of these. */
export async function answer(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const { pathname } = new URL(request.url ?? "/", "http://localhost");
  const path = pathname.replace(/^\/collaboration/, "");
  if (path === "/health") {
    json(response, 200, { status: "ok", app: "hocuspocus" });
    return true;
  }
  if (path === "/ready") {
    const up = await isReachable();
    json(response, up ? 200 : 503, { status: up ? "ok" : "no database", documents: up ? await listDocuments() : [] });
    return true;
  }
  return false;
}
