import { describe, expect, it } from "vitest";
import type { Step } from "../src/cast";
import { Watch } from "../src/live/watch";
import { STARTED as begin } from "./started";

const bytes = (text: string) => new TextEncoder().encode(text);
const CAST = "run-1.terminal-1.cast";
const LOG = "run-1.log";
const STARTED = `${JSON.stringify({ ...begin, wall: 1000 })}\n`;

/** A display that keeps what it is told, as text. */
class Told {
  readonly lines: string[] = [];

  reset(cols: number, rows: number, data: Uint8Array): void {
    this.lines.push(`reset ${cols}x${rows} ${new TextDecoder().decode(data)}`);
  }

  play(steps: readonly Step[]): void {
    for (const step of steps)
      this.lines.push(step.kind === "output" ? step.text : `size ${step.cols}x${step.rows}`);
  }
}

function begun(): { watch: Watch; told: Told } {
  const told = new Told();
  const watch = new Watch(told);
  watch.receive({ type: "watching", you: "v1", viewers: new Map([["v1", "alice"]]) });
  watch.receive({ type: "streams", names: [CAST, LOG] });
  return { watch, told };
}

const append = (stream: string, offset: number, text: string) =>
  ({ type: "append", stream, offset, data: bytes(text) }) as const;
const snapshot = (offset: number, text: string) =>
  ({ type: "snapshot", stream: CAST, offset, cols: 80, rows: 24, data: bytes(text) }) as const;

describe("watching a session", () => {
  it("asks for logs from the start and for a snapshot of the newest terminal", () => {
    const watch = new Watch(new Told());
    const names = ["run-1.terminal-1.cast", "run-2.terminal-1.cast", "run-1.log", "run-2.log"];
    expect(watch.receive({ type: "streams", names })).toEqual([
      { type: "watch", stream: "run-1.log", offset: 0 },
      { type: "watch", stream: "run-2.log", offset: 0 },
      { type: "watch", stream: "run-2.terminal-1.cast", offset: -1 },
    ]);
  });

  it("shows a snapshot and goes on from there, taking nothing twice", () => {
    const { watch, told } = begun();
    watch.receive(snapshot(100, "screen"));
    const line = '[1, "o", "x"]\n';
    watch.receive(append(CAST, 100, line));
    watch.receive(append(CAST, 100, `${line}[2, "o", "y"]\n`));
    expect(told.lines).toEqual(["reset 80x24 screen", "x", "y"]);
  });

  it("takes a fresh snapshot in the middle of a line", () => {
    const { watch, told } = begun();
    watch.receive(snapshot(100, "one"));
    watch.receive(append(CAST, 100, '[1, "o", "never whole'));
    watch.receive(snapshot(900, "two"));
    watch.receive(append(CAST, 900, '[9, "o", "z"]\n'));
    expect(told.lines).toEqual(["reset 80x24 one", "reset 80x24 two", "z"]);
  });

  it("reads from the header where the broker can make no snapshot", () => {
    const { watch, told } = begun();
    watch.receive(append(CAST, 0, '{"version": 2, "width": 9, "height": 5}\n[1, "o", "x"]\n'));
    expect(told.lines).toEqual(["size 9x5", "x"]);
  });

  it("ignores what arrives between asking and the snapshot", () => {
    const { watch, told } = begun();
    watch.receive(append(CAST, 500, '"torn"]\n'));
    expect(told.lines).toEqual([]);
  });

  it("asks again from where it is when something is missing", () => {
    const { watch } = begun();
    watch.receive(snapshot(100, ""));
    expect(watch.receive(append(CAST, 200, "x"))).toEqual([
      { type: "watch", stream: CAST, offset: 100 },
    ]);
  });

  it("goes on where it stopped after a reconnect", () => {
    const { watch } = begun();
    watch.receive(snapshot(100, ""));
    watch.receive(append(CAST, 100, "0123456789"));
    watch.receive(append(LOG, 0, STARTED));
    expect(watch.resume()).toEqual([
      { type: "watch", stream: LOG, offset: bytes(STARTED).length },
      { type: "watch", stream: CAST, offset: 110 },
    ]);
  });

  it("follows a newer terminal, unless an older one was chosen", () => {
    const { watch } = begun();
    const second = "run-1.terminal-2.cast";
    watch.receive({ type: "streams", names: [CAST, LOG, second] });
    expect(watch.state.shown).toBe(second);
    watch.choose(CAST);
    watch.receive({ type: "streams", names: [CAST, LOG, second, "run-2.terminal-1.cast"] });
    expect(watch.state.shown).toBe(CAST);
    expect(watch.state.terminals).toHaveLength(3);
  });
});

describe("what the log tells", () => {
  it("the mode, and whether keys are held off", () => {
    const { watch } = begun();
    watch.receive(append(LOG, 0, STARTED));
    expect(watch.state.started?.grant.mode).toBe("control");
    const paused = '{"t": 5, "event": "input_paused", "why": "customer away"}\n';
    watch.receive(append(LOG, bytes(STARTED).length, paused));
    expect(watch.state.paused).toBe("customer away");
    expect(watch.state.log.map((line) => line.at)).toEqual([1000, 1005]);
  });

  it("refusals of this viewer's keys, and of nobody else's", () => {
    const { watch } = begun();
    const refused = (viewer: string) =>
      `{"t": 1, "event": "refused", "viewer": "${viewer}", "person": "x", "why": "paused"}\n`;
    watch.receive(append(LOG, 0, refused("v2")));
    expect(watch.state.refusal).toBeNull();
    watch.receive(append(LOG, bytes(refused("v2")).length, refused("v1")));
    expect(watch.state.refusal).toEqual({ why: "paused", count: 1 });
  });

  it("runs that arrive side by side, in order of time", () => {
    const { watch } = begun();
    watch.receive({ type: "streams", names: [CAST, LOG, "run-2.log"] });
    const second = STARTED.replace('"t":0', '"t":50').replace("1000", "1050");
    watch.receive(append("run-2.log", 0, second));
    watch.receive(append(LOG, 0, STARTED));
    expect(watch.state.log.map((line) => line.at)).toEqual([1000, 1050]);
  });
});
