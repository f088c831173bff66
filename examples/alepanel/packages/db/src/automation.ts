import { query } from "./pool";

export interface FlowRun extends Record<string, unknown> {
  id: string;
  flow: string;
  status: string;
  started_at: Date;
}

/** The newest runs of all flows. */
export async function listFlowRuns(limit = 20): Promise<FlowRun[]> {
  return query<FlowRun>(
    "SELECT id, flow, status, started_at FROM automation.runs ORDER BY started_at DESC LIMIT $1",
    [limit],
  );
}

/** Record that a flow ran. */
export async function recordFlowRun(flow: string, status: "delivered" | "failed"): Promise<FlowRun> {
  const rows = await query<FlowRun>(
    "INSERT INTO automation.runs (flow, status) VALUES ($1, $2) RETURNING id, flow, status, started_at",
    [flow, status],
  );
  return rows[0] as FlowRun;
}
