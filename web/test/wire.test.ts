import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { ToBroker } from "../src/wire";
import { RemoteProtocolError, decode, encode } from "../src/wire";

interface Golden {
  readonly name: string;
  readonly message: Readonly<Record<string, unknown>>;
  readonly hex: string;
}

// The same file is read by the broker's tests: neither side can drift alone.
const golden = JSON.parse(
  readFileSync(new URL("../../tests/golden/messages.json", import.meta.url), "utf8"),
) as Golden[];

const TO_VIEWER = [
  "append",
  "snapshot",
  "ping",
  "pong",
  "error",
  "streams",
  "watching",
  "present",
  "declined",
  "turn",
];
const FROM_VIEWER = [
  "watch",
  "ping",
  "pong",
  "error",
  "propose",
  "withdraw",
  "request",
  "put_hold",
  "lift_hold",
  "attention",
  "act",
];

function find(name: string): Golden {
  const found = golden.find((one) => one.name === name);
  if (!found) throw new Error(`no golden ${name}`);
  return found;
}

/** As it arrives at a viewer: control messages as text, all else as bytes. */
function arriving(hex: string): string | ArrayBuffer {
  const bytes = Buffer.from(hex, "hex");
  return bytes[0] === 0x7b ? bytes.toString("utf8") : new Uint8Array(bytes).buffer;
}

/** A golden message in the form that it has here. */
function expected({ name, message }: Golden): Record<string, unknown> {
  const fields = Object.entries(message).map(([key, value]) => {
    if (key === "data") return [key, new Uint8Array(Buffer.from(String(value), "base64"))];
    if (key === "viewers") return [key, new Map(Object.entries(value as object))];
    return [key, value];
  });
  return { type: name, ...(Object.fromEntries(fields) as object) };
}

function refusal(encoded: string | ArrayBuffer): string {
  try {
    decode(encoded);
  } catch (error) {
    if (error instanceof RemoteProtocolError) return error.code;
    throw error;
  }
  return "accepted";
}

describe("what a broker sends", () => {
  it.each(TO_VIEWER)("%s is decoded", (name) => {
    const one = find(name);
    expect(decode(arriving(one.hex))).toEqual(expected(one));
  });

  it.each(golden.filter((one) => !TO_VIEWER.includes(one.name)).map((one) => one.name))(
    "%s is not for viewers",
    (name) => expect(refusal(arriving(find(name).hex))).toBe("unknown-type"),
  );

  it.each(["append", "snapshot"])("%s cut short anywhere in its head is malformed", (name) => {
    const whole = Buffer.from(find(name).hex, "hex");
    const head = whole.length - Buffer.from(String(find(name).message["data"]), "base64").length;
    for (let size = 0; size < head; size += 1)
      expect(refusal(new Uint8Array(whole.subarray(0, size)).buffer)).toBe("malformed");
  });

  it.each([
    ["not JSON", "{"],
    ["not an object", "[]"],
    ["a missing field", '{"type":"ping"}'],
    ["a field of another type", '{"type":"ping","n":"1"}'],
    ["a number that a double can't hold", '{"type":"ping","n":9007199254740993}'],
    ["a list with something else in it", '{"type":"streams","names":["a",1]}'],
  ])("%s is malformed", (_what, text) => expect(refusal(text)).toBe("malformed"));

  it("an unknown field is let through", () => {
    expect(decode('{"type":"ping","n":1,"new":true}')).toEqual({ type: "ping", n: 1 });
  });

  it("a name of JavaScript's own is no message type", () => {
    expect(refusal('{"type":"toString"}')).toBe("unknown-type");
  });

  it("an offset beyond 2^53 is malformed", () => {
    const bytes = new Uint8Array([0x01, 1, 0x61, 0xff, 0, 0, 0, 0, 0, 0, 0]);
    expect(refusal(bytes.buffer)).toBe("malformed");
  });
});

describe("what a viewer sends", () => {
  it.each(FROM_VIEWER)("%s is encoded as the broker does it", (name) => {
    const { hex, message } = find(name);
    const encoded = encode({ type: name, ...message } as ToBroker);
    expect(Buffer.from(encoded as string, "utf8").toString("hex")).toBe(hex);
  });

  it("input is encoded with an empty name of the viewer", () => {
    const { hex, message } = find("input");
    const by = String(message["by"]);
    const named = Buffer.concat([Buffer.from([by.length]), Buffer.from(by)]).toString("hex");
    const terminal = String(message["terminal"]);
    const data = new Uint8Array(Buffer.from(String(message["data"]), "base64"));
    const encoded = encode({ type: "input", terminal, data }) as Uint8Array;
    expect(Buffer.from(encoded).toString("hex")).toBe(hex.replace(named, "00"));
  });
});
