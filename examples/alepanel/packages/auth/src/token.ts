import { createHmac, timingSafeEqual } from "node:crypto";

/** What the bearer may do: edit documents together, or publish articles. */
export type Scope = "collab" | "publish";

export interface Claims {
  subject: string;
  scope: Scope;
  /** Seconds since 1970. */
  expires: number;
}

function secret(): string {
  const value = process.env.BETTER_AUTH_SECRET;
  if (!value) throw new Error("BETTER_AUTH_SECRET is not set");
  return value;
}

function mac(payload: string): Buffer {
  return createHmac("sha256", secret()).update(payload).digest();
}

/** A compact token that only the holders of the auth secret can make. */
export function signToken(claims: Claims): string {
  const payload = Buffer.from(JSON.stringify(claims)).toString("base64url");
  return `${payload}.${mac(payload).toString("base64url")}`;
}

/** The claims of a genuine, unexpired token for `scope`; null for any other text. */
export function verifyToken(token: string, scope: Scope, now: number = Date.now() / 1000): Claims | null {
  const [payload = "", signature = ""] = token.split(".");
  const given = Buffer.from(signature, "base64url");
  const expected = mac(payload);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as Claims;
  return claims.scope === scope && claims.expires > now ? claims : null;
}
