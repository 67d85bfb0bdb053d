import { describe, expect, it } from "vitest";
import type { Looks } from "../src/customer/looks";
import { looksAfter } from "../src/customer/looks";
import { notesAfter, plainNote } from "../src/customer/notes";
import { pauseIn, pausesAfter } from "../src/customer/pauses";
import { readEntry } from "../src/log";
import { STARTED } from "./started";

const line = (t: number, event: string, fields: object = {}) => ({
  at: 1000 + t,
  entry: readEntry(JSON.stringify({ t, event, ...fields })),
});
const look = (viewer: string, event: string, state?: string) =>
  line(1, event, { viewer, person: "alice", state });

describe("who looks", () => {
  it.each([
    [[], {}],
    [[look("v1", "attention", "hidden")], { v1: "hidden" }],
    [[look("v1", "attention", "asleep"), look("v1", "attention", "looking")], { v1: "looking" }],
    [[look("v1", "attention", "hidden"), look("v1", "joined")], {}],
    [[look("v1", "attention", "hidden"), look("v2", "left")], { v1: "hidden" }],
    [[look("v1", "attention", "hidden"), look("v1", "left")], {}],
    [[look("v1", "attention", "hidden"), line(2, "started", STARTED)], {}],
    [[look("v1", "attention", "dreaming")], { v1: "looking" }],
  ])("%#", (lines, looks) => {
    const none: Looks = new Map();
    const told = lines.reduce((before, { entry }) => looksAfter(before, entry), none);
    expect(Object.fromEntries(told)).toEqual(looks);
  });
});

describe("the away policy", () => {
  const paused = line(10, "input_paused", { why: "the customer left the terminal" });
  const after = (...lines: Parameters<typeof pausesAfter>[1][]) => lines.reduce(pausesAfter, []);

  it("holds keys off from the leaving to the return", () => {
    expect(after(paused)).toEqual([{ since: 1010, until: null }]);
    const told = after(paused, line(50, "input_resumed"));
    expect(told).toEqual([{ since: 1010, until: 1050 }]);
    expect(pauseIn(told, 1010, 1050)).toBe(told[0]);
    expect(pauseIn(told, 1000, null)).toBe(told[0]);
    expect(pauseIn(told, 1050, 1060)).toBeNull();
    expect(after(line(50, "input_resumed"))).toEqual([]);
  });

  it("ends with the return, also to a recorder that began anew", () => {
    const anew = [line(30, "started", STARTED), line(40, "attached", { terminal: "t" })];
    expect(after(paused, ...anew)).toEqual([{ since: 1010, until: 1040 }]);
  });
});

describe("a note", () => {
  it("is told with who wrote it", () =>
    expect(notesAfter([], line(3, "noted", { by: "carol (page)", text: "a\nb" }))).toEqual([
      { at: 1003, by: "carol (page)", text: "a\nb" },
    ]));

  it.each([
    ["  We changed\u00a0the MTU!\r\n", "We changed the MTU!"],
    ["one\r\ntwo\u2028three\tfour", "one\ntwo\nthree four"],
    ["grün 漢字 👩\u200d💻 \u202e", "grün 漢字 👩💻"],
    [" \n\u200b", ""],
  ])("%j is sent as %j", (typed, sent) => expect(plainNote(typed)).toBe(sent));
});
