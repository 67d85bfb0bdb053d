/** Searching all sessions: what is asked for, as an address has it, and what is found. Pure. */

import type { Of } from "./shape";
import { list, maybe, number, object, oneOf, text } from "./shape";
import { momentHash } from "./stretch";

const hit = object({
  session: text,
  case: object({ id: text, title: text }),
  host: text,
  engineer: text,
  began: number,
  terminal: text,
  t: number,
  kind: oneOf("command", "output"),
  command: maybe(text),
  persons: list(text),
  line: text,
  status: maybe(number),
  text,
  marks: list(list(number)),
});
/** `began` is Unix time of the session's zero, `t` seconds since then. */
export type Hit = Of<typeof hit>;

export const foundShape = object({ hits: list(hit), next: maybe(text), behind: number });
export type Found = Of<typeof foundShape>;

/** What a search may ask for, by the names that the API has for it; all are optional but `q`. */
export const FIELDS = ["q", "person", "case", "session", "since", "until", "exit", "in"] as const;
export type Asked = Partial<Record<(typeof FIELDS)[number], string>>;

/** What an address asks for; what it leaves empty is not asked for. */
export function readAsked(query: string): Asked {
  const fields = new URLSearchParams(query);
  const asked: Asked = {};
  for (const name of FIELDS) {
    const value = fields.get(name)?.trim();
    if (value) asked[name] = value;
  }
  return asked;
}

/** `?q=zpool&person=alice`; empty where nothing is asked for. */
export function askedQuery(asked: Asked): string {
  const fields = new URLSearchParams();
  for (const name of FIELDS) {
    const value = asked[name]?.trim();
    if (value) fields.set(name, value);
  }
  return fields.size === 0 ? "" : `?${fields.toString()}`;
}

/** Hits of a session that follow each other, as one. */
export interface Group {
  readonly first: Hit;
  readonly hits: readonly Hit[];
}

/** Hits by session, in the order in which the sessions come up. */
export function grouped(hits: readonly Hit[]): Group[] {
  const groups = new Map<string, Hit[]>();
  for (const one of hits) {
    const known = groups.get(one.session);
    if (known) known.push(one);
    else groups.set(one.session, [one]);
  }
  return [...groups.values()].flatMap((of) => (of[0] ? [{ first: of[0], hits: of }] : []));
}

export interface Piece {
  readonly text: string;
  readonly isMarked: boolean;
}

/** A text in pieces, marked and not. Marks count characters as Python does, and may be wrong. */
export function pieces(of: string, marks: readonly (readonly number[])[]): Piece[] {
  const characters = Array.from(of);
  const found: Piece[] = [];
  let at = 0;
  const take = (to: number, isMarked: boolean) => {
    if (to > at) found.push({ text: characters.slice(at, to).join(""), isMarked });
    at = Math.max(at, to);
  };
  for (const [from = 0, to = 0] of marks) {
    take(Math.min(from, characters.length), false);
    take(Math.min(to, characters.length), true);
  }
  take(characters.length, false);
  return found;
}

/** Where the replay of a hit's moment is. */
export function replayOf({ session, t, terminal }: Hit): string {
  return `/sessions/${encodeURIComponent(session)}/replay${momentHash({ at: t, terminal })}`;
}

/** `12 MB of recordings are not searched yet`, or empty. */
export function behindWords(bytes: number): string {
  if (bytes <= 0) return "";
  const says = bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${Math.round(bytes / 1e6)} MB`;
  return `${says} of recordings are not searched yet`;
}

/** Unix seconds of what a date field holds, in the zone of whoever looks; empty for none. */
export function unixOf(local: string): string {
  const time = new Date(local).getTime();
  return local === "" || Number.isNaN(time) ? "" : String(Math.floor(time / 1000));
}

/** What a date field shows for Unix seconds: `2026-11-22T12:04`, in the zone of whoever looks. */
export function localOf(unix: string | undefined): string {
  const seconds = Number(unix);
  if (unix === undefined || unix === "" || !Number.isFinite(seconds)) return "";
  const date = new Date(seconds * 1000);
  const two = (n: number) => String(n).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
}
