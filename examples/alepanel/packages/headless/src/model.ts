import { z } from "zod";

export const Block = z.discriminatedUnion("type", [
  z.object({ type: z.literal("heading"), text: z.string() }),
  z.object({ type: z.literal("paragraph"), text: z.string() }),
  z.object({ type: z.literal("quote"), text: z.string(), author: z.string().optional() }),
]);

export const ArticleInput = z.object({
  slug: z.string().regex(/^[a-z0-9-]+$/),
  title: z.string().min(1).max(200),
  body: z.array(Block),
});

export type ContentBlock = z.infer<typeof Block>;
export type ArticleDraft = z.infer<typeof ArticleInput>;
