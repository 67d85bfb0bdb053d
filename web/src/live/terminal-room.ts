/** Puts a watch, its connection and its screen together. The one place where they meet. */

import { keysRefused } from "../grant";
import { Connection, socketUrl } from "../link";
import { REFUSALS } from "../log";
import type { ToBroker, Want } from "../wire";
import { MAX_INPUT_BYTES } from "../wire";
import { Burst } from "./burst";
import type { ScreenEvents } from "./screen";
import { Screen } from "./screen";
import type { Watched } from "./watch";
import { Watch } from "./watch";

/** The connection to the broker, as people are told of it. */
export type BrokerLink =
  | { readonly state: "connecting" | "live" }
  | { readonly state: "lost"; readonly since: number; readonly why: string };

export interface RoomState {
  readonly watched: Watched;
  readonly broker: BrokerLink;
}

type Asides = Pick<ScreenEvents, "onPasteOfLines" | "onLink" | "onTitle" | "onSize" | "onLeave">;

/** A live session on a page. Close it when done. */
export class TerminalRoom {
  readonly screen: Screen;
  private readonly watch: Watch;
  private readonly connection: Connection;
  private broker: BrokerLink = { state: "connecting" };
  private canType = false;
  private readonly burst = new Burst();

  constructor(
    sessionId: string,
    element: HTMLElement,
    private readonly onChange: (state: RoomState) => void,
    asides: Asides,
  ) {
    this.screen = new Screen(element, {
      ...asides,
      onInput: (data) => this.type(data),
      onKeyRefused: () => this.refuse(this.refusal ?? "mode"),
      onOverflow: () => this.send(this.watch.refresh()),
    });
    this.watch = new Watch(this.screen);
    const path = `/api/sessions/${encodeURIComponent(sessionId)}/watch`;
    this.connection = new Connection(socketUrl(path), {
      onLive: () => {
        this.broker = { state: "live" };
        this.send(this.watch.resume());
        if (document.visibilityState === "hidden") this.tellAttention();
        this.publish();
      },
      onLost: (why) => {
        if (this.broker.state !== "lost")
          this.broker = { state: "lost", since: Date.now() / 1000, why };
        this.publish();
      },
      onMessage: (message) => {
        const before = this.watch.state;
        this.send(this.watch.receive(message));
        const { notice } = this.watch.state;
        // The recorder's own refusal: it was not known here when the keys were sent.
        if (notice !== null && notice !== before.notice && notice.code in REFUSALS)
          this.burst.refused(performance.now());
        if (this.watch.state !== before) this.publish();
      },
    });
    document.addEventListener("visibilitychange", this.tellAttention);
  }

  choose(terminal: string): void {
    this.send(this.watch.choose(terminal));
    this.publish();
  }

  /** Ask the customer for something, now or not at all. */
  want(want: Want): void {
    this.watch.wanted(want);
    if (!this.connection.send(want))
      this.watch.decline("broker-lost", "the connection to the broker is lost");
    this.publish();
  }

  close(): void {
    document.removeEventListener("visibilitychange", this.tellAttention);
    this.connection.close();
    this.screen.dispose();
  }

  /** The customer is told whether engineers look; a new connection is taken for looking. */
  private readonly tellAttention = (): void => {
    const state = document.visibilityState === "hidden" ? "hidden" : "looking";
    this.connection.send({ type: "attention", by: "", state });
  };

  private type(data: Uint8Array): void {
    const terminal = this.watch.state.shown;
    if (terminal === null) return;
    // The recorder would refuse them too, but says so in the log only now and then.
    if (this.watch.othersTurn(terminal)) {
      this.refuse("turn");
      return;
    }
    if (this.burst.continues(performance.now())) {
      this.refuse("torn");
      return;
    }
    this.watch.typed();
    for (let at = 0; at < data.length; at += MAX_INPUT_BYTES) {
      const piece = data.subarray(at, at + MAX_INPUT_BYTES);
      if (this.connection.send({ type: "input", terminal, data: piece })) continue;
      this.refuse("broker-lost");
      return; // what follows a lost piece must not be typed without it
    }
  }

  /** Why keys would be refused now by what the grant says; null where they would not. */
  private get refusal(): string | null {
    const { grant } = this.watch.state;
    return grant === null ? "not-begun" : keysRefused(grant);
  }

  private refuse(why: string): void {
    this.burst.refused(performance.now());
    this.watch.refuse(why);
    this.publish();
  }

  private send(messages: readonly ToBroker[]): void {
    // What can't be sent now is asked for again by `resume`.
    for (const message of messages) this.connection.send(message);
  }

  private publish(): void {
    const canType = this.refusal === null;
    if (canType !== this.canType) this.screen.setTyping(canType);
    this.canType = canType;
    this.onChange({ watched: this.watch.state, broker: this.broker });
  }
}
