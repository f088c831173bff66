// PUT, GET, HEAD and DELETE of single objects, each authorised by an AWS Signature V4 in the query.
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";

const ROOT = "/data";

const hmac = (key, text) => createHmac("sha256", key).update(text).digest();
const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const encode = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

function canonicalRequest(request, url) {
  const names = url.searchParams.get("X-Amz-SignedHeaders").split(";");
  const query = [...url.searchParams]
    .filter(([key]) => key !== "X-Amz-Signature")
    .map(([key, value]) => `${encode(key)}=${encode(value)}`)
    .sort()
    .join("&");
  const headers = names.map((name) => `${name}:${(request.headers[name] ?? "").trim()}\n`).join("");
  return [request.method, url.pathname, query, headers, names.join(";"), "UNSIGNED-PAYLOAD"].join("\n");
}

function isFresh(date, seconds) {
  const [, y, mo, d, h, mi, s] = date.match(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/) ?? [];
  return Date.now() < Date.UTC(y, mo - 1, d, h, mi, s) + seconds * 1000;
}

/** Whether the query carries a fresh signature made with the root credentials. */
function isSigned(request, url) {
  const get = (name) => url.searchParams.get(`X-Amz-${name}`) ?? "";
  const [user, day, region, service] = get("Credential").split("/");
  if (user !== process.env.MINIO_ROOT_USER || !isFresh(get("Date"), Number(get("Expires")))) return false;
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", get("Date"), scope, sha256(canonicalRequest(request, url))].join("\n");
  const key = [day, region, service, "aws4_request"].reduce(hmac, `AWS4${process.env.MINIO_ROOT_PASSWORD}`);
  const expected = hmac(key, text);
  const given = Buffer.from(get("Signature"), "hex");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

async function put(request, response, file) {
  const partial = `${file}.${process.hrtime.bigint()}`;
  await pipeline(request, createWriteStream(partial));
  await rename(partial, file);
  response.writeHead(200).end();
}

async function get(request, response, file) {
  const found = await stat(file).catch(() => null);
  if (!found) return response.writeHead(404).end();
  response.writeHead(200, { "content-length": found.size });
  if (request.method === "HEAD") return response.end();
  return pipeline(createReadStream(file), response);
}

/** Answer one object request; anything unsigned is refused, as S3 does. */
export async function serveObject(request, response) {
  const url = new URL(request.url, "http://localhost");
  if (!isSigned(request, url)) return response.writeHead(403).end();
  // Objects are stored under the hash of their path: no name can leave the folder.
  const file = `${ROOT}/${sha256(url.pathname)}`;
  await mkdir(ROOT, { recursive: true });
  if (request.method === "PUT") return put(request, response, file);
  if (request.method === "DELETE") return rm(file, { force: true }).then(() => response.writeHead(204).end());
  return get(request, response, file);
}
