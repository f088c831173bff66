import { countTables, isReachable } from "@alepanel/db";

export const dynamic = "force-dynamic";

/** Whether the database answers, and what it holds. */
export async function GET(): Promise<Response> {
  if (!(await isReachable())) return Response.json({ status: "no database" }, { status: 503 });
  return Response.json({ status: "ok", schemas: await countTables() });
}
