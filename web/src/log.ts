/**
 * Reads a session log (NDJSON) as it grows, and words its entries for people. Pure.
 *
 * The log is the one account of a session: presence, refusals, joins, departures. Events that this
 * version doesn't know are let through as `other`, so that a newer recorder may add some.
 */

import { causeWords } from "./causes";
import { duration } from "./clock";
import { Lines } from "./lines";
import type { Of, Shape } from "./shape";
import { dictionary, flag, list, map, maybe, number, object, optional, parse, text } from "./shape";
import { visible } from "./visible";

const user = object({ user: text });
const viewer = { viewer: text, person: text };
const atHold = { hold: text, terminal: text, line: text, persons: list(text) };

/** Somebody else's shell on the host, in which engineers never type. */
const login = object({ user: text, tty: text, from: text });
export type Login = Of<typeof login>;

const exec = object({
  t: number,
  pid: number,
  parent: number,
  user: text,
  terminal: text,
  argv: maybe(list(text)),
  cwd: text,
});
/** A program begun elsewhere on the host; `argv` null: it ended before it could be read. */
export type Exec = Of<typeof exec>;

/** The area of a change; the rest of it is for reports, which the broker makes. */
const changedArea: Shape<string> = (value, where = "") =>
  text(Array.isArray(value) ? value[0] : null, where);

const EVENTS = {
  started: object({
    wall: number,
    recorder: user,
    shell: user,
    protected: flag,
    grant: object({ mode: text, until: number, away: text, page: text, terminals: number }),
  }),
  consented: object({}),
  gap: object({ since: number, until: number, cause: text }),
  stood_still: object({ since: number, until: number, cause: text }),
  slowed: object({ since: number, until: number }),
  contradicted: object({ stream: text, offset: number }),
  ended: object({ by: text, why: text }),
  opened: object({ terminal: text, login: optional(login) }),
  closed: object({ terminal: text }),
  attached: object({ terminal: text }),
  detached: object({ terminal: text, why: text }),
  idle: object({ since: number }),
  active: object({}),
  joined: object(viewer),
  left: object(viewer),
  typed: object({ ...viewer, terminal: text }),
  refused: object({ ...viewer, why: text }),
  link_up: object({ cause: text, since: number, wall: number, broker_wall: number }),
  link_lost: object({ why: text, since: number }),
  attention: object({ ...viewer, state: text }),
  disconnected: object({}),
  reconnected: object({}),
  mode_changed: object({ mode: text, before: text, by: text }),
  extended: object({ until: number, by: text }),
  taken_back: object({ by: text }),
  given_back: object({ by: text }),
  expires_soon: object({ seconds: number }),
  expired: object({}),
  revoked: object({ by: text }),
  input_paused: object({ why: text }),
  input_resumed: object({}),
  proposed: object({
    ...viewer,
    proposal: text,
    terminal: text,
    text,
    why: text,
    expect: text,
  }),
  approved: object({ proposal: text, by: text, how: text, text, edited: flag }),
  proposal_refused: object({ proposal: text, by: text, word: text }),
  withdrawn: object({ proposal: text, why: text }),
  ran: object({ proposal: text, terminal: text, text, person: text, by: text }),
  allowed: object({ person: text, by: text, times: number, kind: text }),
  requested: object({ ...viewer, what: text }),
  request_answered: object({ what: text, person: text, by: text, answer: text }),
  entered: object({ terminal: text, shares: map(number), line: optional(text) }),
  command_started: object({
    command: text,
    terminal: text,
    line: text,
    shell: text,
    depth: number,
    cwd: text,
    shares: map(number),
    offset: number,
  }),
  command_ended: object({ command: text, terminal: text, status: maybe(number), offset: number }),
  masked: object({ terminal: text, what: text, count: number }),
  execs: object({ ran: list(exec), lost: number }),
  fingerprint: object({ n: number, why: text, limits: list(object({ probe: text, why: text })) }),
  drift: object({ n: number, before: number, changes: list(changedArea), more: number }),
  noted: object({ by: text, text }),
  hold_up: object({
    hold: text,
    text,
    patterns: list(text),
    by: text,
    side: text,
    since: number,
  }),
  hold_lifted: object({ hold: text, by: text }),
  stopped: object(atHold),
  overridden: object(atHold),
  limit: object({ what: text, why: text }),
} satisfies Record<string, Shape<object>>;

type EventName = keyof typeof EVENTS;

export type Entry =
  | {
      [N in EventName]: Of<(typeof EVENTS)[N]> & { readonly event: N; readonly t: number };
    }[EventName]
  | { readonly event: "other" | "unreadable"; readonly t: number };

export type Started = Extract<Entry, { event: "started" }>;

/** An entry at its place in the session. */
export interface LogLine {
  /** Unix time, in seconds. */
  readonly at: number;
  readonly entry: Entry;
}

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

/** `root on pts/3 from 10.0.0.7`: whose shell a terminal is, where it is not the session's own. */
export function loginWords({ user, tty, from }: Login): string {
  return visible(`${user} on ${tty}${from === "" ? "" : ` from ${from}`}`);
}

/** `3 stretches were masked`. */
export function maskedWords(count: number): string {
  return count === 1 ? "1 stretch was masked" : `${count} stretches were masked`;
}

/** How much an entry matters to somebody who reads along. */
export type Weight = "plain" | "good" | "attention";

interface Told {
  readonly text: string;
  readonly weight: Weight;
}

/** What an entry says, for the session log panel; null for entries that people needn't read. */
export function words(entry: Entry): Told | null {
  const told = say(entry);
  // Most of it was written on a machine that is not ours.
  return told && { ...told, text: visible(told.text) };
}

function say(entry: Entry): Told | null {
  switch (entry.event) {
    case "started":
      return plain(`recorder started, mode ${entry.grant.mode}`);
    case "consented":
      return plain("the customer agreed to the terms");
    case "gap":
      return attention(
        `gap of ${duration(entry.until - entry.since)}: ${causeWords(entry.cause)}; nothing was recorded`,
      );
    case "stood_still":
      return attention(
        `${causeWords(entry.cause)} for ${duration(entry.until - entry.since)}: ` +
          "what was printed meanwhile has later times",
      );
    case "slowed":
      return attention(
        `a flood, read slowly for ${duration(entry.until - entry.since)}: nothing is missing`,
      );
    case "contradicted":
      return attention(
        `the broker signed for something else than what the host has of ${entry.stream}`,
      );
    case "ended":
      return attention(`session ended: ${cause(entry.why)}`);
    case "opened":
      return entry.login === null
        ? plain(`terminal ${terminalNumber(entry.terminal)} opened`)
        : attention(
            `${loginWords(entry.login)} logged in: ` +
              `recorded as terminal ${terminalNumber(entry.terminal)}`,
          );
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
      return good(`link back after ${duration(entry.t - entry.since)}: ${causeWords(entry.cause)}`);
    case "link_lost":
      return attention("link lost; the host went on recording");
    case "attention":
      return plain(`${entry.person} ${LOOKS[entry.state] ?? entry.state}`);
    case "disconnected":
      return attention("disconnected by the customer; the host went on recording");
    case "reconnected":
      return plain("the customer reconnects");
    case "mode_changed":
      return plain(`${entry.by} sets mode ${entry.mode}; it was ${entry.before}`);
    case "extended":
      return good(`${entry.by} extends the grant: ${duration(entry.until - entry.t)} from now`);
    case "taken_back":
      return attention(`${entry.by} takes back: engineers' keys and proposals held off`);
    case "given_back":
      return good(`${entry.by} gives back: engineers may go on`);
    case "expires_soon":
      return attention(`the grant expires in ${soon(entry.seconds)}`);
    case "expired":
      return attention("the grant expired");
    case "revoked":
      return attention(`${entry.by} revokes the grant, for good`);
    case "input_paused":
      return attention(`engineers' keys held off: ${cause(entry.why)}`);
    case "input_resumed":
      return good("engineers' keys allowed again");
    case "proposed":
      return plain(`${entry.person} proposes (${entry.proposal}): ${brief(entry.text)}`);
    case "approved": {
      const edited = entry.edited ? `, edited: ${brief(entry.text)}` : "";
      return good(`${entry.by} approves ${entry.proposal}${APPROVED[entry.how] ?? ""}${edited}`);
    }
    case "proposal_refused": {
      const word = entry.word === "" ? "" : `: ${brief(entry.word)}`;
      return attention(`${entry.by} refuses ${entry.proposal}${word}`);
    }
    case "withdrawn":
      return plain(`${entry.proposal} withdrawn: ${cause(entry.why)}`);
    case "ran":
      return plain(
        `${entry.proposal} ran in terminal ${terminalNumber(entry.terminal)}, ` +
          `of ${entry.person}, let run by ${entry.by}: ${brief(entry.text)}`,
      );
    case "allowed":
      return plain(`${entry.by} lets run unasked, of ${entry.person}: ${unasked(entry)}`);
    case "requested":
      return plain(`${entry.person} asks for ${asked(entry.what)}`);
    case "request_answered":
      return entry.answer === "yes"
        ? good(`${entry.by} says yes to ${entry.person}: ${asked(entry.what)}`)
        : attention(`${entry.by} says no to ${entry.person}: ${asked(entry.what)}`);
    case "entered":
    case "command_started":
      // What one person typed is among the commands; this is for the mixed.
      return entry.shares.size < 2
        ? null
        : plain(`a line typed by ${shares(entry.shares)}${quoted(entry.line)}`);
    case "masked":
      return plain(
        `${maskedWords(entry.count)} in terminal ${terminalNumber(entry.terminal)}: ${entry.what}`,
      );
    case "fingerprint":
      // What can't be read is told once a run; reports and comparisons tell it again.
      return FIRST.has(entry.why) && entry.limits.length > 0
        ? attention(notRead(entry.limits))
        : null;
    case "drift":
      return drifted(entry);
    case "noted":
      return attention(`the customer notes: ${brief(entry.text, NOTE_CHARACTERS)}`);
    case "hold_up":
      return attention(`hold ${entry.hold} by ${entry.by}: ${brief(entry.text)}`);
    case "hold_lifted":
      return plain(`${entry.by} lifts hold ${entry.hold}`);
    case "stopped":
      return attention(
        `stopped at hold ${entry.hold}, not run: ${brief(entry.line)}${byWhom(entry.persons)}`,
      );
    case "overridden":
      return attention(
        `hold ${entry.hold} overridden, run: ${brief(entry.line)}${byWhom(entry.persons)}`,
      );
    case "limit":
      return attention(`not to be had on this host: ${entry.what}: ${entry.why}`);
    case "unreadable":
      return attention("an entry that makes no sense");
    case "command_ended":
    case "execs":
    case "other":
      return null;
  }
}

const plain = (says: string) => ({ text: says, weight: "plain" as const });
const good = (says: string) => ({ text: says, weight: "good" as const });
const attention = (says: string) => ({ text: says, weight: "attention" as const });

/** Why keys did not reach the shell, by the code in `declined` and in `refused` entries. */
export const REFUSALS: Readonly<Record<string, string>> = {
  mode: "the mode does not let engineers type",
  "taken-back": "the customer has taken back",
  paused: "held off while the customer is not there",
  expired: "the grant has expired",
  revoked: "the grant is revoked",
  turn: "somebody else was typing",
  "disk-full": "nothing can be recorded on the host now",
  "no-terminal": "that terminal is closed",
  busy: "the program there reads nothing",
  login: "only whoever has logged in types in that terminal",
  "link-lost": "the link to the host is lost",
  ended: "the session has ended",
};

/** Whether an engineer looks, after their name. */
const LOOKS: Readonly<Record<string, string>> = {
  looking: "looks at the page again",
  hidden: "looks at something else",
  asleep: "has a page that sleeps",
};

const FIRST: ReadonlySet<string> = new Set(["consent", "resumed"]);

function notRead(limits: readonly { readonly probe: string; readonly why: string }[]): string {
  return `not in the host's fingerprint: ${limits.map((one) => `${one.probe} (${one.why})`).join(", ")}`;
}

function drifted(entry: Extract<Entry, { event: "drift" }>): Told | null {
  const count = entry.changes.length + entry.more;
  if (count === 0) return null;
  const since = entry.before === 0 ? " since the last session there" : "";
  const areas = [...new Set(entry.changes)].join(", ");
  return attention(
    `${count === 1 ? "1 change" : `${count} changes`} on the host${since}${areas && `: ${areas}`}`,
  );
}

function quoted(line: string | null): string {
  return line === null ? "" : `: ${brief(line)}`;
}

function cause(code: string): string {
  return code.replaceAll("-", " ");
}

/** How an approval came about, where nobody typed yes at the terminal. */
const APPROVED: Readonly<Record<string, string>> = {
  times: " unasked, as one of the next few",
  kind: " unasked, as one of its kind",
};

/** What an engineer asked for, as it stands after "asks for". */
export function asked(what: string): string {
  return ASKED[what] ?? what;
}

const ASKED: Readonly<Record<string, string>> = {
  terminal: "another terminal",
  approve: "mode approve",
  control: "mode control",
  time: "more time",
};

/** `the next 3 lines`, `lines that begin with zpool status`. */
export function unasked({ times, kind }: { times: number; kind: string }): string {
  const says = [];
  if (times > 0) says.push(times === 1 ? "the next line" : `the next ${times} lines`);
  if (kind !== "") says.push(`lines that begin with ${brief(kind)}`);
  return says.join(", ") || "nothing";
}

/** `alice (12 characters) and customer (3)`. */
function shares(typed: ReadonlyMap<string, number>): string {
  const each = [...typed].map(([person, count], index) =>
    index === 0 ? `${person} (${count} characters)` : `${person} (${count})`,
  );
  return each.join(" and ");
}

function byWhom(persons: readonly string[]): string {
  return persons.length === 0 ? "" : ` (by ${persons.join(" and ")})`;
}

/** How long a grant still has: `10 min`, `1 min`. */
export function soon(seconds: number): string {
  return seconds < 60 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

const BRIEF_CHARACTERS = 60;
const NOTE_CHARACTERS = 300;

/** The first line of a text, cut where it is long, with nothing in it that can't be seen. */
export function brief(text: string, most = BRIEF_CHARACTERS): string {
  const first = text.split("\n", 1)[0] ?? "";
  const cut = visible(first.slice(0, most));
  return first.length > most || first !== text ? `${cut} …` : cut;
}

/** The number of a terminal, from the name of its recording. */
export function terminalNumber(name: string): string {
  return /terminal-(\d+)\.cast$/.exec(name)?.[1] ?? name;
}

/** The number of the recorder's run, from the name of a stream. */
export function runOf(name: string): string {
  return /^run-(\d+)\./.exec(name)?.[1] ?? "?";
}

/** `run 2, terminal 1`, from the name of a recording. */
export function runAndTerminal(name: string): string {
  return `run ${runOf(name)}, terminal ${terminalNumber(name)}`;
}

/** `run-2.terminal-1.cast` is younger than `run-1.terminal-10.cast`. */
export function byAge(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
