import { sessionOf, signToken } from "@alepanel/auth";
import { listDocuments } from "@alepanel/db";
import { Card } from "@alepanel/ui";
import type { Metadata } from "next";
import { cookies } from "next/headers";
import type { ReactElement } from "react";
import { UserAvatar } from "../components/avatar";
import { LiveDocument } from "../components/live-document";

export const dynamic = "force-dynamic";

const TOKEN_SECONDS = 3600;

/** The app answers under several names; the one where people sign in is the one to keep. */
export function generateMetadata(): Metadata {
  return { alternates: { canonical: process.env.BETTER_AUTH_URL } };
}

async function subject(): Promise<string> {
  const cookie = (await cookies()).get("session")?.value;
  const session = cookie ? await sessionOf(cookie) : null;
  return session?.user_id ?? "guest";
}

export default async function Home(): Promise<ReactElement> {
  const [user, documents] = await Promise.all([subject(), listDocuments()]);
  const token = signToken({ subject: user, scope: "collab", expires: Math.floor(Date.now() / 1000) + TOKEN_SECONDS });
  return (
    <>
      <h1>Documents</h1>
      <UserAvatar name={user} />
      <Card title="Welcome note">
        <LiveDocument name="welcome" token={token} />
      </Card>
      <ul>
        {documents.map((document) => (
          <li key={document.name}>
            {document.name} ({document.bytes} bytes)
          </li>
        ))}
      </ul>
    </>
  );
}
