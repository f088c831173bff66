import { createHmac } from "node:crypto";

/** The hex HMAC that the receiver of a webhook compares with its own. */
export function signBody(body: string, secret: string): string {
  return createHmac("sha256", secret).update(body).digest("hex");
}
