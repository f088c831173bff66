import { saveContactMessage } from "@alepanel/db";
import { z } from "zod";

const Contact = z.object({
  name: z.string().min(1).max(200),
  email: z.email(),
  message: z.string().min(1).max(10_000),
});

/** Store a message of the contact form and answer with its id. */
export async function POST(request: Request): Promise<Response> {
  const parsed = Contact.safeParse(await request.json().catch(() => null));
  if (!parsed.success) return Response.json({ error: "name, email and message are needed" }, { status: 400 });
  const id = await saveContactMessage(parsed.data);
  return Response.json({ id }, { status: 201 });
}
