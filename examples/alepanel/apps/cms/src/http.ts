// Also in the other service: they share only @alepanel/db, which knows no HTTP.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { closePool } from "@alepanel/db";

export interface Reply {
  status: number;
  body: unknown;
}

export type Route = (request: IncomingMessage) => Reply | Promise<Reply>;

const MAX_BODY_BYTES = 1_000_000;

/** The parsed JSON body; null when it is absent, too large or not JSON. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    return null;
  }
}

function send(response: ServerResponse, { status, body }: Reply): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

async function dispatch(routes: Record<string, Route>, request: IncomingMessage): Promise<Reply> {
  const { pathname } = new URL(request.url ?? "/", "http://localhost");
  const route = routes[`${request.method} ${pathname}`];
  if (!route) return { status: 404, body: { error: "not found" } };
  try {
    return await route(request);
  } catch (error) {
    console.error(pathname, error instanceof Error ? error.message : error);
    return { status: 500, body: { error: "internal error" } };
  }
}

/** Serve until SIGTERM; then finish what was begun, and exit. */
export function serve(name: string, port: number, routes: Record<string, Route>): void {
  const server = createServer(async (request, response) => send(response, await dispatch(routes, request)));
  const stop = () =>
    server.close(async () => {
      await closePool();
      process.exit(0);
    });
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  server.listen(port, () => console.log(`${name} listens on ${port}`));
}
