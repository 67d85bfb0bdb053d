/** What the customer says of what happened: what is sent of it, and what the log tells. Pure. */

import type { LogLine } from "../log";
import type { Wish } from "./act";

/** The host takes no longer ones. */
export const NOTE_CHARACTERS = 2_000;

export interface Note {
  /** Unix seconds. */
  readonly at: number;
  readonly by: string;
  readonly text: string;
}

/** The notes after this entry, in order of time. */
export function notesAfter(notes: readonly Note[], { at, entry }: LogLine): readonly Note[] {
  return entry.event === "noted" ? [...notes, { at, by: entry.by, text: entry.text }] : notes;
}

/**
 * What is typed, or dictated, as the host takes it: letters of every language and line breaks.
 * Keyboards of phones put in blanks that are no space, and joints that can't be seen.
 */
export function plainNote(typed: string): string {
  return typed
    .replace(/\r\n?|[\p{Zl}\p{Zp}]/gu, "\n")
    .replace(/[\t\p{Zs}]/gu, " ")
    .replace(/[^\P{C}\n]/gu, "")
    .trim();
}

/** Whether the log has told of this note. */
export function isNoted(
  wish: Extract<Wish, { do: "note" }>,
  notes: readonly Note[],
): boolean {
  return notes.slice(wish.after).some(({ text }) => text === wish.word);
}
