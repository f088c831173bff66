import type { IncomingMessage } from "node:http";
import { countTables, listFlowRuns, recordFlowRun } from "@alepanel/db";
import { Delivery, deliver, signBody } from "@alepanel/integrations";
import { type Reply, readJson, serve } from "./http";

const SECRET = process.env.WEBHOOK_SECRET ?? "";

/** Deliver an event; only a caller that knows the webhook secret may say where to. */
async function run(request: IncomingMessage): Promise<Reply> {
  const body = await readJson(request);
  const signature = request.headers["x-alecia-signature"];
  if (!SECRET || signature !== signBody(JSON.stringify(body), SECRET)) {
    return { status: 401, body: { error: "a valid signature is needed" } };
  }
  const parsed = Delivery.safeParse(body);
  if (!parsed.success) return { status: 400, body: { error: parsed.error.issues } };
  const status = (await deliver(parsed.data, SECRET)) ? "delivered" : "failed";
  return { status: 201, body: await recordFlowRun(parsed.data.event, status) };
}

serve("flows", Number(process.env.PORT ?? 3003), {
  "GET /": () => ({ status: 200, body: { app: "flows", routes: ["/health", "/ready", "/runs"] } }),
  "GET /health": () => ({ status: 200, body: { status: "ok", app: "flows" } }),
  "GET /ready": async () => ({ status: 200, body: { status: "ok", schemas: await countTables() } }),
  "GET /runs": async () => ({ status: 200, body: await listFlowRuns() }),
  "POST /runs": run,
});
