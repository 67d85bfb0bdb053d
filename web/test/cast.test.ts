import { describe, expect, it } from "vitest";
import type { Step } from "../src/cast";
import { CastReader, readSize } from "../src/cast";

const bytes = (text: string) => new TextEncoder().encode(text);
const HEADER = '{"version": 2, "width": 80, "height": 24, "timestamp": 1700000000}\n';
const BODY =
  '[0.1, "o", "h\u00e9llo \u6f22\u5b57 \ud83d\udc4d"]\n' +
  '[0.2, "m", "alice joined"]\n' +
  '[0.3, "o", "\\u001b[1mx\\r\\n"]\n' +
  '[0.4, "r", "100x30"]\n' +
  '[0.5, "o", "after"]\n';
const STEPS: Step[] = [
  { kind: "resize", cols: 80, rows: 24 },
  { kind: "output", text: "h\u00e9llo \u6f22\u5b57 \ud83d\udc4d\x1b[1mx\r\n" },
  { kind: "resize", cols: 100, rows: 30 },
  { kind: "output", text: "after" },
];

/** Neighbouring outputs as one, so that cuts don't show. */
function joined(steps: readonly Step[]): Step[] {
  const out: Step[] = [];
  for (const step of steps) {
    const last = out.at(-1);
    if (step.kind === "output" && last?.kind === "output")
      out[out.length - 1] = { kind: "output", text: last.text + step.text };
    else out.push(step);
  }
  return out;
}

describe("a recording", () => {
  it("is read whole", () => {
    expect(new CastReader(0).feed(bytes(HEADER + BODY))).toEqual(STEPS);
  });

  it("reads the same however it is cut, inside lines and characters too", () => {
    const all = bytes(HEADER + BODY);
    for (let size = 1; size < 40; size += 1) {
      const reader = new CastReader(0);
      const steps: Step[] = [];
      for (let at = 0; at < all.length; at += size)
        steps.push(...reader.feed(all.subarray(at, at + size)));
      expect(joined(steps)).toEqual(STEPS);
    }
  });

  it("goes on after a snapshot, where no header stands", () => {
    expect(new CastReader(1234).feed(bytes(BODY))).toEqual(STEPS.slice(1));
  });

  it("holds a torn line back", () => {
    const reader = new CastReader(7);
    expect(reader.feed(bytes('[0.1, "o", "a'))).toEqual([]);
    expect(reader.feed(bytes('b"]\n'))).toEqual([{ kind: "output", text: "ab" }]);
  });

  it.each(['{"t": 1}', "oops", "", "[1, 2, 3]", '[1, "o", 2]', '[1, "r", "0x0"]', '[1, "x", "0"]'])(
    "passes over %j and nothing else",
    (line) => {
      expect(new CastReader(5).feed(bytes(`[1, "o", "a"]\n${line}\n[2, "o", "b"]\n`))).toEqual([
        { kind: "output", text: "ab" },
      ]);
    },
  );

  it("passes over a header that makes no sense", () => {
    expect(new CastReader(0).feed(bytes('{"version": 3}\n[1, "o", "a"]\n'))).toEqual([
      { kind: "output", text: "a" },
    ]);
  });
});

describe("a size", () => {
  it.each([
    ["100x30", { cols: 100, rows: 30 }],
    ["500x200", { cols: 500, rows: 200 }],
    ["1x1", { cols: 1, rows: 1 }],
    ["65535x65535", { cols: 4096, rows: 4096 }],
  ])("%s", (text, size) => expect(readSize(text)).toEqual(size));

  it.each(["0x0", "80", "x", "80x", "-1x5", "80x24x1", "1e3x5"])("%s makes no sense", (text) =>
    expect(readSize(text)).toBeNull(),
  );
});
