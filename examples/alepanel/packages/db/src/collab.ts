import { query } from "./pool";

export interface StoredDocument extends Record<string, unknown> {
  name: string;
  bytes: number;
  updated_at: Date;
}

/** The documents that were edited last, without their content. */
export async function listDocuments(limit = 20): Promise<StoredDocument[]> {
  return query<StoredDocument>(
    `SELECT name, octet_length(state) AS bytes, updated_at FROM collab.document_states
      ORDER BY updated_at DESC LIMIT $1`,
    [limit],
  );
}

/** The Yjs state of a document, or null when it is new. */
export async function loadDocument(name: string): Promise<Uint8Array | null> {
  const rows = await query<{ state: Buffer }>("SELECT state FROM collab.document_states WHERE name = $1", [name]);
  return rows[0]?.state ?? null;
}

/** Store the Yjs state of a document. */
export async function saveDocument(name: string, state: Uint8Array): Promise<void> {
  await query(
    `INSERT INTO collab.document_states (name, state) VALUES ($1, $2)
     ON CONFLICT (name) DO UPDATE SET state = excluded.state, updated_at = now()`,
    [name, Buffer.from(state)],
  );
}
