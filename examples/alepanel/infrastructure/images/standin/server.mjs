// Answers in the place of a third-party program, and says so. Only the object store does real work (objects.mjs).
import { createServer } from "node:http";
import { serveObject } from "./objects.mjs";

const service = process.env.STANDIN_SERVICE;
const port = Number(process.env.STANDIN_PORT);

// Where the real programs answer that they live.
const HEALTH = new Set(["/health", "/healthcheck", "/alive", "/api/health", "/minio/health/live"]);

const page = `<!doctype html>
<html lang="en">
<title>Stand-in for ${service}</title>
<h1>Stand-in for ${service}</h1>
<p>This is not ${service}: it holds its place in the sandbox. Production runs the image named in the compose file.</p>
`;

function reply(response, status, type, body) {
  response.writeHead(status, { "content-type": type, "x-stand-in": service }).end(body);
}

function handle(request, response) {
  const { pathname } = new URL(request.url, "http://localhost");
  if (HEALTH.has(pathname)) return reply(response, 200, "application/json", JSON.stringify({ status: "ok", standIn: service }));
  if (pathname === "/") return reply(response, 200, "text/html; charset=utf-8", page);
  if (service === "minio") return serveObject(request, response);
  return reply(response, 404, "text/plain", `stand-in for ${service}: nothing here\n`);
}

const server = createServer(handle).listen(port, () => console.log(`stand-in for ${service} listens on ${port}`));
// MinIO's console has a port of its own.
const console9001 = service === "minio" ? createServer((_, response) => reply(response, 200, "text/html; charset=utf-8", page)).listen(9001) : undefined;

process.once("SIGTERM", () => {
  console9001?.close();
  server.close(() => process.exit(0));
});
