import { verifyToken } from "@alepanel/auth";
import { closePool, loadDocument, saveDocument } from "@alepanel/db";
import { Redis } from "@hocuspocus/extension-redis";
import { type onAuthenticatePayload, type onRequestPayload, Server } from "@hocuspocus/server";
import { applyUpdate, encodeStateAsUpdate } from "yjs";
import { answer } from "./http";

const PORT = Number(process.env.PORT ?? 1234);

const redis = new Redis({
  host: process.env.REDIS_HOST ?? "127.0.0.1",
  port: Number(process.env.REDIS_PORT ?? 6379),
  options: { password: process.env.REDIS_PASSWORD },
});

async function authenticate({ token }: onAuthenticatePayload): Promise<{ user: string }> {
  const claims = verifyToken(token, "collab");
  if (!claims) throw new Error("a valid token is needed");
  return { user: claims.subject };
}

/** Plain HTTP on the WebSocket's port; rejecting with nothing tells the server that the answer was sent. */
async function handleRequest({ request, response }: onRequestPayload): Promise<void> {
  const handled = await answer(request, response);
  if (handled) return Promise.reject();
}

const server = new Server({
  port: PORT,
  quiet: true,
  stopOnSignals: false,
  extensions: [redis],
  onAuthenticate: authenticate,
  onRequest: handleRequest,
  async onLoadDocument({ document, documentName }) {
    const state = await loadDocument(documentName);
    if (state) applyUpdate(document, state);
  },
  async onStoreDocument({ document, documentName }) {
    await saveDocument(documentName, encodeStateAsUpdate(document));
  },
});

/** Stores what is pending and says goodbye to every client, so that they reconnect elsewhere. */
async function stop(): Promise<void> {
  await server.destroy();
  await closePool();
  process.exit(0);
}

process.once("SIGTERM", stop);
process.once("SIGINT", stop);

server.listen().then(() => console.log(`hocuspocus listens on ${PORT}`));
