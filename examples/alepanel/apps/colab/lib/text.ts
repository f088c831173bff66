import type { Text } from "yjs";

/** Make a shared text equal to `value`, touching only the part between the common start and end. */
export function replaceText(shared: Text, value: string): void {
  const old = shared.toString();
  const longest = Math.min(old.length, value.length);
  let start = 0;
  while (start < longest && old[start] === value[start]) start += 1;
  let end = 0;
  while (end < longest - start && old[old.length - 1 - end] === value[value.length - 1 - end]) end += 1;
  shared.delete(start, old.length - start - end);
  shared.insert(start, value.slice(start, value.length - end));
}
