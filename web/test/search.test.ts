import { describe, expect, it } from "vitest";
import type { Hit } from "../src/search";
import {
  askedQuery,
  behindWords,
  foundShape,
  grouped,
  localOf,
  pieces,
  readAsked,
  replayOf,
  unixOf,
} from "../src/search";
import { momentHash, readMoment, readStretch } from "../src/stretch";

const hit = (session: string, t: number): Hit => ({
  session,
  case: { id: "c", title: "4711 pool degraded" },
  host: "nas1",
  engineer: "alice",
  began: 1000,
  terminal: "run-1.terminal-1.cast",
  t,
  kind: "command",
  command: "1-1",
  persons: ["alice"],
  line: "zpool status",
  status: 1,
  text: "zpool status",
  marks: [[0, 5]],
});

describe("a search in an address", () => {
  it("leaves out what is not asked for, and comes back", () => {
    const asked = { q: '"no such" zpool*', person: "", exit: "failed", since: "17" };
    const query = askedQuery(asked);
    expect(query).toBe("?q=%22no+such%22+zpool*&since=17&exit=failed");
    expect(readAsked(query)).toEqual({ q: asked.q, exit: "failed", since: "17" });
  });

  it("is none without words or filters", () => {
    expect(askedQuery({})).toBe("");
    expect(readAsked("?q=%20&before=3")).toEqual({});
  });

  it("has times in the zone of whoever looks", () => {
    const unix = unixOf("2026-11-22T12:04");
    expect(localOf(unix)).toBe("2026-11-22T12:04");
    expect([unixOf(""), unixOf("noon"), localOf(undefined), localOf("x")]).toEqual(["", "", "", ""]);
  });
});

describe("hits", () => {
  it("are read as the broker tells them", () => {
    const found = { hits: [hit("a", 1)], next: "12", behind: 0 };
    expect(foundShape(JSON.parse(JSON.stringify(found)))).toEqual(found);
  });

  it("stand together by session, the newest session first", () => {
    const groups = grouped([hit("b", 9), hit("a", 8), hit("b", 7)]);
    expect(groups.map(({ first, hits }) => [first.session, hits.map(({ t }) => t)])).toEqual([
      ["b", [9, 7]],
      ["a", [8]],
    ]);
  });

  it("open the replay at their moment", () => {
    expect(replayOf(hit("a", 8.5))).toBe(
      "/sessions/a/replay#at=8.5&terminal=run-1.terminal-1.cast",
    );
  });

  it.each([
    ["zpool status", [[0, 5]], ["*zpool", " status"]],
    ["a 😀 b", [[2, 3]], ["a ", "*😀", " b"]],
    ["no mark", [], ["no mark"]],
    ["abc", [[1, 9]], ["a", "*bc"]],
    ["abcd", [[2, 3], [0, 1]], ["ab", "*c", "d"]],
    ["", [[0, 0]], []],
  ])("%j with marks %j is %j", (text, marks, wanted) => {
    const found = pieces(text, marks).map((one) => (one.isMarked ? "*" : "") + one.text);
    expect(found).toEqual(wanted);
  });

  it.each([
    [0, ""],
    [10, "1 kB of recordings are not searched yet"],
    [12_300_000, "12 MB of recordings are not searched yet"],
  ])("%d bytes behind are told as %j", (bytes, says) => expect(behindWords(bytes)).toBe(says));
});

describe("a moment in a replay's address", () => {
  it.each([
    { at: 12.5, terminal: "run-1.terminal-1.cast" },
    { at: 0, terminal: null },
  ])("%j comes back, and is no stretch", (one) => {
    expect(readMoment(momentHash(one))).toEqual(one);
    expect(readStretch(momentHash(one))).toBeNull();
  });

  it.each(["", "#", "#at=", "#at=x", "#since=3"])("is none in %j", (hash) =>
    expect(readMoment(hash)).toBeNull(),
  );
});
