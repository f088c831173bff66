import { randomUUID } from "node:crypto";
import { verifyToken } from "@alepanel/auth";
import { uploadUrl } from "../../../lib/s3";

export const dynamic = "force-dynamic";

/** A signed upload address for the bearer of a collaboration token. */
export async function POST(request: Request): Promise<Response> {
  const token = request.headers.get("authorization")?.replace(/^Bearer /, "") ?? "";
  if (!verifyToken(token, "collab")) return Response.json({ error: "a valid token is needed" }, { status: 401 });
  return Response.json({ url: await uploadUrl(`uploads/${randomUUID()}`) });
}
