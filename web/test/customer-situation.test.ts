import { describe, expect, it } from "vitest";
import type { Look } from "../src/customer/looks";
import { endedWords, left, may, outOfReach, recorded, typing, who } from "../src/customer/situation";
import type { Grant } from "../src/grant";

const GRANT: Grant = {
  mode: "control",
  standing: "live",
  until: 7200,
  by: "",
  since: 0,
  paused: null,
  skew: 0,
};
const present = (state: string) => ({ state, since: 0, detail: "", last: null });

describe("what engineers may", () => {
  it.each([
    [{ mode: "watch" }, "Engineers may look, and not type.", "alive"],
    [{ mode: "approve" }, "nothing runs that you don't let run", "alive"],
    [{}, "Engineers may type into your terminals.", "alive"],
    [{ paused: "the customer-left" }, "only look until you are back", "held"],
    [{ standing: "taken-back" }, "Taken back", "held"],
    [{ standing: "expired" }, "The time is up", "over"],
    [{ standing: "revoked", mode: "watch" }, "Revoked, for good", "over"],
  ] as const)("%j", (some, says, tone) => {
    const told = may({ ...GRANT, ...some }, "pause");
    expect(told.text).toContain(says);
    expect(told.tone).toBe(tone);
  });

  it("also while nobody is there, says so", () =>
    expect(may(GRANT, "continue").text).toContain("also while you are away"));
});

it.each([
  ["", "Nobody else is here."],
  ["alice", "alice is here."],
  ["alice bob alice", "alice and bob are here."],
  ["alice bob dan", "alice, bob and dan are here."],
  ["alice:hidden", "alice (not looking) is here."],
  ["alice:hidden bob:asleep", "alice (not looking) and bob (page asleep) are here."],
  ["alice:asleep alice bob:asleep bob:hidden", "alice and bob (not looking) are here."],
])("of %s it says who is here", (persons, says) => {
  const here = persons.split(" ").filter(Boolean).map((one) => {
    const [person = "", look = "looking"] = one.split(":");
    return { person, look: look as Look };
  });
  expect(who(here)).toBe(says);
});

it("says why a session ended", () => {
  expect(endedWords({ at: 0, why: "" }, 0)).toMatch(/^The session ended at \d\d:\d\d\.$/);
  const why = "the customer left the terminal";
  expect(endedWords({ at: 0, why }, 0)).toContain(": the customer left the terminal.");
});

it.each([
  ["at-keyboard", true, "recorded; carol can't change it"],
  ["link-lost", true, "recorded; carol can't change it"],
  ["away", false, "recorded; carol could change it"],
  ["waiting", null, "not recorded yet"],
  ["recorder-lost", true, "not recorded: the recorder stopped"],
  ["ended", true, "the recording has ended"],
])("%s, protected %s: %s", (state, isProtected, says) =>
  expect(recorded(present(state), { protected: isProtected, shell: { user: "carol" } }).text).toBe(
    says,
  ),
);

it("tells when nothing that is pressed can arrive", () => {
  for (const state of ["waiting", "link-lost", "disconnected"])
    expect(outOfReach(present(state), 0)).toContain("can't reach it");
  expect(outOfReach(present("away"), 0)).toBeNull();
});

it.each([
  [3909, "1:05:09"],
  [299.2, "5:00"],
  [0.5, "0:01"],
  [-7, "0:00"],
])("%d s are %s", (seconds, says) => expect(left(1000 + seconds, 1000)).toBe(says));

it("tells who types, each once", () => {
  expect(typing([])).toBe("");
  const alice = { holder: "v1", person: "alice" };
  const customer = { holder: "customer", person: "carol" };
  expect(typing([alice, customer, alice])).toBe("alice is typing, your keyboard types");
});
