import { Pool, type QueryResultRow } from "pg";

let pool: Pool | undefined;

function connect(): Pool {
  const connectionString = process.env.DATABASE_URL;
  if (!connectionString) throw new Error("DATABASE_URL is not set");
  const created = new Pool({ connectionString, max: 5, connectionTimeoutMillis: 3000 });
  // An idle connection that the server closes must not end the process: the next query opens another.
  created.on("error", (error) => console.error("idle database connection lost:", error.message));
  return created;
}

/** Run one parametrised statement; the pool is opened at the first use, so that builds need no database. */
export async function query<Row extends QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
  pool ??= connect();
  const result = await pool.query<Row>(text, values);
  return result.rows;
}

/** Close all connections; a later query opens new ones. */
export async function closePool(): Promise<void> {
  const closing = pool;
  pool = undefined;
  await closing?.end();
}
