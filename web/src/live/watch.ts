/**
 * What a viewer knows of a live session: who watches, who types, the customer's presence, the
 * session log and the grant that it tells, and which recording is on the screen. Told messages, it
 * answers with what to send and shows itself as one immutable value. Pure but for the screen, which
 * it drives.
 */

import { CastReader } from "../cast";
import type { Step } from "../cast";
import type { Grant } from "../grant";
import { grantAfter } from "../grant";
import type { Entry, LogLine, Started, Weight } from "../log";
import { LogReader, REFUSALS, byAge, runOf, words } from "../log";
import type { Presence } from "../presence";
import { isOutOfReach, presenceShape } from "../presence";
import type { FromBroker, ToBroker, Want } from "../wire";
import { Feed } from "./feed";
import { declinedWords, refusalWords } from "./notices";

/** What this needs of the screen. */
export interface Display {
  reset(cols: number, rows: number, data: Uint8Array): void;
  play(steps: readonly Step[]): void;
}

/** Whose keys reach a terminal now: a viewer's id or `customer`, and their name. */
export interface Turn {
  readonly holder: string;
  readonly person: string;
}

/** Something to tell for a moment; `count` grows with each, so that the same may be said twice. */
export interface Notice {
  /** Why keys were not sent, or the event of the log that is told. */
  readonly code: string;
  readonly says: string;
  readonly weight: Weight;
  readonly count: number;
}

/** What of this viewer's was not done, and why. */
export interface Declined {
  readonly want: Want;
  readonly message: string;
}

export interface Watched {
  readonly you: string;
  readonly viewers: ReadonlyMap<string, string>;
  readonly presence: Presence | null;
  /** Recordings, oldest first. */
  readonly terminals: readonly string[];
  /** The recording on the screen. */
  readonly shown: string | null;
  /** By terminal; none where nobody types. */
  readonly turns: ReadonlyMap<string, Turn>;
  readonly log: readonly LogLine[];
  /** What the latest run's recorder said of itself; null until the log has told. */
  readonly started: Started | null;
  readonly grant: Grant | null;
  readonly notice: Notice | null;
  /** The latest want, if it was declined; a newer one takes its place. */
  readonly declined: Declined | null;
}

export const NOTHING_YET: Watched = {
  you: "",
  viewers: new Map(),
  presence: null,
  terminals: [],
  shown: null,
  turns: new Map(),
  log: [],
  started: null,
  grant: null,
  notice: null,
  declined: null,
};

/** What happened that somebody at the terminal wants to know at once, also without the log. */
const NEWS: ReadonlySet<Entry["event"]> = new Set<Entry["event"]>([
  "mode_changed",
  "extended",
  "given_back",
  "expires_soon",
  "approved",
  "proposal_refused",
  "request_answered",
  "hold_up",
  "hold_lifted",
  "stopped",
  "overridden",
]);

interface Recording {
  readonly feed: Feed;
  readonly reader: CastReader;
}

export class Watch {
  state = NOTHING_YET;
  private readonly logs = new Map<string, { feed: Feed; reader: LogReader }>();
  private recording: Recording | null = null;
  private lastWant: Want | null = null;
  private hasJoined = false;

  constructor(private readonly display: Display) {}

  /** Take in a message; what to send in answer, in order. */
  receive(message: FromBroker): ToBroker[] {
    switch (message.type) {
      case "watching":
        this.change({ you: message.you, viewers: message.viewers });
        return [];
      case "present": {
        const presence = presenceShape(message, "present");
        this.change({ presence });
        // Who typed when the link went is not who types now.
        if (isOutOfReach(presence)) this.change({ turns: new Map() });
        return [];
      }
      case "turn":
        this.turn(message.terminal, message.holder, message.person);
        return [];
      case "declined":
        this.decline(message.reason, message.message);
        return [];
      case "streams":
        return this.learnStreams(message.names);
      case "snapshot":
        if (message.stream !== this.state.shown) return [];
        this.recording = recordingFrom(message.offset);
        this.display.reset(message.cols, message.rows, message.data);
        return [];
      case "append":
        if (message.stream === this.state.shown)
          return this.takeOutput(message.stream, message.offset, message.data);
        if (this.logs.has(message.stream))
          return this.takeLog(message.stream, message.offset, message.data);
        return []; // of a recording that was on the screen before
      case "ping":
      case "pong":
      case "error":
        return [];
    }
  }

  /** The connection is a new one: what to ask for so that everything goes on where it stopped. */
  resume(): ToBroker[] {
    this.change({ turns: new Map() });
    const { shown } = this.state;
    const asks = [...this.logs].map(([name, { feed }]) => watch(name, feed.at));
    if (shown !== null) asks.push(watch(shown, this.recording?.feed.at ?? -1));
    return asks;
  }

  /** Put this recording on the screen. */
  choose(terminal: string): ToBroker[] {
    return terminal === this.state.shown ? [] : this.show(terminal);
  }

  /** Drop what is known of the screen and ask for it afresh. */
  refresh(): ToBroker[] {
    return this.state.shown === null ? [] : this.show(this.state.shown);
  }

  /** Whether somebody else types there now. A person's turn is theirs in all of their windows. */
  othersTurn(terminal: string): boolean {
    const turn = this.state.turns.get(terminal);
    return turn !== undefined && !isOwn(turn, this.state);
  }

  /** Keys are on their way: what is declined next is these. */
  typed(): void {
    this.lastWant = null;
  }

  /** Keys went nowhere; `why` is a code of docs/protocol.md or of this page. */
  refuse(why: string): void {
    const { grant, turns, shown } = this.state;
    this.tell(why, refusalWords(why, grant, turns.get(shown ?? "")));
  }

  /** A want is on its way: what is declined next is this. */
  wanted(want: Want): void {
    this.lastWant = want;
    this.change({ declined: null });
  }

  /** What was sent last, a want or keys, was not done. */
  decline(reason: string, message: string): void {
    if (this.lastWant !== null) this.change({ declined: { want: this.lastWant, message } });
    else if (reason in REFUSALS) this.refuse(reason);
    else this.tell(reason, declinedWords(message));
  }

  private turn(terminal: string, holder: string, person: string): void {
    const turns = new Map(this.state.turns);
    if (holder === "") turns.delete(terminal);
    else turns.set(terminal, { holder, person });
    this.change({ turns });
  }

  private learnStreams(names: readonly string[]): ToBroker[] {
    const asks: ToBroker[] = [];
    for (const name of names.filter((one) => one.endsWith(".log"))) {
      if (this.logs.has(name)) continue;
      this.logs.set(name, { feed: new Feed(0), reader: new LogReader() });
      asks.push(watch(name, 0));
    }
    const terminals = names.filter((one) => one.endsWith(".cast")).sort(byAge);
    const before = this.state.terminals;
    this.change({ terminals });
    asks.push(...this.follow(before));
    return asks;
  }

  // A newer run is followed by whoever watched the newest. Another terminal of the same run is not:
  // somebody may be typing into this one.
  private follow(before: readonly string[]): ToBroker[] {
    const { terminals, shown } = this.state;
    const [run, runBefore] = [newestRun(terminals), newestRun(before)];
    const isFollowing = shown === null || (run !== runBefore && runOf(shown) === runBefore);
    const first = terminals.find((one) => runOf(one) === run);
    return isFollowing && first !== undefined ? this.show(first) : [];
  }

  private show(terminal: string): ToBroker[] {
    this.recording = null;
    this.change({ shown: terminal });
    return [watch(terminal, -1)];
  }

  private takeOutput(stream: string, offset: number, data: Uint8Array): ToBroker[] {
    // A broker that can't make a snapshot sends the recording from its first byte instead. Anything
    // else before a snapshot belongs to what was asked for earlier.
    if (this.recording === null && offset === 0) this.recording = recordingFrom(0);
    if (this.recording === null) return [];
    const fresh = this.recording.feed.take(offset, data);
    if (fresh === null) return [watch(stream, this.recording.feed.at)];
    this.display.play(this.recording.reader.feed(fresh));
    return [];
  }

  private takeLog(stream: string, offset: number, data: Uint8Array): ToBroker[] {
    const log = this.logs.get(stream);
    const fresh = log?.feed.take(offset, data);
    if (!log || fresh === null || fresh === undefined)
      return log ? [watch(stream, log.feed.at)] : [];
    const entries = log.reader.feed(fresh);
    const began = log.reader.began ?? 0;
    const lines = merge(this.state.log, entries, began);
    this.change({ log: lines, grant: lines.reduce(grantAfter, null) });
    for (const entry of entries) this.learn(entry);
    return [];
  }

  private learn(entry: Entry): void {
    if (entry.event === "started") this.change({ started: entry });
    if (entry.event === "joined" && entry.viewer === this.state.you) this.hasJoined = true;
    if (entry.event === "refused" && entry.viewer === this.state.you) this.refuse(entry.why);
    // What was before this viewer came is history: it stands in the log.
    const told = this.hasJoined && NEWS.has(entry.event) ? words(entry) : null;
    if (told !== null) this.tell(entry.event, told.text, told.weight);
  }

  private tell(code: string, says: string, weight: Weight = "attention"): void {
    const count = (this.state.notice?.count ?? 0) + 1;
    this.change({ notice: { code, says, weight, count } });
  }

  private change(some: Partial<Watched>): void {
    this.state = { ...this.state, ...some };
  }
}

/** The name of whoever looks at this page; empty until the broker has told. */
export function ownName({ you, viewers }: Watched): string {
  return viewers.get(you) ?? "";
}

/** Who types now: of engineers nobody while nothing of theirs arrives, whoever typed last. */
export function turnsNow({ turns, grant }: Watched): Watched["turns"] {
  if (grant === null || grant.standing === "live") return turns;
  return new Map([...turns].filter(([, { holder }]) => holder === "customer"));
}

export function isOwn({ holder, person }: Turn, watched: Watched): boolean {
  return holder !== "customer" && person === ownName(watched);
}

function newestRun(terminals: readonly string[]): string {
  return runOf(terminals.at(-1) ?? "");
}

function recordingFrom(offset: number): Recording {
  return { feed: new Feed(offset), reader: new CastReader(offset) };
}

/** Runs may arrive side by side; people read them in order of time. */
function merge(log: readonly LogLine[], entries: readonly Entry[], began: number): LogLine[] {
  const lines = entries.map((entry) => ({ at: began + entry.t, entry }));
  return [...log, ...lines].sort((a, b) => a.entry.t - b.entry.t);
}

function watch(stream: string, offset: number): ToBroker {
  return { type: "watch", stream, offset };
}
