import { describe, expect, it } from "vitest";
import { readEntry } from "../src/log";
import type { Proposal } from "../src/proposals";
import { isEdited, proposalsAfter, words } from "../src/proposals";
import { wrong, tidied } from "../src/proposing";
import { STARTED } from "./started";

function after(...entries: readonly object[]): readonly Proposal[] {
  return entries
    .map((entry) => ({ at: 1000, entry: readEntry(JSON.stringify({ t: 0, ...entry })) }))
    .reduce(proposalsAfter, []);
}

const PROPOSED = {
  event: "proposed",
  proposal: "1",
  viewer: "v1",
  person: "alice",
  terminal: "run-1.terminal-1.cast",
  text: "zpool clear",
  why: "",
  expect: "",
};
const APPROVED = { event: "approved", proposal: "1", by: "carol", how: "asked" };
const AS_IT_WAS = { ...APPROVED, text: "zpool clear", edited: false };
const RAN = { ...PROPOSED, event: "ran", by: "carol" };

describe("a proposal", () => {
  it.each([
    [[], "waiting", "waits for the customer"],
    [[AS_IT_WAS], "approved", "approved by carol; waits for a prompt"],
    [[AS_IT_WAS, RAN], "ran", "ran, let run by carol"],
    [[{ ...AS_IT_WAS, how: "times" }, RAN], "ran", "ran, let run by carol without asking again"],
    [
      [{ event: "proposal_refused", proposal: "1", by: "carol", word: "not at noon" }, AS_IT_WAS],
      "refused",
      "refused by carol: not at noon",
    ],
    [
      [{ event: "withdrawn", proposal: "1", why: "taken-back" }],
      "withdrawn",
      "withdrawn: taken back",
    ],
    [[AS_IT_WAS, { ...STARTED, t: 9 }], "withdrawn", "withdrawn: the recorder was stopped"],
    [[AS_IT_WAS, RAN, { ...STARTED, t: 9 }], "ran", "ran, let run by carol"],
  ])("%j", (entries, state, says) => {
    const [one] = after(PROPOSED, ...entries);
    expect(one?.state).toBe(state);
    expect(one && words(one)).toBe(says);
    expect(one && isEdited(one)).toBe(false);
  });

  it("keeps what was proposed beside what ran", () => {
    const text = "zpool status";
    const [one] = after(PROPOSED, { ...APPROVED, text, edited: true }, { ...RAN, text });
    expect(one).toMatchObject({ proposed: "zpool clear", text, state: "ran" });
    expect(one && isEdited(one)).toBe(true);
  });

  it("that nobody made is none", () => {
    expect(after(RAN)).toEqual([]);
  });

  it("of a later run may have an earlier one's number", () => {
    const [first, second] = after(PROPOSED, AS_IT_WAS, RAN, STARTED, PROPOSED);
    expect([first?.state, second?.state]).toEqual(["ran", "waiting"]);
  });
});

const NOT_SEEN = "the customer could not see what would run.";

describe("a draft", () => {
  const draft = (text: string, why = "", expect = "") => ({ text, why, expect });

  it.each([
    "zpool status",
    "cd /var/log\nls -l",
    "printf '漢字 é 😀'",
    Array(100).fill("x").join("\n"),
    "x".repeat(8192),
  ])("%# is right", (text) => expect(wrong(draft(text))).toBeNull());

  it.each([
    [" \n ", "There is nothing to propose yet."],
    [Array(101).fill("x").join("\n"), "A proposal has at most 100 lines; this one has 101."],
    ["é".repeat(4097), "A proposal has at most 8192 bytes; this one has 8194."],
    ["\tls", `The line has a tab (write spaces): ${NOT_SEEN}`],
    ["ls\nrm\u0007", `Line 2 has a control character (U+0007): ${NOT_SEEN}`],
    ["ls \u202egpj", `The line has a character that can't be seen (U+202E): ${NOT_SEEN}`],
    ["a\u200bb", `The line has a character that can't be seen (U+200B): ${NOT_SEEN}`],
    ["a\u00a0b", `The line has a character that can't be seen (U+00A0): ${NOT_SEEN}`],
    ["a\ud800b", `The line has a character that can't be seen (U+D800): ${NOT_SEEN}`],
  ])("%# is wrong", (text, says) => expect(wrong(draft(text))).toBe(says));

  it("has asides of one line", () => {
    expect(wrong(draft("ls", "x".repeat(501)))).toBe(
      "“why” has at most 500 characters; it has 501.",
    );
    expect(wrong(draft("ls", "", "a\u202eb"))).toBe(
      "“what you expect” has a character that can't be seen (U+202E).",
    );
  });

  it("loses the empty lines around it and no other", () => {
    expect(tidied(draft("\r\n  ls\r\n\r\npwd\n\n ", " a ")).text).toBe("  ls\n\npwd");
  });
});
