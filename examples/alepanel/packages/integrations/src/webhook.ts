import { z } from "zod";
import { signBody } from "./signature";

export const Delivery = z.object({
  url: z.url(),
  event: z.string().min(1),
  payload: z.record(z.string(), z.unknown()).default({}),
});

export type DeliveryInput = z.input<typeof Delivery>;

/** Post an event, signed; true when the receiver accepted it. */
export async function deliver(input: DeliveryInput, secret: string): Promise<boolean> {
  const { url, event, payload } = Delivery.parse(input);
  const body = JSON.stringify({ event, payload });
  const headers = { "content-type": "application/json", "x-alecia-signature": signBody(body, secret) };
  try {
    const response = await fetch(url, { method: "POST", body, headers, signal: AbortSignal.timeout(5000) });
    return response.ok;
  } catch {
    return false;
  }
}
