import { describe, expect, it } from "vitest";
import { LogReader, byAge, readEntry, runAndTerminal, words } from "../src/log";
import { BadShape } from "../src/shape";

const says = (entry: object) => words(readEntry(JSON.stringify({ t: 100, ...entry })))?.text;

const STARTED = {
  event: "started",
  wall: 1_700_000_100,
  recorder: { user: "root" },
  shell: { user: "carol" },
  protected: true,
  grant: { mode: "control" },
};

describe("an entry", () => {
  it.each([
    [STARTED, "recorder started, mode control"],
    [{ event: "joined", viewer: "v", person: "alice" }, "alice joined"],
    [{ event: "left", viewer: "v", person: "alice" }, "alice left"],
    [{ event: "link_lost", why: "x" }, "link lost; the host went on recording"],
    [{ event: "link_up", cause: "", since: 100 }, "connected"],
    [{ event: "link_up", cause: "network lost", since: 60 }, "link back after 40 s: network lost"],
    [{ event: "disconnected" }, "disconnected by the customer; the host went on recording"],
    [{ event: "detached", terminal: "x", why: "hung-up" }, "customer away: hung up"],
    [
      { event: "gap", since: 10, until: 100, cause: "recorder-stopped" },
      "gap of 90 s: recorder stopped; nothing was recorded",
    ],
    [
      { event: "refused", viewer: "v", person: "bob", why: "paused" },
      "keys of bob refused: held off while the customer is not there",
    ],
    [
      { event: "refused", viewer: "v", person: "bob", why: "something-new" },
      "keys of bob refused: something-new",
    ],
    [{ event: "opened", terminal: "run-1.terminal-2.cast" }, "terminal 2 opened"],
  ])("%j", (entry, text) => expect(says(entry)).toBe(text));

  it("of a newer version is let through and not shown", () => {
    expect(readEntry('{"t": 1, "event": "approved"}')).toEqual({ event: "other", t: 1 });
    expect(says({ event: "approved" })).toBeUndefined();
  });

  it.each(["oops", "[]", '{"event": "left"}', '{"t": 1, "event": "left", "viewer": "v"}'])(
    "%s is refused",
    (line) => expect(() => readEntry(line)).toThrow(BadShape),
  );
});

describe("a session log", () => {
  it("knows when the session began, and holds torn lines back", () => {
    const reader = new LogReader();
    const line = new TextEncoder().encode(`${JSON.stringify({ t: 100, ...STARTED })}\n`);
    expect(reader.feed(line.subarray(0, 20))).toEqual([]);
    expect(reader.began).toBeNull();
    expect(reader.feed(line.subarray(20))).toHaveLength(1);
    expect(reader.began).toBe(1_700_000_000);
  });
});

describe("a session log from a host that is not right", () => {
  it("loses none but the lines that make no sense", () => {
    const lines = ['{"t": 3, "event": "active"}', "oops", '{"t": 4, "event": "expired"}'];
    const entries = new LogReader().feed(new TextEncoder().encode(`${lines.join("\n")}\n`));
    expect(entries).toEqual([
      { event: "active", t: 3 },
      { event: "unreadable", t: 3 },
      { event: "expired", t: 4 },
    ]);
  });
});

describe("names of recordings", () => {
  it("sort by age", () => {
    const names = ["run-10.terminal-1.cast", "run-2.terminal-10.cast", "run-2.terminal-9.cast"];
    expect([...names].sort(byAge)).toEqual([names[2], names[1], names[0]]);
  });

  it("read well", () => {
    expect(runAndTerminal("run-2.terminal-1.cast")).toBe("run 2, terminal 1");
  });
});
