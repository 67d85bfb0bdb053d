import { describe, expect, it } from "vitest";
import type { Step } from "../src/cast";
import { Watch, turnsNow } from "../src/live/watch";
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
  it("asks for logs from the start and for a snapshot of the newest run's first terminal", () => {
    const watch = new Watch(new Told());
    const casts = ["run-1.terminal-1.cast", "run-2.terminal-1.cast", "run-2.terminal-2.cast"];
    const names = [...casts, "run-1.log", "run-2.log"];
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

  it("follows a newer run, but no other terminal: somebody may be typing here", () => {
    const { watch } = begun();
    const names = [CAST, LOG, "run-1.terminal-2.cast"];
    watch.receive({ type: "streams", names });
    expect(watch.state.shown).toBe(CAST);
    names.push("run-2.log", "run-2.terminal-1.cast");
    watch.receive({ type: "streams", names });
    expect(watch.state.shown).toBe("run-2.terminal-1.cast");
    watch.choose(CAST);
    watch.receive({ type: "streams", names: [...names, "run-3.terminal-1.cast"] });
    expect(watch.state.shown).toBe(CAST);
    expect(watch.state.terminals).toHaveLength(4);
  });
});

describe("what the log tells", () => {
  it("the mode, and whether keys are held off", () => {
    const { watch } = begun();
    watch.receive(append(LOG, 0, STARTED));
    expect(watch.state.grant?.mode).toBe("control");
    const paused = '{"t": 5, "event": "input_paused", "why": "customer away"}\n';
    watch.receive(append(LOG, bytes(STARTED).length, paused));
    expect(watch.state.grant?.paused).toBe("customer away");
    expect(watch.state.log.map((line) => line.at)).toEqual([1000, 1005]);
  });

  it("refusals of this viewer's keys, and of nobody else's", () => {
    const { watch } = begun();
    const refused = (viewer: string) =>
      `{"t": 1, "event": "refused", "viewer": "${viewer}", "person": "x", "why": "paused"}\n`;
    watch.receive(append(LOG, 0, refused("v2")));
    expect(watch.state.notice).toBeNull();
    watch.receive(append(LOG, bytes(refused("v2")).length, refused("v1")));
    expect(watch.state.notice).toEqual({
      code: "paused",
      says: "Not sent: held off while the customer is not there.",
      weight: "attention",
      count: 1,
    });
  });

  it("news, from the moment on at which this viewer joined", () => {
    const { watch } = begun();
    let offset = 0;
    const happens = (t: number, event: string, more: object) => {
      const line = `${JSON.stringify({ t, event, ...more })}\n`;
      watch.receive(append(LOG, offset, line));
      offset += bytes(line).length;
    };
    happens(1, "hold_lifted", { hold: "h1", by: "carol" });
    expect(watch.state.notice).toBeNull();
    happens(2, "joined", { viewer: "v1", person: "alice" });
    happens(3, "given_back", { by: "carol" });
    const says = "carol gives back: engineers may go on";
    expect(watch.state.notice).toEqual({ code: "given_back", says, weight: "good", count: 1 });
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

describe("what this viewer wants", () => {
  const want = { type: "request", by: "", what: "control" } as const;
  const declined = { type: "declined", viewer: "v1", reason: "x", message: "not now" } as const;

  it("is declined where it was asked, until something else is", () => {
    const { watch } = begun();
    watch.wanted(want);
    watch.receive(declined);
    expect(watch.state.declined).toEqual({ want, message: "not now" });
    watch.wanted(want);
    expect(watch.state.declined).toBeNull();
  });

  it("may be keys", () => {
    const { watch } = begun();
    watch.wanted(want);
    watch.typed();
    watch.receive(declined);
    expect(watch.state.declined).toBeNull();
    expect(watch.state.notice).toEqual({
      code: "x",
      says: "Not done: not now.",
      weight: "attention",
      count: 1,
    });
  });
});

describe("whose turn it is", () => {
  const turn = (holder: string, person: string) =>
    ({ type: "turn", terminal: CAST, holder, person }) as const;

  it.each(["taken_back", "expired", "revoked"])("is no engineer's once %s", (event) => {
    const { watch } = begun();
    watch.receive(turn("v2", "bob"));
    watch.receive(append(LOG, 0, STARTED));
    expect(turnsNow(watch.state).size).toBe(1);
    watch.receive(append(LOG, STARTED.length, `{"t": 2, "event": "${event}", "by": "carol"}\n`));
    expect(turnsNow(watch.state).size).toBe(0);
    watch.receive(turn("customer", "carol"));
    expect(turnsNow(watch.state).size).toBe(1);
  });

  it("is nobody's when it was given up or the link is lost", () => {
    const { watch } = begun();
    watch.receive(turn("v2", "bob"));
    expect(watch.othersTurn(CAST)).toBe(true);
    expect(watch.state.turns.get(CAST)).toEqual({ holder: "v2", person: "bob" });
    watch.receive(turn("", ""));
    expect(watch.state.turns.size).toBe(0);
    watch.receive(turn("customer", "carol"));
    watch.receive({ type: "present", state: "link-lost", since: 1, detail: "", last: {} });
    expect(watch.state.turns.size).toBe(0);
  });

  it("is a person's in each of their windows", () => {
    const { watch } = begun();
    watch.receive(turn("v7", "alice"));
    expect(watch.othersTurn(CAST)).toBe(false);
    watch.receive(turn("customer", "alice"));
    expect(watch.othersTurn(CAST)).toBe(true);
  });
});
