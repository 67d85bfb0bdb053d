/**
 * What a viewer knows of a live session: who watches, the customer's presence, the session log, and
 * which recording is on the screen. Told messages, it answers with what to send and shows itself as
 * one immutable value. Pure but for the screen, which it drives.
 */

import { CastReader } from "../cast";
import type { Step } from "../cast";
import type { Entry, LogLine, Started } from "../log";
import { LogReader, byAge } from "../log";
import type { Presence } from "../presence";
import type { FromBroker, ToBroker } from "../wire";
import { Feed } from "./feed";

/** What this needs of the screen. */
export interface Display {
  reset(cols: number, rows: number, data: Uint8Array): void;
  play(steps: readonly Step[]): void;
}

export interface Watched {
  readonly you: string;
  readonly viewers: ReadonlyMap<string, string>;
  readonly presence: Presence | null;
  /** Recordings, oldest first. */
  readonly terminals: readonly string[];
  /** The recording on the screen. */
  readonly shown: string | null;
  readonly log: readonly LogLine[];
  /** What the latest run's recorder said of itself and of the grant; null until the log has told. */
  readonly started: Started | null;
  readonly isExpired: boolean;
  /** Why the recorder holds engineers' keys off; null while it doesn't. */
  readonly paused: string | null;
  /** Why the latest keys went nowhere, and a number that grows with each refusal. */
  readonly refusal: { readonly why: string; readonly count: number } | null;
}

export const NOTHING_YET: Watched = {
  you: "",
  viewers: new Map(),
  presence: null,
  terminals: [],
  shown: null,
  log: [],
  started: null,
  isExpired: false,
  paused: null,
  refusal: null,
};

interface Recording {
  readonly feed: Feed;
  readonly reader: CastReader;
}

export class Watch {
  state = NOTHING_YET;
  private readonly logs = new Map<string, { feed: Feed; reader: LogReader }>();
  private recording: Recording | null = null;
  private hasChosen = false;

  constructor(private readonly display: Display) {}

  /** Take in a message; what to send in answer, in order. */
  receive(message: FromBroker): ToBroker[] {
    switch (message.type) {
      case "watching":
        this.change({ you: message.you, viewers: message.viewers });
        return [];
      case "present": {
        const { state, since, detail } = message;
        this.change({ presence: { state, since, detail } });
        return [];
      }
      case "turn":
        return [];
      case "declined":
        this.refuse(message.reason);
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
    const { shown } = this.state;
    const asks = [...this.logs].map(([name, { feed }]) => watch(name, feed.at));
    if (shown !== null) asks.push(watch(shown, this.recording?.feed.at ?? -1));
    return asks;
  }

  /** Put this recording on the screen, and stay with it when others appear. */
  choose(terminal: string): ToBroker[] {
    this.hasChosen = terminal !== this.state.terminals.at(-1);
    return terminal === this.state.shown ? [] : this.show(terminal);
  }

  /** Drop what is known of the screen and ask for it afresh. */
  refresh(): ToBroker[] {
    return this.state.shown === null ? [] : this.show(this.state.shown);
  }

  /** Keys went nowhere. */
  refuse(why: string): void {
    this.change({ refusal: { why, count: (this.state.refusal?.count ?? 0) + 1 } });
  }

  private learnStreams(names: readonly string[]): ToBroker[] {
    const asks: ToBroker[] = [];
    for (const name of names.filter((one) => one.endsWith(".log"))) {
      if (this.logs.has(name)) continue;
      this.logs.set(name, { feed: new Feed(0), reader: new LogReader() });
      asks.push(watch(name, 0));
    }
    const terminals = names.filter((one) => one.endsWith(".cast")).sort(byAge);
    this.change({ terminals });
    const newest = terminals.at(-1);
    if (newest !== undefined && newest !== this.state.shown && !this.hasChosen)
      asks.push(...this.show(newest));
    return asks;
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
    this.change({ log: merge(this.state.log, entries, began) });
    for (const entry of entries) this.learn(entry);
    return [];
  }

  private learn(entry: Entry): void {
    if (entry.event === "started") this.change({ started: entry, paused: null });
    if (entry.event === "expired") this.change({ isExpired: true });
    if (entry.event === "input_paused") this.change({ paused: entry.why });
    if (entry.event === "input_resumed") this.change({ paused: null });
    if (entry.event === "refused" && entry.viewer === this.state.you) this.refuse(entry.why);
  }

  private change(some: Partial<Watched>): void {
    this.state = { ...this.state, ...some };
  }
}

function recordingFrom(offset: number): Recording {
  return { feed: new Feed(offset), reader: new CastReader(offset) };
}

/** Runs may arrive side by side; people read them in order of time. */
function merge(log: readonly LogLine[], entries: readonly Entry[], began: number): LogLine[] {
  const lines = entries.map((entry) => ({ at: began + entry.t, entry }));
  return [...log, ...lines].sort((a, b) => a.at - b.at);
}

function watch(stream: string, offset: number): ToBroker {
  return { type: "watch", stream, offset };
}
