/**
 * The viewer's websocket to the broker: whether it lives, and coming back when it doesn't.
 *
 * `Link` and `retryDelay` are pure and are told the time; `Connection` is the thin shell around a
 * WebSocket and a timer. Times are milliseconds of a clock that doesn't jump.
 */

import type { FromBroker, ToBroker } from "./wire";
import { RemoteProtocolError, decode, encode } from "./wire";

/** How often this end asks. */
export const PING_AFTER = 2_000;
/** How long nothing may be heard, at least, before this end gives the connection up. */
export const SILENT_AFTER = 6_000;
/** …and at most. Between them it follows from what is measured: `broker/wire/link.py` says why. */
export const MOST_SILENT = 15_000;
const WAITS = 1 + 2 + 4 + 8;
const LEAST_WAIT = 200;

/** A connection that lived this long was a good one: the next try comes soon again. */
const GOOD_AFTER = 5_000;

const RETRY_FIRST = 500;
const RETRY_MOST = 10_000;

/** How long to wait before try number `attempt` (from 0): doubling, capped, with full jitter. */
export function retryDelay(attempt: number, random: number): number {
  const most = Math.min(RETRY_MOST, RETRY_FIRST * 2 ** attempt);
  // Half of it is certain, so that a broker that starts up is not stormed.
  return most / 2 + (random * most) / 2;
}

export type LinkState = "greeting" | "live" | "lost";

/** How long answers take: a smoothed time and its variation (RFC 6298, section 2). */
class RoundTrips {
  private smoothed: number | null = null;
  private variation = 0;

  take(trip: number): void {
    if (this.smoothed === null) {
      this.smoothed = trip;
      this.variation = trip / 2;
      return;
    }
    this.variation += (Math.abs(this.smoothed - trip) - this.variation) / 4;
    this.smoothed += (trip - this.smoothed) / 8;
  }

  /** What TCP would wait before it sends again. */
  get wait(): number {
    return (this.smoothed ?? 0) + Math.max(LEAST_WAIT, 4 * this.variation);
  }
}

/** One connection's life. Anything heard is a sign of life, so a flood is not silence. */
export class Link {
  state: LinkState = "greeting";
  private asked: number;
  /** The first question since something was heard. */
  private askedFirst: number | null = null;
  /** The oldest question without its answer. */
  private question: { readonly n: number; readonly at: number } | null = null;
  private readonly trips = new RoundTrips();
  private pings = 0;

  constructor(private heard: number) {
    this.asked = heard;
  }

  /** Take in a message; the answer to send at once, if it wants one. Throws RemoteProtocolError. */
  receive(message: FromBroker, now: number): ToBroker | null {
    if (this.state === "greeting" && message.type !== "error") {
      if (message.type !== "watching")
        throw new RemoteProtocolError("unexpected", `${message.type} before watching`);
      this.state = "live";
      this.asked = now;
    }
    this.heard = now;
    this.askedFirst = null;
    if (message.type === "pong" && message.n === this.question?.n) {
      this.trips.take(now - this.question.at);
      this.question = null;
    }
    return message.type === "ping" ? { type: "pong", n: message.n } : null;
  }

  /** Call when `due` has come: a ping to send, or null; the state may now be `lost`. */
  tick(now: number): ToBroker | null {
    if (this.state === "lost" || now < this.due) return null;
    if (this.state === "greeting" || this.hasAskedInVain(now)) {
      this.state = "lost";
      return null;
    }
    this.asked = now;
    this.askedFirst ??= now;
    this.pings += 1;
    this.question ??= { n: this.pings, at: now };
    return { type: "ping", n: this.pings };
  }

  /** The connection is gone. */
  drop(): void {
    this.state = "lost";
  }

  /** When to call `tick` next. */
  get due(): number {
    if (this.state === "greeting") return this.heard + SILENT_AFTER;
    const ask = this.asked + PING_AFTER;
    return this.askedFirst === null ? ask : Math.min(ask, this.givesUp(this.askedFirst));
  }

  /** How long silence is borne now. */
  get patience(): number {
    // Where something was heard after a question, but not its answer, that takes longer still.
    const late = this.question === null ? 0 : this.heard - this.question.at;
    const wait = Math.max(this.trips.wait, late);
    return Math.max(SILENT_AFTER, Math.min(MOST_SILENT, PING_AFTER + WAITS * wait));
  }

  // A hidden page's timers are late. Silence counts only from a question on, so that a page which
  // wakes up asks once before it calls a connection lost.
  private hasAskedInVain(now: number): boolean {
    return this.askedFirst !== null && now >= this.givesUp(this.askedFirst);
  }

  private givesUp(askedFirst: number): number {
    return askedFirst + this.patience - PING_AFTER;
  }
}

export interface Handlers {
  /** The connection is usable: what was watched before is not watched any more. */
  readonly onLive: () => void;
  /** The connection is lost; another try follows by itself. `why` is for people. */
  readonly onLost: (why: string) => void;
  readonly onMessage: (message: FromBroker) => void;
}

/** A websocket that comes back. Close it when done. */
export class Connection {
  private socket: WebSocket | null = null;
  private link = new Link(performance.now());
  private timer: number | undefined;
  private attempt = 0;
  private liveSince: number | null = null;
  private isClosed = false;

  constructor(
    private readonly url: string,
    private readonly handlers: Handlers,
  ) {
    window.addEventListener("online", this.retryNow);
    document.addEventListener("visibilitychange", this.retryNow);
    this.open();
  }

  /** Send a message if the connection is live; whether it was. Nothing is kept for later. */
  send(message: ToBroker): boolean {
    if (this.link.state !== "live" || this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(encode(message));
    return true;
  }

  close(): void {
    this.isClosed = true;
    window.removeEventListener("online", this.retryNow);
    document.removeEventListener("visibilitychange", this.retryNow);
    this.abandon();
  }

  private open(): void {
    window.clearTimeout(this.timer);
    const socket = new WebSocket(this.url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.link = new Link(performance.now());
    // A socket that was given up may still speak; only the present one is listened to.
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (socket === this.socket) this.receive(data);
    };
    socket.onclose = () => {
      if (socket === this.socket) this.lose("the connection was closed");
    };
    this.schedule();
  }

  private receive(data: string | ArrayBuffer): void {
    try {
      const message = decode(data);
      const before = this.link.state;
      const answer = this.link.receive(message, performance.now());
      if (answer) this.send(answer);
      if (before !== "live" && this.link.state === "live") {
        this.liveSince = performance.now();
        this.handlers.onLive();
      }
      if (message.type === "error") this.lose(message.message);
      else this.handlers.onMessage(message);
    } catch (error) {
      // What is wrong with one message is told to the broker and costs this connection only.
      const told = error instanceof RemoteProtocolError ? error : null;
      this.send({ type: "error", code: told?.code ?? "failed", message: told?.message ?? "" });
      this.lose("the broker's message made no sense");
    }
  }

  private schedule(): void {
    window.clearTimeout(this.timer);
    const wait = Math.max(0, this.link.due - performance.now());
    this.timer = window.setTimeout(() => {
      const ping = this.link.tick(performance.now());
      if (ping) this.send(ping);
      if (this.link.state === "lost") this.lose("the broker fell silent");
      else this.schedule();
    }, wait);
  }

  private lose(why: string): void {
    this.abandon();
    if (this.isClosed) return;
    if (this.liveSince !== null && performance.now() - this.liveSince > GOOD_AFTER)
      this.attempt = 0;
    this.liveSince = null;
    this.timer = window.setTimeout(() => this.open(), retryDelay(this.attempt, Math.random()));
    this.attempt += 1;
    this.handlers.onLost(why);
  }

  private abandon(): void {
    window.clearTimeout(this.timer);
    this.link.drop();
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  private readonly retryNow = (): void => {
    if (this.socket === null && !this.isClosed && document.visibilityState === "visible") {
      this.attempt = 0;
      this.open();
    }
  };
}

/** The address of a websocket of this broker. */
export function socketUrl(path: string): string {
  const url = new URL(path, window.location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
