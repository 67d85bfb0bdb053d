/**
 * What happened on the host while nobody could be asked: away reports as the broker makes them, and
 * how pages say them. Pure. Times are seconds since the session began, but for `began`.
 */

import { causeWords } from "./causes";
import { clock, duration } from "./clock";
import type { Of } from "./shape";
import { flag, list, maybe, number, object, text } from "./shape";

const line = object({ t: number, terminal: text, line: maybe(text), persons: list(text) });
/** A line that was entered, as it stood on the screen; null where the screen could not tell. */
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
  parts: list(object({ kind: text, since: number, until: maybe(number), cause: maybe(text) })),
  typists: list(object({ person: text, lines: number, characters: number })),
  lines: list(line),
  more_lines: number,
  drift,
  more: number,
  pending: flag,
  limits,
  gaps: list(object({ since: number, until: maybe(number), cause: text })),
  notes: list(object({ t: number, by: text, text })),
  terminal: maybe(text),
});
/** One absence: from the customer's leaving, or the link's loss, to the return of both. */
export type AbsenceReport = Of<typeof absence>;

const earlier = object({ since: number, drift, more: number, limits });
/** What had changed since the last session on this host. */
export type Earlier = Of<typeof earlier>;

/** `began` is Unix time of their zero. */
export const reportsShape = object({
  began: number,
  earlier: maybe(earlier),
  absences: list(absence),
});
export type Reports = Of<typeof reportsShape>;

export const driftShape = object({
  fingerprints: list(object({ n: number, why: text, t: number })),
  from: maybe(number),
  to: maybe(number),
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
  return isLong || one.lines.length + one.drift.length + one.gaps.length + one.notes.length > 0;
}

/** How many changes a report tells of, those included that it leaves out. */
export function changes(of: { readonly drift: Drift; readonly more: number }): number {
  return of.drift.reduce((sum, area) => sum + area.changes.length, of.more);
}

const PARTS: Readonly<Record<string, string>> = {
  away: "customer away",
  disconnected: "disconnected by the customer",
  "link-lost": "link lost",
  stopped: "recorder stopped",
  asleep: "the host slept",
  frozen: "the recorder stood still",
};

/** What a part of an absence was: `link lost: the network was lost`. */
export function partWords({ kind, cause }: { kind: string; cause: string | null }): string {
  const says = PARTS[kind] ?? kind.replaceAll("-", " ");
  const why = cause === null || cause === "" ? "" : causeWords(cause);
  return why === "" || why === says ? says : `${says}: ${why}`;
}

/** `12:04 to 13:10, 66 min`, in Unix time; of what goes on, `since 12:04, 40 s so far`. */
export function stretchWords(since: number, until: number | null, now: number): string {
  const from = clock(since, now);
  if (until === null) return `since ${from}, ${duration(now - since)} so far`;
  return `${from} to ${clock(until, now)}, ${duration(until - since)}`;
}

const WHY: Readonly<Record<string, string>> = {
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
