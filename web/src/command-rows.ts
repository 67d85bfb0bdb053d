/** Which commands a list shows, and how deep each stands. Pure. */

import type { Command } from "./commands";
import { hasFailed } from "./outcome";

export interface Filter {
  /** Empty: anybody's. */
  readonly person: string;
  /** Began while the customer, or the link, was there, or was not. */
  readonly presence: "any" | "present" | "away";
  readonly isFailed: boolean;
  /** What the line or the directory contains, in any case of letters. */
  readonly text: string;
}

export const EVERYTHING: Filter = { person: "", presence: "any", isFailed: false, text: "" };

export interface Row {
  readonly command: Command;
  /** Within how many others it was entered. */
  readonly nesting: number;
}

/** Lists indent no deeper. */
const MOST_NESTING = 4;

/** The rows of a list: what passes the filter. */
export function rowsOf(commands: readonly Command[], filter: Filter): Row[] {
  const nestings = new Map<string, number>();
  const rows: Row[] = [];
  for (const command of commands) {
    const outer = command.within === null ? undefined : nestings.get(command.within);
    const nesting = outer === undefined ? 0 : Math.min(outer + 1, MOST_NESTING);
    nestings.set(command.id, nesting);
    if (passes(command, filter)) rows.push({ command, nesting });
  }
  return rows;
}

function passes(command: Command, { person, presence, isFailed, text }: Filter): boolean {
  if (person !== "" && !command.shares.has(person)) return false;
  if (presence !== "any" && command.away !== (presence === "away")) return false;
  if (isFailed && !hasFailed(command)) return false;
  const wanted = text.trim().toLowerCase();
  return wanted === "" || `${command.line}\n${command.cwd}`.toLowerCase().includes(wanted);
}

/** Whose keys made them up, the one with the most first. */
export function persons(commands: readonly Command[]): string[] {
  const typed = new Map<string, number>();
  for (const { shares } of commands)
    for (const [person, count] of shares) typed.set(person, (typed.get(person) ?? 0) + count);
  return [...typed]
    .sort(([a, some], [b, more]) => more - some || a.localeCompare(b))
    .map(([person]) => person);
}

/** The command that a recording is in at a time: the latest that had begun in it; null: none. */
export function commandAt(
  commands: readonly Command[],
  terminal: string | null,
  t: number,
): Command | null {
  return commands.findLast((one) => one.terminal === terminal && one.since <= t) ?? null;
}

/** A stretch of a long list: from the first to before the last. */
export interface Window {
  readonly first: number;
  readonly last: number;
}

export const PAGE = 200;
/** Before anything is shown. */
export const AT_END: Window = { first: Infinity, last: Infinity };

/**
 * What to show of `count` rows: what is shown, if the row to see is in it, else a page around that
 * row. `row` null: the newest; a window that goes along with them is cut where it gets long.
 */
export function windowOf(shown: Window, count: number, row: number | null): Window {
  const wanted = row ?? count - 1;
  const isLong = row === null && count - shown.first > 2 * PAGE;
  if (shown.first <= wanted && wanted < shown.last && !isLong) return shown;
  const first = Math.max(0, Math.min(wanted - PAGE / 2, count - PAGE));
  return { first, last: first + PAGE < count ? first + PAGE : Infinity };
}
