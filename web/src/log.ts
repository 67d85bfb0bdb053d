/**
 * Reads a session log (NDJSON) as it grows, and words its entries for people. Pure.
 *
 * The log is the one account of a session: presence, refusals, joins, departures. Events that this
 * version doesn't know are let through as `other`, so that a newer recorder may add some.
 */

import { duration } from "./clock";
import { Lines } from "./lines";
import type { Of, Shape } from "./shape";
import { dictionary, flag, number, object, parse, text } from "./shape";

const user = object({ user: text });
const viewer = { viewer: text, person: text };

const EVENTS = {
  started: object({
    wall: number,
    recorder: user,
    shell: user,
    protected: flag,
    grant: object({ mode: text }),
  }),
  consented: object({}),
  gap: object({ since: number, until: number, cause: text }),
  ended: object({ by: text, why: text }),
  opened: object({ terminal: text }),
  closed: object({ terminal: text }),
  attached: object({ terminal: text }),
  detached: object({ terminal: text, why: text }),
  idle: object({ since: number }),
  active: object({}),
  joined: object(viewer),
  left: object(viewer),
  typed: object({ ...viewer, terminal: text }),
  refused: object({ ...viewer, why: text }),
  link_up: object({ cause: text, since: number }),
  link_lost: object({ why: text }),
  disconnected: object({}),
  reconnected: object({}),
  expired: object({}),
  input_paused: object({ why: text }),
  input_resumed: object({}),
} satisfies Record<string, Shape<object>>;

type EventName = keyof typeof EVENTS;

export type Entry =
  | {
      [N in EventName]: Of<(typeof EVENTS)[N]> & { readonly event: N; readonly t: number };
    }[EventName]
  | { readonly event: "other" | "unreadable"; readonly t: number };

export type Started = Extract<Entry, { event: "started" }>;

/** Read one line. Throws BadShape. `t` is seconds since the session began. */
export function readEntry(line: string): Entry {
  const body = dictionary(parse(line, "entry"), "entry");
  const event = text(body["event"], "event");
  const t = number(body["t"], "t");
  if (!isEventName(event)) return { event: "other", t };
  // The name picks the shape and the shape checks the fields; TypeScript can't pair the two.
  return { event, t, ...EVENTS[event](body, event) } as Entry;
}

function isEventName(name: string): name is EventName {
  return Object.hasOwn(EVENTS, name);
}

/** One session log, as it arrives in pieces from its first byte on. */
export class LogReader {
  private readonly lines = new Lines();
  /** Unix time, in seconds, of t = 0; null until the first entry has told. */
  began: number | null = null;
  private last = 0;

  /**
   * Take in the next bytes; the entries that are now whole. They come from a machine that is not
   * ours: a line that makes no sense is `unreadable` and costs no other.
   */
  feed(data: Uint8Array): Entry[] {
    return this.lines.feed(data).map((line) => {
      const entry = this.read(line);
      this.last = entry.t;
      if (entry.event === "started") this.began = entry.wall - entry.t;
      return entry;
    });
  }

  private read(line: string): Entry {
    try {
      return readEntry(line);
    } catch {
      return { event: "unreadable", t: this.last };
    }
  }
}

/** How much an entry matters to somebody who reads along. */
export type Weight = "plain" | "good" | "attention";

/** What an entry says, for the session log panel; null for entries that people needn't read. */
export function words(entry: Entry): { text: string; weight: Weight } | null {
  switch (entry.event) {
    case "started":
      return plain(`recorder started, mode ${entry.grant.mode}`);
    case "consented":
      return plain("the customer agreed to the terms");
    case "gap":
      return attention(
        `gap of ${duration(entry.until - entry.since)}: ${cause(entry.cause)}; nothing was recorded`,
      );
    case "ended":
      return attention(`session ended: ${cause(entry.why)}`);
    case "opened":
      return plain(`terminal ${terminalNumber(entry.terminal)} opened`);
    case "closed":
      return plain(`terminal ${terminalNumber(entry.terminal)} closed`);
    case "attached":
      return good("customer at the terminal");
    case "detached":
      return attention(`customer away: ${cause(entry.why)}`);
    case "idle":
      return plain(`customer idle for ${duration(entry.t - entry.since)}`);
    case "active":
      return good("customer back at the keyboard");
    case "joined":
      return plain(`${entry.person} joined`);
    case "left":
      return plain(`${entry.person} left`);
    case "typed":
      return plain(`${entry.person} begins to type`);
    case "refused":
      return attention(`keys of ${entry.person} refused: ${REFUSALS[entry.why] ?? entry.why}`);
    case "link_up":
      if (entry.cause === "") return good("connected");
      return good(`link back after ${duration(entry.t - entry.since)}: ${cause(entry.cause)}`);
    case "link_lost":
      return attention("link lost; the host went on recording");
    case "disconnected":
      return attention("disconnected by the customer; the host went on recording");
    case "reconnected":
      return plain("the customer reconnects");
    case "expired":
      return attention("the grant expired");
    case "input_paused":
      return attention(`engineers' keys held off: ${cause(entry.why)}`);
    case "input_resumed":
      return good("engineers' keys allowed again");
    case "unreadable":
      return attention("an entry that makes no sense");
    case "other":
      return null;
  }
}

const plain = (says: string) => ({ text: says, weight: "plain" as const });
const good = (says: string) => ({ text: says, weight: "good" as const });
const attention = (says: string) => ({ text: says, weight: "attention" as const });

/** Why keys did not reach the shell, by the code in `declined` and in `refused` entries. */
export const REFUSALS: Readonly<Record<string, string>> = {
  mode: "the grant is watch-only",
  paused: "held off while the customer is not there",
  expired: "the grant has expired",
  "disk-full": "the host's disk is full",
  "no-terminal": "that terminal is closed",
  busy: "the program there reads nothing",
  "link-lost": "the link to the host is lost",
  ended: "the session has ended",
};

function cause(code: string): string {
  return code.replaceAll("-", " ");
}

/** The number of a terminal, from the name of its recording. */
export function terminalNumber(name: string): string {
  return /terminal-(\d+)\.cast$/.exec(name)?.[1] ?? name;
}

/** `run 2, terminal 1`, from the name of a recording. */
export function runAndTerminal(name: string): string {
  return `run ${/^run-(\d+)\./.exec(name)?.[1] ?? "?"}, terminal ${terminalNumber(name)}`;
}

/** `run-2.terminal-1.cast` is younger than `run-1.terminal-10.cast`. */
export function byAge(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
