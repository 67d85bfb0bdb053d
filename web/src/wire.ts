/**
 * Messages between viewer and broker to bytes and back: the part of docs/protocol.md that a viewer
 * speaks. Strict, stateless and pure. Both sides' tests read tests/golden/messages.json.
 */

import type { Of, Shape } from "./shape";
import { BadShape, dictionary, list, map, number, object, parse, text, whole } from "./shape";

/** The most that one Input carries. The protocol allows 64 KiB; smaller ones keep echo smooth. */
export const MAX_INPUT_BYTES = 16 * 1024;

const APPEND = 0x01;
const INPUT = 0x02;
const SNAPSHOT = 0x04;

export interface Append {
  readonly type: "append";
  readonly stream: string;
  readonly offset: number;
  readonly data: Uint8Array;
}

/** The screen as it was at `offset` of its recording, as escape sequences. */
export interface Snapshot {
  readonly type: "snapshot";
  readonly stream: string;
  readonly offset: number;
  readonly cols: number;
  readonly rows: number;
  readonly data: Uint8Array;
}

const CONTROL = {
  ping: object({ n: whole }),
  pong: object({ n: whole }),
  error: object({ code: text, message: text }),
  watching: object({ you: text, viewers: map(text) }),
  streams: object({ names: list(text) }),
  present: object({ state: text, since: number, detail: text, last: dictionary }),
  declined: object({ viewer: text, reason: text, message: text }),
  turn: object({ terminal: text, holder: text, person: text }),
} satisfies Record<string, Shape<object>>;

type ControlName = keyof typeof CONTROL;
type Control = { [N in ControlName]: Of<(typeof CONTROL)[N]> & { readonly type: N } }[ControlName];

/** What a broker may send to a viewer. */
export type FromBroker = Append | Snapshot | Control;

/** What engineers want of the customer. `by` is empty: the broker knows who asks. */
export type Want =
  | {
      readonly type: "propose";
      readonly by: "";
      readonly terminal: string;
      readonly text: string;
      readonly why: string;
      readonly expect: string;
    }
  | { readonly type: "withdraw"; readonly by: ""; readonly proposal: string }
  | { readonly type: "request"; readonly by: ""; readonly what: Requestable }
  | {
      readonly type: "put_hold";
      readonly by: "";
      readonly text: string;
      readonly patterns: readonly string[];
    }
  | { readonly type: "lift_hold"; readonly by: ""; readonly hold: string };

export type Requestable = "terminal" | "approve" | "control" | "time";

/** Whether whoever has this page open looks at it; the broker finds by itself that it sleeps. */
export interface Attention {
  readonly type: "attention";
  readonly by: "";
  readonly state: "looking" | "hidden";
}

/** An act of the customer on their page: JSON text, and its HMAC in hex. */
export interface Act {
  readonly type: "act";
  readonly action: string;
  readonly mac: string;
}

/** What a viewer may send to a broker: engineers what they want, the customer's page its acts. */
export type ToBroker =
  | Want
  | Attention
  | Act
  | { readonly type: "watch"; readonly stream: string; readonly offset: number }
  | { readonly type: "input"; readonly terminal: string; readonly data: Uint8Array }
  | { readonly type: "ping"; readonly n: number }
  | { readonly type: "pong"; readonly n: number }
  | { readonly type: "error"; readonly code: string; readonly message: string };

/** The broker broke the protocol; it costs the connection. Never holds terminal content. */
export class RemoteProtocolError extends Error {
  constructor(
    readonly code: "malformed" | "unknown-type" | "unexpected",
    message: string,
  ) {
    super(message);
    this.name = "RemoteProtocolError";
  }
}

/** Decode what a websocket delivered. Throws RemoteProtocolError. */
export function decode(encoded: string | ArrayBuffer): FromBroker {
  return typeof encoded === "string" ? decodeControl(encoded) : decodeBinary(encoded);
}

function decodeControl(encoded: string): Control {
  try {
    const body = dictionary(parse(encoded, "control message"), "control message");
    const type = text(body["type"], "type");
    if (!isControlName(type))
      throw new RemoteProtocolError("unknown-type", "unknown control message");
    // The name picks the shape and the shape checks the fields; TypeScript can't pair the two.
    return { type, ...CONTROL[type](body) } as Control;
  } catch (error) {
    if (error instanceof BadShape) throw new RemoteProtocolError("malformed", error.message);
    throw error;
  }
}

function isControlName(name: string): name is ControlName {
  return Object.hasOwn(CONTROL, name);
}

function decodeBinary(encoded: ArrayBuffer): Append | Snapshot {
  const reader = new Reader(encoded);
  const kind = reader.u8();
  if (kind === APPEND)
    return { type: "append", stream: reader.name(), offset: reader.u64(), data: reader.rest() };
  if (kind === SNAPSHOT)
    return {
      type: "snapshot",
      stream: reader.name(),
      offset: reader.u64(),
      cols: reader.u16(),
      rows: reader.u16(),
      data: reader.rest(),
    };
  throw new RemoteProtocolError("unknown-type", `message type 0x${kind.toString(16)}`);
}

/** Encode for a websocket: text for control messages, bytes for input. */
export function encode(message: ToBroker): string | Uint8Array<ArrayBuffer> {
  if (message.type !== "input") return JSON.stringify(message);
  const terminal = new TextEncoder().encode(message.terminal);
  const encoded = new Uint8Array(3 + terminal.length + message.data.length);
  encoded[0] = INPUT;
  encoded[1] = terminal.length;
  encoded.set(terminal, 2);
  // The byte between is the empty name of the viewer: the broker knows whose keys these are.
  encoded.set(message.data, 3 + terminal.length);
  return encoded;
}

/** Reads big-endian fields from the front of a message; throws RemoteProtocolError at its end. */
class Reader {
  private at = 0;
  private readonly view: DataView;

  constructor(private readonly buffer: ArrayBuffer) {
    this.view = new DataView(buffer);
  }

  u8(): number {
    return this.view.getUint8(this.take(1));
  }

  u16(): number {
    return this.view.getUint16(this.take(2));
  }

  u64(): number {
    const value = Number(this.view.getBigUint64(this.take(8)));
    if (!Number.isSafeInteger(value))
      throw new RemoteProtocolError("malformed", "offset too large");
    return value;
  }

  name(): string {
    const length = this.u8();
    const bytes = new Uint8Array(this.buffer, this.take(length), length);
    if (bytes.some((byte) => byte > 0x7f))
      throw new RemoteProtocolError("malformed", "a name is not ASCII");
    return String.fromCharCode(...bytes);
  }

  rest(): Uint8Array {
    return new Uint8Array(this.buffer, this.at);
  }

  private take(size: number): number {
    const from = this.at;
    if (from + size > this.buffer.byteLength)
      throw new RemoteProtocolError("malformed", "message cut short");
    this.at += size;
    return from;
  }
}
