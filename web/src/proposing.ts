/** What a proposal may be. The recorder's own limits (docs/protocol.md), checked early. Pure. */

import { characters, codePoint, unseen } from "./visible";

export const MOST_BYTES = 8192;
export const MOST_LINES = 100;
export const MOST_ASIDE_CHARACTERS = 500;

export interface Draft {
  readonly text: string;
  readonly why: string;
  readonly expect: string;
}

/** What to propose of what stands in the field: empty lines at its ends are nobody's intention. */
export function tidied(draft: Draft): Draft {
  const text = draft.text.replace(/\r\n?/g, "\n").replace(/^\n+|[ \n]+$/g, "");
  return { text, why: draft.why.trim(), expect: draft.expect.trim() };
}

/** What is wrong with a draft, as a sentence, or null. */
export function wrong({ text, why, expect }: Draft): string | null {
  if (text.trim() === "") return "There is nothing to propose yet.";
  const lines = text.split("\n");
  if (lines.length > MOST_LINES)
    return `A proposal has at most ${MOST_LINES} lines; this one has ${lines.length}.`;
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > MOST_BYTES)
    return `A proposal has at most ${MOST_BYTES} bytes; this one has ${bytes}.`;
  for (const [index, line] of lines.entries()) {
    const found = unseen(line);
    if (found === null) continue;
    const where = lines.length === 1 ? "The line" : `Line ${index + 1}`;
    return `${where} has ${named(found)}: the customer could not see what would run.`;
  }
  return wrongAside("why", why) ?? wrongAside("what you expect", expect);
}

function wrongAside(what: string, aside: string): string | null {
  const length = characters(aside);
  if (length > MOST_ASIDE_CHARACTERS)
    return `“${what}” has at most ${MOST_ASIDE_CHARACTERS} characters; it has ${length}.`;
  const found = unseen(aside);
  return found === null ? null : `“${what}” has ${named(found)}.`;
}

/** `a tab`, `a control character (U+0007)`, `a character that can't be seen (U+202E)`. */
export function named(character: string): string {
  if (character === "\t") return "a tab (write spaces)";
  const kind = /\p{Cc}/u.test(character) ? "a control character" : "a character that can't be seen";
  return `${kind} (${codePoint(character)})`;
}
