import { query } from "./pool";

export interface SchemaCount {
  schema: string;
  tables: number;
}

const SCHEMAS = ["identity", "content", "collab", "automation", "crm"];

/** Tables per schema of the suite, as the database has them now. */
export async function countTables(): Promise<SchemaCount[]> {
  return query<SchemaCount & Record<string, unknown>>(
    `SELECT table_schema AS schema, count(*)::int AS tables
       FROM information_schema.tables
      WHERE table_schema = ANY($1)
      GROUP BY table_schema ORDER BY table_schema`,
    [SCHEMAS],
  );
}

/** Whether the database answers a trivial query now. */
export async function isReachable(): Promise<boolean> {
  try {
    await query("SELECT 1");
    return true;
  } catch {
    return false;
  }
}
