"use client";

import { Avatar } from "@alepanel/ui";
import { type ReactElement, useState } from "react";

async function send(form: FormData): Promise<boolean> {
  const body = JSON.stringify(Object.fromEntries(form));
  const headers = { "content-type": "application/json" };
  const response = await fetch("/api/contact", { method: "POST", body, headers });
  return response.ok;
}

/** Writes to the team without leaving the page. */
export function ContactForm(): ReactElement {
  const [note, setNote] = useState("");
  const submit = async (form: FormData) => setNote((await send(form)) ? "Thank you." : "That did not work.");
  return (
    <form action={submit}>
      <Avatar name="Alecia Team" />
      <input name="name" placeholder="Name" required />
      <input name="email" type="email" placeholder="Email" required />
      <textarea name="message" placeholder="Message" required />
      <button type="submit">Send</button>
      <output>{note}</output>
    </form>
  );
}
