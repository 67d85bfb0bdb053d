/** Puts a customer's page, its connection, its screen and its acts together. */

import type { Hold } from "../holds";
import { holdsAfter } from "../holds";
import { Connection, socketUrl } from "../link";
import type { Display, Watched } from "../live/watch";
import { Watch } from "../live/watch";
import type { Screen } from "../live/screen";
import type { LogLine } from "../log";
import type { Proposal } from "../proposals";
import { proposalsAfter } from "../proposals";
import type { Request } from "../requests";
import { requestsAfter } from "../requests";
import type { FromBroker, ToBroker } from "../wire";
import type { Signer, Wish } from "./act";
import type { Asked } from "./asked";
import { ANSWER_WITHIN, Acts } from "./asked";
import type { Looks } from "./looks";
import { looksAfter } from "./looks";
import type { Note } from "./notes";
import { notesAfter } from "./notes";
import type { Pause } from "./pauses";
import { pausesAfter } from "./pauses";

/** The connection to the broker; `since` in Unix seconds. */
export type BrokerLink =
  { readonly state: "connecting" | "live" } | { readonly state: "lost"; readonly since: number };

/** What the session log tells beside the grant. */
export interface Told {
  readonly proposals: readonly Proposal[];
  readonly requests: readonly Request[];
  readonly holds: readonly Hold[];
  readonly notes: readonly Note[];
  readonly pauses: readonly Pause[];
  readonly looks: Looks;
  /** When the session ended, in Unix seconds, and why; null while it goes on. */
  readonly ended: { readonly at: number; readonly why: string } | null;
}

export interface RoomState {
  readonly watched: Watched;
  readonly told: Told;
  readonly broker: BrokerLink;
  readonly asked: ReadonlyMap<string, Asked>;
}

export const UNTOLD: Told = {
  proposals: [],
  requests: [],
  holds: [],
  notes: [],
  pauses: [],
  looks: new Map(),
  ended: null,
};

/** One open page. Close it when done. */
export class CustomerRoom {
  private readonly acts = new Acts();
  private readonly watch: Watch;
  private readonly connection: Connection;
  private readonly screen: LateScreen;
  private told = UNTOLD;
  private broker: BrokerLink = { state: "connecting" };
  private run = 0;
  /** Acts are sent in the order in which they were pressed, however long each takes to sign. */
  private signing: Promise<void> = Promise.resolve();
  private lastSent: { wish: Wish; isRepeated: boolean } | null = null;

  constructor(
    session: string,
    element: HTMLElement,
    private readonly signer: Signer,
    private readonly onChange: (state: RoomState) => void,
  ) {
    this.screen = new LateScreen(element, () => this.send(this.watch.refresh()));
    this.watch = new Watch(this.screen);
    const path = `/api/sessions/${encodeURIComponent(session)}/page`;
    this.connection = new Connection(socketUrl(path), {
      onLive: () => {
        this.broker = { state: "live" };
        this.send(this.watch.resume());
        this.publish();
      },
      onLost: () => {
        if (this.broker.state !== "lost")
          this.broker = { state: "lost", since: Date.now() / 1000 };
        this.publish();
      },
      onMessage: (message) => this.receive(message),
    });
  }

  /** Have something done. What comes of it is in the state, sooner or later. */
  wish(wish: Wish): void {
    this.acts.begin(wish, performance.now());
    window.setTimeout(() => {
      this.acts.expire(performance.now());
      this.publish();
    }, ANSWER_WITHIN + 50);
    this.publish();
    this.sendAct(wish, false);
  }

  choose(terminal: string): void {
    this.send(this.watch.choose(terminal));
    this.publish();
  }

  setReadable(isReadable: boolean): void {
    this.screen.setReadable(isReadable);
  }

  close(): void {
    this.connection.close();
    this.screen.dispose();
  }

  private sendAct(wish: Wish, isRepeated: boolean): void {
    this.signing = this.signing.then(async () => {
      const act = await this.signer.sign(this.run, wish, Date.now());
      this.lastSent = { wish, isRepeated };
      if (this.connection.send(act)) return;
      this.acts.fail(wish, "This page is not connected to the broker: nothing was sent.");
      this.publish();
    });
  }

  private receive(message: FromBroker): void {
    if (message.type === "streams") this.run = Math.max(0, ...message.names.map(runOf));
    if (message.type === "declined") this.decline(message.reason, message.message);
    const { log } = this.watch.state;
    this.send(this.watch.receive(message));
    if (this.watch.state.log !== log) this.learn(this.watch.state.log);
    this.publish();
  }

  private learn(log: readonly LogLine[]): void {
    this.told = log.reduce(after, UNTOLD);
    const { proposals, notes, ended } = this.told;
    this.acts.settle({ proposals, notes, isEnded: ended !== null, grant: this.watch.state.grant });
  }

  // Another page of the same customer, whose clock is ahead, has used greater numbers than this one
  // has. That must not be why nobody can take back.
  private decline(reason: string, says: string): void {
    const last = this.lastSent;
    if (reason === "repeated" && last !== null && !last.isRepeated) {
      this.signer.skip();
      this.sendAct(last.wish, true);
    } else {
      this.acts.decline(says);
    }
  }

  private send(messages: readonly ToBroker[]): void {
    // What can't be sent now is asked for again by `resume`.
    for (const message of messages) this.connection.send(message);
  }

  private publish(): void {
    const { told, broker } = this;
    this.onChange({ watched: this.watch.state, told, broker, asked: this.acts.all });
  }
}

function after(told: Told, line: LogLine): Told {
  const { at, entry } = line;
  return {
    proposals: proposalsAfter(told.proposals, line),
    requests: requestsAfter(told.requests, line),
    holds: holdsAfter(told.holds, line),
    notes: notesAfter(told.notes, line),
    pauses: pausesAfter(told.pauses, line),
    looks: looksAfter(told.looks, entry),
    ended: entry.event === "ended" ? { at, why: entry.why } : told.ended,
  };
}

/** The number of the run whose log this is; 0 for other streams. */
function runOf(stream: string): number {
  return Number(/^run-(\d+)\.log$/.exec(stream)?.[1] ?? 0);
}

/**
 * The screen, which is loaded after everything else: whoever opens the page to take back must not
 * wait for a terminal emulator. What comes before it is there is asked for again.
 */
class LateScreen implements Display {
  private screen: Screen | null = null;
  private isReadable = false;
  private isDisposed = false;

  constructor(element: HTMLElement, onThere: () => void) {
    void import("../live/screen").then(({ Screen }) => {
      if (this.isDisposed) return;
      const nothing = () => undefined;
      this.screen = new Screen(element, {
        onInput: nothing,
        onKeyRefused: nothing,
        onPasteOfLines: nothing,
        onLink: nothing,
        onTitle: nothing,
        onSize: (cols, rows) => {
          element.dataset["size"] = `${cols}x${rows}`;
        },
        onOverflow: onThere,
        onLeave: nothing,
      });
      this.screen.setReadable(this.isReadable);
      onThere();
    });
  }

  reset(...screen: Parameters<Display["reset"]>): void {
    this.screen?.reset(...screen);
  }

  play(...steps: Parameters<Display["play"]>): void {
    this.screen?.play(...steps);
  }

  setReadable(isReadable: boolean): void {
    this.isReadable = isReadable;
    this.screen?.setReadable(isReadable);
  }

  dispose(): void {
    this.isDisposed = true;
    this.screen?.dispose();
  }
}
