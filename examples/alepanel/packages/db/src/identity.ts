import { query } from "./pool";

export interface Session extends Record<string, unknown> {
  user_id: string;
  expires_at: Date;
}

/** The unexpired session that has this token hash, or null. */
export async function findSession(tokenHash: string): Promise<Session | null> {
  const rows = await query<Session>(
    "SELECT user_id, expires_at FROM identity.sessions WHERE token_hash = $1 AND expires_at > now()",
    [tokenHash],
  );
  return rows[0] ?? null;
}
