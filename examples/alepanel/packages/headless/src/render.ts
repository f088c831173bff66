import { z } from "zod";
import { Block, type ContentBlock } from "./model";

const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? character);
}

function render(block: ContentBlock): string {
  if (block.type === "heading") return `<h3>${escape(block.text)}</h3>`;
  if (block.type === "paragraph") return `<p>${escape(block.text)}</p>`;
  const author = block.author ? `<cite>${escape(block.author)}</cite>` : "";
  return `<blockquote>${escape(block.text)}${author}</blockquote>`;
}

/** Safe HTML of a stored body; a body that is not a list of blocks renders as nothing. */
export function renderBlocks(body: unknown): string {
  const parsed = z.array(Block).safeParse(body);
  return parsed.success ? parsed.data.map(render).join("\n") : "";
}
