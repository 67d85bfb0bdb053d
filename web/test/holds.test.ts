import { describe, expect, it } from "vitest";
import { draftOf, holdsAfter, wrongHold } from "../src/holds";
import { readEntry } from "../src/log";
import { requestsAfter } from "../src/requests";
import { STARTED } from "./started";

const lines = (entries: readonly object[]) =>
  entries.map((entry) => ({ at: 1000, entry: readEntry(JSON.stringify({ t: 0, ...entry })) }));

const UP = {
  event: "hold_up",
  hold: "1",
  text: "do not touch pool/tank",
  patterns: ["zpool destroy", "pool/tank"],
  by: "carol",
  side: "customer",
  since: 900,
};

describe("holds", () => {
  const after = (...entries: readonly object[]) =>
    lines(entries)
      .reduce(holdsAfter, [])
      .map(({ id }) => id);

  it("are up until they are lifted", () => {
    expect(after(UP, { ...UP, hold: "2" })).toEqual(["1", "2"]);
    expect(after(UP, { ...UP, hold: "2" }, { event: "hold_lifted", hold: "1", by: "c" })).toEqual([
      "2",
    ]);
  });

  it("are told anew by each run", () => {
    expect(after(UP, { ...UP, hold: "2" }, STARTED, UP)).toEqual(["1"]);
    expect(after(UP, UP)).toEqual(["1"]);
  });
});

describe("a hold to put up", () => {
  it("has patterns one a line", () => {
    expect(draftOf(" keep off ", "zpool destroy\n\n  pool/tank \n")).toEqual({
      text: "keep off",
      patterns: ["zpool destroy", "pool/tank"],
    });
  });

  it.each([
    ["keep off", "zpool", null],
    ["", "zpool", "Say what nobody should touch."],
    ["x".repeat(301), "zpool", "The text has at most 300 characters; it has 301."],
    ["a\u202eb", "zpool", "The text has a character that can't be seen (U+202E)."],
    ["keep off", " \n", "Give at least one pattern: without one, nothing is stopped."],
    ["keep off", "ab\n".repeat(21), "A hold has at most 20 patterns; this one has 21."],
    ["keep off", "zpool\tlist", "A pattern has a tab (write spaces)."],
    ["keep off", "zpool\n*", "* matches nearly everything: two letters or digits, please."],
    ["keep off", "z*1", "z*1 matches nearly everything: two letters or digits, please."],
    ["keep off", "x".repeat(101), `A pattern has at most 100 characters: ${"x".repeat(40)} …`],
  ])("%#", (text, patterns, says) => expect(wrongHold(draftOf(text, patterns))).toBe(says));
});

describe("requests", () => {
  const after = (...entries: readonly object[]) =>
    lines(entries)
      .reduce(requestsAfter, [])
      .map(({ person, what, state }) => `${person} ${what} ${state}`);
  const asks = (what: string, person = "alice") => ({
    event: "requested",
    viewer: "v",
    person,
    what,
  });
  const answered = (what: string, answer: string) => ({
    event: "request_answered",
    what,
    person: "alice",
    by: "carol",
    answer,
  });

  it.each([
    [[asks("control")], ["alice control open"]],
    [[asks("control"), answered("control", "no")], ["alice control no"]],
    [[asks("control"), answered("control", "no"), asks("control")], ["alice control open"]],
    [
      [asks("terminal"), asks("terminal", "bob"), answered("terminal", "yes")],
      ["alice terminal yes", "bob terminal open"],
    ],
    [
      [asks("approve"), { event: "mode_changed", mode: "control", before: "watch", by: "carol" }],
      ["alice approve yes"],
    ],
    [
      [asks("control"), { event: "mode_changed", mode: "approve", before: "watch", by: "carol" }],
      ["alice control open"],
    ],
    [[asks("time"), { event: "extended", until: 9, by: "carol" }], ["alice time yes"]],
    [[asks("time"), { event: "revoked", by: "carol" }], []],
  ])("%#", (entries, told) => expect(after(...entries)).toEqual(told));
});
