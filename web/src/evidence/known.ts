/** How each stretch of a session came to be known, in words. Pure. */

import { causeWords } from "../causes";
import type { Of } from "../shape";
import { list, number, object, text } from "../shape";
import { visible } from "../visible";

/** Times are seconds since the session began; `cause` and `explanations` are those of a gap. */
export const knownShape = object({
  kind: text,
  since: number,
  until: number,
  cause: text,
  explanations: list(text),
});
export type Known = Of<typeof knownShape>;

const SAYS: Readonly<Record<string, string>> = {
  observed: "observed: the broker signed within 10 s",
  attested: "attested: the host says so, the broker signed later or not yet",
  gap: "gap: nothing was recorded",
};

/** The kinds, as a legend has them. */
export const KNOWN_KINDS = Object.entries(SAYS);

/** What the stretch is; a gap's cause, and everything that could explain it. */
export function knownWords({ kind, cause, explanations }: Known): string {
  const says = SAYS[kind] ?? visible(kind);
  if (kind !== "gap") return says;
  const others = explanations.map(visible).filter((one) => one !== causeWords(cause));
  const because = `${says}: ${causeWords(cause)}`;
  return others.length === 0 ? because : `${because}. It may be that ${others.join(", or ")}`;
}
