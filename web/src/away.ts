/**
 * What happened on the host while nobody could be asked: away reports as the broker makes them, and
 * how pages say them. Pure. Times are seconds since the session began, but for `began`.
 */

import { clock, duration } from "./clock";
import type { Of } from "./shape";
import { flag, list, maybe, number, object, text } from "./shape";

const line = object({
  t: number,
  terminal: text,
  line: text,
  persons: list(text),
  how: text,
  over: text,
  status: maybe(number),
  command: maybe(text),
});
/**
 * A line that was entered: told by the shell, or inferred from the screen, and then empty where
 * that showed none. `command`: its id among the session's commands.
 */
export type Line = Of<typeof line>;

const limits = list(object({ probe: text, why: text }));
export type Limit = Of<typeof limits>[number];

const change = object({
  text,
  since: number,
  until: number,
  at: maybe(number),
  early: flag,
  lines: list(line),
});
export type Change = Of<typeof change>;

const drift = list(object({ area: text, title: text, changes: list(change) }));
/** Changes on the host, by area. */
export type Drift = Of<typeof drift>;

const absence = object({
  n: number,
  since: number,
  until: maybe(number),
  says: text,
  parts: list(object({ kind: text, since: number, until: maybe(number), cause: text })),
  typists: list(object({ person: text, lines: number, characters: number })),
  lines: list(line),
  more_lines: number,
  drift,
  more: number,
  read: maybe(list(number)),
  pending: flag,
  limits,
  gaps: list(object({ since: number, until: maybe(number), cause: text })),
  notes: list(object({ t: number, by: text, text })),
  terminal: text,
});
/**
 * One absence: from the customer's leaving, or the link's loss, to the return of both. `read`: the
 * fingerprints from before and after it, by number; null: the host's state is not read.
 */
export type AbsenceReport = Of<typeof absence>;

const earlier = object({ since: number, drift, more: number, limits });
/** What had changed since the last session on this host. */
export type Earlier = Of<typeof earlier>;

/** `began` is Unix time of their zero; null before the host has told. */
export const reportsShape = object({
  began: maybe(number),
  earlier: maybe(earlier),
  absences: list(absence),
});
export type Reports = Of<typeof reportsShape>;

export const driftShape = object({
  fingerprints: list(object({ n: number, why: text, t: number })),
  from: number,
  to: number,
  drift,
  more: number,
  limits,
});
/** How the host differs between two of its fingerprints. */
export type DriftBetween = Of<typeof driftShape>;

/** An absence that is shorter, and in which nothing happened, is not worth a page of its own. */
const WORTH_SECONDS = 60;

/** Whether people should be shown this without asking. */
export function isWorthIt(one: AbsenceReport): boolean {
  const isLong = one.until !== null && one.until - one.since >= WORTH_SECONDS;
  return isLong || one.lines.length + changes(one) + one.gaps.length + one.notes.length > 0;
}

/** How many changes a report tells of, those included that it leaves out. */
export function changes(of: { readonly drift: Drift; readonly more: number }): number {
  return of.drift.reduce((sum, area) => sum + area.changes.length, of.more);
}

/**
 * `12:04 to 13:10, 66 min`, in Unix time; of a short one, `12:04, 40 s`, and of what goes on,
 * `since 12:04, 40 s so far`.
 */
export function stretchWords(since: number, until: number | null, now: number): string {
  const from = clock(since, now);
  if (until === null) return `since ${from}, ${duration(now - since)} so far`;
  const to = until - since < 120 ? "" : ` to ${clock(until, now)}`;
  return `${from}${to}, ${duration(until - since)}`;
}

/** The number by which pages know the report of what changed before the session. */
export const EARLIER = 0;

/**
 * The report to show without being asked, by its number: the newest that is over, worth it, and not
 * closed yet. `closed`: the highest number that was; -1 where none was.
 */
export function toOpen({ absences, earlier: before }: Reports, closed: number): number | null {
  const open = absences.filter((one) => one.n > closed && one.until !== null && isWorthIt(one));
  const newest = open.at(-1);
  if (newest !== undefined) return newest.n;
  return before !== null && closed < EARLIER && changes(before) > 0 ? EARLIER : null;
}

/** The highest number of a report that is whole: what was closed with it on the page was seen. */
export function newestEnded({ absences }: Reports): number {
  return Math.max(EARLIER, ...absences.filter((one) => one.until !== null).map((one) => one.n));
}

const WHY: Readonly<Record<string, string>> = {
  earlier: "at the end of the last session there",
  consent: "at consent",
  resumed: "as the recorder came back",
  left: "as the customer left",
  "while-away": "while away",
  returned: "on return",
  ended: "at the end",
};

/** Why a fingerprint was read. */
export function fingerprintWords(why: string): string {
  return WHY[why] ?? why.replaceAll("-", " ");
}
