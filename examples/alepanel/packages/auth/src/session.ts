import { createHash } from "node:crypto";
import { findSession, type Session } from "@alepanel/db";

/** The session that belongs to a browser's cookie; only hashes of tokens are stored. */
export async function sessionOf(cookie: string): Promise<Session | null> {
  return findSession(createHash("sha256").update(cookie).digest("hex"));
}
