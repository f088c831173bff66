import { z } from "zod";

const Request = z.object({
  text: z.string().max(200_000),
  sentences: z.number().int().min(1).max(10).default(2),
});

export type SummaryRequest = z.input<typeof Request>;

function words(text: string): string[] {
  return text.toLowerCase().match(/\p{L}{4,}/gu) ?? [];
}

function frequencies(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** The sentences that carry the text's most frequent words, in their order. */
export function summarise(request: SummaryRequest): string {
  const { text, sentences } = Request.parse(request);
  const counts = frequencies(text);
  const weight = (sentence: string) => words(sentence).reduce((sum, word) => sum + (counts.get(word) ?? 0), 0);
  const all = text.split(/(?<=[.!?])\s+/).map((sentence, index) => ({ sentence, index }));
  const best = [...all].sort((a, b) => weight(b.sentence) - weight(a.sentence)).slice(0, sentences);
  return best
    .sort((a, b) => a.index - b.index)
    .map(({ sentence }) => sentence)
    .join(" ");
}
