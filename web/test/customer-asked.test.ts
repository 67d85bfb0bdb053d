import { describe, expect, it } from "vitest";
import { ANSWER_WITHIN, Acts, NO_ANSWER } from "../src/customer/asked";
import type { Grant } from "../src/grant";
import type { Proposal } from "../src/proposals";

const TAKE_BACK = { do: "take_back" } as const;
const RUN = { do: "approve", proposal: "1", text: "ls" } as const;
const grant = (standing: Grant["standing"]): Grant => ({
  mode: "approve",
  standing,
  until: 7200,
  by: "",
  since: 0,
  paused: null,
  skew: 0,
});
const proposal = (state: Proposal["state"]): Proposal => ({
  id: "1",
  at: 0,
  person: "alice",
  terminal: "run-1.terminal-1.cast",
  proposed: "ls",
  text: "ls",
  why: "",
  expect: "",
  state,
  by: "",
  how: "",
  word: "",
});
const NOTE = { do: "note", word: "the MTU", after: 1 } as const;
const note = (text: string) => ({ at: 0, by: "carol (page)", text });
const told = (standing: Grant["standing"], state: Proposal["state"], isEnded = false) => ({
  grant: grant(standing),
  proposals: [proposal(state)],
  notes: [note("the MTU")],
  isEnded,
});

function begun(...wishes: Parameters<Acts["begin"]>[0][]): Acts {
  const acts = new Acts();
  for (const wish of wishes) acts.begin(wish, 1000);
  return acts;
}

describe("acts", () => {
  it("are busy until the log tells of what they did", () => {
    const acts = begun(TAKE_BACK, RUN);
    acts.settle(told("live", "waiting"));
    expect([...acts.all.values()].map(({ isBusy }) => isBusy)).toEqual([true, true]);
    acts.settle(told("taken-back", "waiting"));
    expect([...acts.all.keys()]).toEqual(["proposal 1"]);
    acts.settle(told("taken-back", "withdrawn"));
    expect(acts.all.size).toBe(0);
  });

  it("have no answer when nothing comes in time, and one when it comes late", () => {
    const acts = begun(TAKE_BACK);
    acts.expire(1000 + ANSWER_WITHIN - 1);
    expect(acts.all.get("take_back")?.isBusy).toBe(true);
    acts.expire(1000 + ANSWER_WITHIN);
    expect(acts.all.get("take_back")).toMatchObject({ isBusy: false, says: NO_ANSWER });
    acts.settle(told("taken-back", "waiting"));
    expect(acts.all.size).toBe(0);
  });

  it("that are declined say why, and those answered before don't change", () => {
    const acts = begun(TAKE_BACK);
    acts.expire(1000 + ANSWER_WITHIN);
    acts.begin(RUN, 9000);
    acts.decline("this touches a hold");
    expect(acts.all.get("proposal 1")).toMatchObject({
      isBusy: false,
      says: "Not done: this touches a hold.",
    });
    expect(acts.all.get("take_back")?.says).toBe(NO_ANSWER);
  });

  it("to note are over when the log tells of the note, and not of the same one before", () => {
    const acts = begun(NOTE);
    acts.settle(told("live", "waiting"));
    expect(acts.all.get("note")?.isBusy).toBe(true);
    const notes = [note("the MTU"), note("something else")];
    acts.settle({ ...told("live", "waiting"), notes });
    expect(acts.all.size).toBe(1);
    acts.settle({ ...told("live", "waiting"), notes: [...notes, note("the MTU")] });
    expect(acts.all.size).toBe(0);
  });

  it("may be tried again", () => {
    const acts = begun(RUN);
    acts.decline("not now");
    acts.begin(RUN, 2000);
    expect(acts.all.get("proposal 1")).toMatchObject({ isBusy: true, says: "" });
  });

  it("are over when the session is", () => {
    const acts = begun({ do: "end" }, { do: "revoke" });
    acts.settle(told("live", "waiting"));
    expect(acts.all.size).toBe(2);
    acts.settle(told("live", "waiting", true));
    expect(acts.all.size).toBe(0);
  });
});
