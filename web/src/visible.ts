/**
 * Characters that are not what they look like: controls, formats, bidirectional overrides, blanks
 * that are no space. Pure. As Python's `str.isprintable`, by which the recorder goes.
 */

const UNSEEN = /[\p{C}\p{Z}]/gu;

/** The first character of a line that can't be seen for what it is, or null. */
export function unseen(line: string): string | null {
  for (const [one] of line.matchAll(UNSEEN)) if (one !== " ") return one;
  return null;
}

/** `U+202E`. */
export function codePoint(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** One line with what can't be seen in it spelled out, so that nothing in it hides or reorders. */
export function visible(line: string): string {
  return line.replace(UNSEEN, (one) => (one === " " ? one : `‹${codePoint(one)}›`));
}

/** How many characters a text has, as Python counts them. */
export function characters(text: string): number {
  return Array.from(text).length;
}
