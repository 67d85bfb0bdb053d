/**
 * Every command of a session, from its log: what broker/recording/commands.py tells, for pages that
 * have the log itself. Pure. Times are seconds since the session began, but for `began`.
 */

import { Absences } from "./absences";
import type { Entry, Exec } from "./log";

export interface Command {
  readonly id: string;
  readonly terminal: string;
  /** Exactly as entered; an inferred one as the screen showed it, empty where it showed none. */
  readonly line: string;
  readonly how: "told" | "inferred";
  readonly since: number;
  readonly until: number | null;
  /** As `$?` has it: 128+n for signal n; null where nobody told. */
  readonly status: number | null;
  readonly cwd: string;
  readonly shell: string;
  /** Of its shell: 1 is the terminal's own. */
  readonly depth: number;
  /** Characters, by who typed them: names of engineers, `customer`. */
  readonly shares: ReadonlyMap<string, number>;
  /** The customer, or the link, was not there when it began. */
  readonly away: boolean;
  /** The command within which it was entered. */
  readonly within: string | null;
  /** Lines were entered within it, and no shell told them. */
  readonly interactive: boolean;
  /** Proposed and approved under this number. */
  readonly proposal: string | null;
  readonly over: "running" | "ended" | "stopped" | "lost" | "inferred";
  /** Where in the recording its output begins and ends. */
  readonly offset: number | null;
  readonly end: number | null;
}

export interface Commands {
  /** Unix time of the session's zero; null before the log has told. */
  readonly began: number | null;
  /** Oldest first, the newest of them. */
  readonly commands: readonly Command[];
  /** How many older ones are left out. */
  readonly more: number;
  /** Programs begun at other terminals of the host, oldest first, the newest of them. */
  readonly execs: readonly Exec[];
  /** How many more of them there were. */
  readonly lost: number;
  readonly ended: boolean;
}

export const NO_COMMANDS: Commands = {
  began: null,
  commands: [],
  more: 0,
  execs: [],
  lost: 0,
  ended: false,
};

const MOST_COMMANDS = 2_000;
const MOST_EXECS = 500;
/** Ctrl-Z: 128 + SIGTSTP. */
const STOPPED = 148;
/** In `entered`: one of several lines that the screen could not tell. */
const UNTOLD = "…";
/** Lines that are told late are looked for among so many. */
const LATE_MOST = 20;

type Making = { -readonly [K in keyof Command]: Command[K] };
type Of<E extends Entry["event"]> = Extract<Entry, { event: E }>;

/** A proposal that was typed into a terminal, as far as no command of it was seen. */
interface Ran {
  readonly proposal: string;
  readonly rest: string;
  /** A command of it was. */
  readonly isBegun: boolean;
}

/** What goes on at one terminal. */
interface Place {
  /** The outermost first, each of a deeper shell than the one before. */
  readonly running: Making[];
  last: Making | null;
  ran: Ran | null;
  /** Lines of proposals, which were told as they ran and may come late as well. */
  exact: string[];
}

/** The commands that a session's log tells of, all runs in order. */
export function commandsOf(entries: Iterable<Entry>): Commands {
  const telling = new Telling();
  for (const entry of entries) telling.take(entry);
  return telling.told;
}

class Telling {
  private readonly absences = new Absences();
  private readonly found: Making[] = [];
  private readonly byId = new Map<string, Making>();
  /** In which a deeper shell told commands. */
  private readonly seenInside = new Set<Making>();
  private readonly places = new Map<string, Place>();
  private readonly execs: Exec[] = [];
  private began: number | null = null;
  private inferred = 0;
  private lost = 0;
  private ended = false;

  take(entry: Entry): void {
    this.absences.take(entry);
    switch (entry.event) {
      case "command_started":
        this.start(entry);
        return;
      case "command_ended":
        this.end(entry);
        return;
      case "entered":
        this.enter(entry);
        return;
      case "ran":
        this.at(entry).ran = { proposal: entry.proposal, rest: entry.text, isBegun: false };
        return;
      case "closed":
        this.close([entry.terminal]);
        return;
      case "execs":
        this.execs.push(...entry.ran);
        this.lost += entry.lost;
        return;
      case "started":
        this.began = entry.wall - entry.t;
        this.close([...this.places.keys()]);
        return;
      case "ended":
        this.ended = true;
        this.close([...this.places.keys()]);
        return;
      default:
    }
  }

  get told(): Commands {
    for (const one of this.found) one.away = this.absences.covers(one.since);
    const commands = this.found.slice(-MOST_COMMANDS);
    const execs = this.execs.slice(-MOST_EXECS);
    return {
      began: this.began,
      commands,
      more: this.found.length - commands.length,
      execs,
      lost: this.lost + this.execs.length - execs.length,
      ended: this.ended,
    };
  }

  // --- what shells tell ---

  private start(entry: Of<"command_started">): void {
    if (this.byId.has(entry.command)) return;
    const at = this.at(entry);
    // Its shell is gone, or nobody heard of its end.
    while ((at.running.at(-1)?.depth ?? 0) >= entry.depth) lose(at.running.pop());
    const outer = at.running.at(-1);
    const command: Making = {
      ...NOT_TOLD,
      id: entry.command,
      terminal: entry.terminal,
      line: entry.line,
      how: "told",
      since: entry.t,
      shares: entry.shares,
      over: "running",
      cwd: entry.cwd,
      shell: entry.shell,
      depth: entry.depth,
      within: outer?.id ?? null,
      proposal: proposalOf(at, entry.line),
      offset: entry.offset,
    };
    if (outer) {
      this.seenInside.add(outer);
      outer.interactive = false;
    }
    this.byId.set(command.id, command);
    at.running.push(command);
    this.add(at, command);
  }

  private end(entry: Of<"command_ended">): void {
    const command = this.byId.get(entry.command);
    if (command?.over !== "running") return;
    const running = this.places.get(command.terminal)?.running ?? [];
    while (running.length > 0 && running.at(-1) !== command) lose(running.pop());
    running.pop();
    command.until = entry.t;
    command.end = entry.offset;
    command.status = entry.status;
    command.over = entry.status === STOPPED ? "stopped" : "ended";
  }

  // --- what the screen tells ---

  private enter(entry: Of<"entered">): void {
    const at = this.at(entry);
    const { ran } = at;
    at.ran = null;
    const text = ran === null ? (entry.line ?? "") : ran.rest;
    if (ran !== null) at.exact = [...at.exact.slice(-LATE_MOST), ...text.split("\n")];
    let rows = text.split("\n").map((row) => (row === UNTOLD ? "" : row));
    const hasNoKeys = [...entry.shares.values()].every((count) => count === 0);
    if (ran === null && entry.shares.size > 0 && hasNoKeys)
      rows = this.tellLate(at, entry.terminal, rows);
    for (const row of rows) this.infer(at, entry, row, ran?.proposal ?? null);
  }

  /** Put lines that come late, and so without characters, where they were entered; what is left. */
  private tellLate(at: Place, terminal: string, rows: readonly string[]): string[] {
    const left = rows.filter((row) => {
      const known = at.exact.indexOf(row);
      if (known >= 0) at.exact.splice(known, 1);
      return known < 0;
    });
    for (const one of this.found.slice(-LATE_MOST)) {
      if (one.terminal !== terminal || one.how !== "inferred" || one.line !== "") continue;
      one.line = left.shift() ?? "";
    }
    return left;
  }

  private infer(at: Place, entry: Of<"entered">, line: string, proposal: string | null): void {
    const outer = at.running.at(-1);
    if (outer) {
      outer.interactive = !this.seenInside.has(outer);
      const { last } = at;
      const isUnseen = last?.line === "" && line === "" && !last.proposal && !proposal;
      if (isUnseen && last.within === outer.id && haveSameKeys(last.shares, entry.shares)) {
        // Whoever holds Enter in a pager enters no hundred commands.
        last.shares = new Map(
          [...last.shares].map(([who, count]) => [who, count + (entry.shares.get(who) ?? 0)]),
        );
        return;
      }
    }
    this.inferred += 1;
    const { terminal, t, shares } = entry;
    this.add(at, {
      ...NOT_TOLD,
      id: `e${this.inferred}`,
      terminal,
      line,
      how: "inferred",
      since: t,
      shares,
      over: "inferred",
      within: outer?.id ?? null,
      proposal,
    });
  }

  // --- parts ---

  private at({ terminal }: { terminal: string }): Place {
    const known = this.places.get(terminal);
    if (known) return known;
    const place: Place = { running: [], last: null, ran: null, exact: [] };
    this.places.set(terminal, place);
    return place;
  }

  private add(at: Place, command: Making): void {
    at.last = command;
    this.found.push(command);
  }

  private close(terminals: readonly string[]): void {
    for (const name of terminals) {
      this.places.get(name)?.running.forEach(lose);
      this.places.delete(name);
    }
  }
}

const NOT_TOLD = {
  until: null,
  status: null,
  cwd: "",
  shell: "",
  depth: 0,
  away: false,
  interactive: false,
  offset: null,
  end: null,
} as const;

function lose(command: Making | undefined): void {
  if (command) command.over = "lost";
}

/** Of which proposal this is the next command, if of any: its text may be several. */
function proposalOf(at: Place, line: string): string | null {
  const { ran } = at;
  at.ran = null;
  if (ran === null) return null;
  if (ran.rest.startsWith(`${line}\n`))
    at.ran = { ...ran, rest: ran.rest.slice(line.length + 1), isBegun: true };
  else if (ran.isBegun && ran.rest !== line) return null;
  return ran.proposal;
}

function haveSameKeys(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean {
  return a.size === b.size && [...a.keys()].every((key) => b.has(key));
}
