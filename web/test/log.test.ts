import { describe, expect, it } from "vitest";
import { LogReader, byAge, readEntry, runAndTerminal, words } from "../src/log";
import { BadShape } from "../src/shape";
import { STARTED as begun } from "./started";

const says = (entry: object) => words(readEntry(JSON.stringify({ t: 100, ...entry })))?.text;

const STARTED = { ...begun, wall: 1_700_000_100, t: 100 };

const PROPOSED = {
  event: "proposed",
  proposal: "p1",
  viewer: "v",
  person: "alice",
  terminal: "run-1.terminal-1.cast",
  text: "zpool status",
  why: "",
  expect: "",
};
const LINK_UP = { event: "link_up", wall: 1, broker_wall: 1 };
const APPROVED = { event: "approved", proposal: "p1", by: "carol", text: "zpool status" };

describe("an entry", () => {
  it.each([
    [STARTED, "recorder started, mode control"],
    [{ event: "joined", viewer: "v", person: "alice" }, "alice joined"],
    [{ event: "left", viewer: "v", person: "alice" }, "alice left"],
    [{ event: "link_lost", why: "x", since: 96 }, "link lost; the host went on recording"],
    [{ ...LINK_UP, cause: "", since: 100 }, "connected"],
    [
      { ...LINK_UP, cause: "network lost", since: 60 },
      "link back after 40 s: the network was lost",
    ],
    [{ event: "disconnected" }, "disconnected by the customer; the host went on recording"],
    [{ event: "detached", terminal: "x", why: "hung-up" }, "customer away: hung up"],
    [
      { event: "gap", since: 10, until: 100, cause: "recorder-stopped" },
      "gap of 90 s: the recorder was stopped; nothing was recorded",
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
    [
      {
        event: "opened",
        terminal: "run-1.terminal-3.cast",
        login: { user: "root", tty: "pts/3", from: "10.0.0.7" },
      },
      "root on pts/3 from 10.0.0.7 logged in: recorded as terminal 3",
    ],
    [
      { event: "masked", terminal: "run-1.terminal-1.cast", what: "private key", count: 3 },
      "3 stretches were masked in terminal 1: private key",
    ],
    [
      { event: "mode_changed", mode: "watch", before: "approve", by: "carol" },
      "carol sets mode watch; it was approve",
    ],
    [{ event: "extended", until: 1900, by: "carol" }, "carol extends the grant: 30 min from now"],
    [{ event: "expires_soon", seconds: 600 }, "the grant expires in 10 min"],
    [{ event: "expires_soon", seconds: 60 }, "the grant expires in 1 min"],
    [{ ...PROPOSED, text: "cd /var/log\nls" }, "alice proposes (p1): cd /var/log …"],
    [{ ...PROPOSED, text: "ls \u202egpj.exe" }, "alice proposes (p1): ls ‹U+202E›gpj.exe"],
    [{ ...APPROVED, how: "asked", edited: false }, "carol approves p1"],
    [{ ...APPROVED, by: "carol (page)", how: "page", edited: false }, "carol (page) approves p1"],
    [{ ...APPROVED, how: "asked", edited: true }, "carol approves p1, edited: zpool status"],
    [
      { event: "proposal_refused", proposal: "p1", by: "carol", word: "not at noon" },
      "carol refuses p1: not at noon",
    ],
    [
      { ...PROPOSED, event: "ran", by: "carol", text: "zpool status" },
      "p1 ran in terminal 1, of alice, let run by carol: zpool status",
    ],
    [
      { event: "allowed", person: "alice", by: "carol", times: 3, kind: "" },
      "carol lets run unasked, of alice: the next 3 lines",
    ],
    [
      { event: "allowed", person: "alice", by: "carol", times: 0, kind: "zpool status" },
      "carol lets run unasked, of alice: lines that begin with zpool status",
    ],
    [{ event: "requested", viewer: "v", person: "bob", what: "time" }, "bob asks for more time"],
    [
      { event: "request_answered", what: "control", person: "bob", by: "carol", answer: "no" },
      "carol says no to bob: mode control",
    ],
    [
      { event: "entered", terminal: "run-1.terminal-1.cast", shares: { alice: 12, customer: 3 } },
      "a line typed by alice (12 characters) and customer (3)",
    ],
    [{ event: "entered", terminal: "run-1.terminal-1.cast", shares: { customer: 3 } }, undefined],
    [
      {
        event: "entered",
        terminal: "x",
        shares: { alice: 2, customer: 3 },
        line: "ls\u001b[2K \u202e",
      },
      "a line typed by alice (2 characters) and customer (3): ls‹U+001B›[2K ‹U+202E›",
    ],
    [
      { event: "stood_still", since: 34, until: 100, cause: "asleep" },
      "the host slept for 66 s: what was printed meanwhile has later times",
    ],
    [
      { event: "attention", viewer: "v", person: "al\u200bice", state: "asleep" },
      "al‹U+200B›ice has a page that sleeps",
    ],
    [{ event: "fingerprint", n: 1, why: "consent", limits: [] }, undefined],
    [
      { event: "fingerprint", n: 2, why: "left", limits: [{ probe: "zfs", why: "no such tool" }] },
      undefined,
    ],
    [
      {
        event: "fingerprint",
        n: 1,
        why: "consent",
        limits: [{ probe: "zfs", why: "no such tool" }],
      },
      "not in the host's fingerprint: zfs (no such tool)",
    ],
    [
      {
        event: "drift",
        n: 3,
        before: 2,
        changes: [
          ["links", "eth1", "mtu", "1500", "9000", null],
          ["files", "/etc/hosts", "", "1 kB", "2 kB", 99],
          ["links", "eth1", "state", "up", "down", null],
        ],
        more: 0,
      },
      "3 changes on the host: links, files",
    ],
    [
      {
        event: "drift",
        n: 1,
        before: 0,
        changes: [["packages", "x", "", "1", "2", null]],
        more: 0,
      },
      "1 change on the host since the last session there: packages",
    ],
    [
      { event: "noted", by: "carol", text: "we changed the MTU" },
      "the customer notes: we changed the MTU",
    ],
    [
      { event: "stopped", hold: "h1", terminal: "x", line: "zpool destroy tank", persons: ["bob"] },
      "stopped at hold h1, not run: zpool destroy tank (by bob)",
    ],
  ])("%j", (entry, text) => expect(says(entry)).toBe(text));

  it("of a newer version is let through and not shown", () => {
    expect(readEntry('{"t": 1, "event": "unheard_of"}')).toEqual({ event: "other", t: 1 });
    expect(says({ event: "unheard_of" })).toBeUndefined();
  });

  it.each(["oops", "[]", '{"event": "left"}', '{"t": 1, "event": "left", "viewer": "v"}'])(
    "%s is refused",
    (line) => expect(() => readEntry(line)).toThrow(BadShape),
  );
});

describe("a session log", () => {
  it("knows when the session began, and holds torn lines back", () => {
    const reader = new LogReader();
    const line = new TextEncoder().encode(`${JSON.stringify(STARTED)}\n`);
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
