/** Cuts a line that is to run into what can be taken as it looks and what can't. Pure. */

/** `space`: blanks that could be overlooked; `foreign`: characters beyond ASCII. */
export interface Stretch {
  readonly kind: "plain" | "space" | "foreign";
  readonly text: string;
}

const MARKED = /(^ +| +$| {2,}|[^ -~]+)/u;

/**
 * One line in stretches, so that a page can make visible what is not: blanks at an end or side by
 * side, and characters that may only look like the ones that they seem to be.
 */
export function stretches(line: string): Stretch[] {
  return line
    .split(MARKED)
    .map((text, at) => ({ kind: kind(text, at % 2 === 1), text }))
    .filter(({ text }) => text !== "");
}

function kind(text: string, isMarked: boolean): Stretch["kind"] {
  if (!isMarked) return "plain";
  return text.startsWith(" ") ? "space" : "foreign";
}
