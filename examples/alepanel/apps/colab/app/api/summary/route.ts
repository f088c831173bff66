import { summarise } from "@alepanel/ai";
import { signBody } from "@alepanel/integrations";

export const dynamic = "force-dynamic";

/** Summarise a text; the answer is signed so that a flow can trust it. */
export async function POST(request: Request): Promise<Response> {
  const { text } = (await request.json().catch(() => ({}))) as { text?: unknown };
  if (typeof text !== "string" || !text) return Response.json({ error: "text is needed" }, { status: 400 });
  const body = JSON.stringify({ summary: summarise({ text }) });
  const signature = signBody(body, process.env.WEBHOOK_SECRET ?? "");
  return new Response(body, { headers: { "content-type": "application/json", "x-alecia-signature": signature } });
}
