// `next build`, such that the same source gives the same files. Next.js makes its keys for server actions and for previews at
// random and writes them into the output. Here they come from a build secret of this app; without one, Next.js has its way.
import { spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const SECRET = "/run/secrets/app_key";
const OUTPUT = ".next";
const NOT_SHIPPED = new Set(["cache", "node_modules", "trace"]);

const appKey = existsSync(SECRET) ? readFileSync(SECRET, "utf8").trim() : "";

/** 32 bytes for one purpose. */
const derived = (purpose) => createHmac("sha256", appKey).update(purpose).digest();

function build() {
  const keys = appKey ? { NEXT_SERVER_ACTIONS_ENCRYPTION_KEY: derived("server actions").toString("base64") } : {};
  const done = spawnSync("next", ["build", ...process.argv.slice(2)], { stdio: "inherit", env: { ...process.env, ...keys } });
  if (done.error) console.error(`next build did not start: ${done.error.message}`);
  if (done.status !== 0) process.exit(done.status ?? 1);
}

/** What Next.js made up for previews -> what stands there instead, in the same length. */
function previewKeys() {
  const { preview } = JSON.parse(readFileSync(path.join(OUTPUT, "prerender-manifest.json"), "utf8"));
  return Object.entries(preview).map(([name, made]) => [made, derived(name).toString("hex").slice(0, made.length)]);
}

function* files(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const found = path.join(folder, entry.name);
    if (NOT_SHIPPED.has(entry.name)) continue;
    if (entry.isDirectory()) yield* files(found);
    else if (entry.isFile()) yield found;
  }
}

function replacePreviewKeys() {
  const keys = previewKeys();
  for (const file of files(OUTPUT)) {
    const before = readFileSync(file, "latin1"); // byte for byte, whatever the file holds
    const after = keys.reduce((text, [made, ours]) => text.replaceAll(made, ours), before);
    if (after !== before) writeFileSync(file, after, "latin1");
  }
}

build();
if (appKey) replacePreviewKeys();
