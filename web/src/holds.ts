/** Holds: what nobody should touch, read from the session log; and what one may be. Pure. */

import type { LogLine } from "./log";
import { named } from "./proposing";
import { characters, unseen } from "./visible";

export interface Hold {
  readonly id: string;
  readonly text: string;
  readonly patterns: readonly string[];
  readonly by: string;
  /** `customer` or `engineer`: each side lifts its own. */
  readonly side: string;
  /** Unix time, in seconds. */
  readonly since: number;
}

/** The holds that are up after this line of the log. Each run begins by telling all of them. */
export function holdsAfter(all: readonly Hold[], { entry }: LogLine): readonly Hold[] {
  switch (entry.event) {
    case "started":
      return [];
    case "hold_up": {
      const { hold: id, text, patterns, by, side, since } = entry;
      return [...all.filter((one) => one.id !== id), { id, text, patterns, by, side, since }];
    }
    case "hold_lifted":
      return all.filter((one) => one.id !== entry.hold);
    default:
      return all;
  }
}

const MOST_TEXT_CHARACTERS = 300;
const MOST_PATTERNS = 20;
const MOST_PATTERN_CHARACTERS = 100;

export interface HoldDraft {
  readonly text: string;
  readonly patterns: readonly string[];
}

/** A hold as somebody wrote it: patterns one a line. */
export function draftOf(text: string, lines: string): HoldDraft {
  const patterns = lines.split("\n").map((one) => one.trim());
  return { text: text.trim(), patterns: patterns.filter((one) => one !== "") };
}

/** What is wrong with it, as a sentence, or null. The recorder's own limits, checked early. */
export function wrongHold({ text, patterns }: HoldDraft): string | null {
  if (text === "") return "Say what nobody should touch.";
  const length = characters(text);
  if (length > MOST_TEXT_CHARACTERS)
    return `The text has at most ${MOST_TEXT_CHARACTERS} characters; it has ${length}.`;
  const found = unseen(text);
  if (found !== null) return `The text has ${named(found)}.`;
  if (patterns.length === 0) return "Give at least one pattern: without one, nothing is stopped.";
  if (patterns.length > MOST_PATTERNS)
    return `A hold has at most ${MOST_PATTERNS} patterns; this one has ${patterns.length}.`;
  return patterns.map(wrongPattern).find((one) => one !== null) ?? null;
}

function wrongPattern(pattern: string): string | null {
  const found = unseen(pattern);
  if (found !== null) return `A pattern has ${named(found)}.`;
  if (characters(pattern) > MOST_PATTERN_CHARACTERS)
    return `A pattern has at most ${MOST_PATTERN_CHARACTERS} characters: ${pattern.slice(0, 40)} …`;
  if (!pattern.split("*").some((piece) => /[\p{L}\p{N}].*[\p{L}\p{N}]/u.test(piece)))
    return `${pattern} matches nearly everything: two letters or digits, please.`;
  return null;
}
