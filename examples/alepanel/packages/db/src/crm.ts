import { query } from "./pool";

export interface ContactMessage {
  name: string;
  email: string;
  message: string;
}

/** Store a message of the contact form; returns its id. */
export async function saveContactMessage(contact: ContactMessage): Promise<string> {
  const rows = await query<{ id: string }>(
    "INSERT INTO crm.contact_messages (name, email, message) VALUES ($1, $2, $3) RETURNING id",
    [contact.name, contact.email, contact.message],
  );
  return rows[0]?.id ?? "";
}
