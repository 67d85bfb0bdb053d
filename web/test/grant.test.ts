import { describe, expect, it } from "vitest";
import { allows, banner, grantAfter, isUnattended, keysRefused, words } from "../src/grant";
import type { LogLine } from "../src/log";
import { LogReader } from "../src/log";
import { STARTED } from "./started";

/** Lines of a log whose session began at 1000. */
function log(...entries: readonly object[]): LogLine[] {
  const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
  return new LogReader()
    .feed(new TextEncoder().encode(text))
    .map((entry) => ({ at: 1000 + entry.t, entry }));
}

const ATTACHED = { t: 1, event: "attached", terminal: "run-1.terminal-1.cast" };

const after = (...entries: readonly object[]) => {
  const grant = log(STARTED, ATTACHED, ...entries).reduce(grantAfter, null);
  if (grant === null) throw new Error("no grant");
  return grant;
};
const TAKEN = { t: 10, event: "taken_back", by: "carol" };

describe("a grant", () => {
  it("is not known before the log has told", () => {
    expect(log(TAKEN).reduce(grantAfter, null)).toBeNull();
  });

  it("begins as the recorder says, in the host's time", () => {
    expect(after()).toMatchObject({ mode: "control", standing: "live", until: 8200, by: "" });
  });

  it.each([
    [[TAKEN], "taken-back", "taken-back", "carol"],
    [[TAKEN, { t: 11, event: "given_back", by: "carol" }], "live", null, ""],
    [[TAKEN, { t: 11, event: "expired" }], "expired", "expired", ""],
    [[TAKEN, { t: 11, event: "revoked", by: "dave" }], "revoked", "revoked", "dave"],
    [
      [
        { t: 11, event: "expired" },
        { t: 12, event: "given_back", by: "x" },
      ],
      "expired",
      "expired",
      "",
    ],
    [
      [
        { t: 5, event: "revoked", by: "dave" },
        { ...EXTENDED(), t: 6 },
      ],
      "revoked",
      "revoked",
      "dave",
    ],
    [[{ t: 5, event: "expired" }, EXTENDED()], "live", null, ""],
    [[TAKEN, EXTENDED()], "taken-back", "taken-back", "carol"],
    [[TAKEN, { ...STARTED, t: 20 }, { ...ATTACHED, t: 21 }], "live", null, ""],
    [[TAKEN, { ...STARTED, t: 20 }, { ...TAKEN, t: 21 }], "taken-back", "taken-back", "carol"],
  ])("%j", (entries, standing, refused, by) => {
    const grant = after(...entries);
    expect([grant.standing, keysRefused(grant), grant.by]).toEqual([standing, refused, by]);
    expect(banner(grant) === null).toBe(standing === "live");
  });

  it("changes its mode and its end", () => {
    const narrowed = { t: 5, event: "mode_changed", mode: "approve", before: "control", by: "c" };
    expect(keysRefused(after(narrowed))).toBe("mode");
    expect(after(EXTENDED()).until).toBe(1000 + 9000);
  });

  it("holds keys off while the customer is away, says so, and lets them again", () => {
    const paused = { t: 5, event: "input_paused", why: "the customer left the terminal" };
    expect(keysRefused(after(paused))).toBe("paused");
    expect(banner(after(paused))).toMatchObject({
      title: "Held off: the customer left the terminal",
      more: expect.stringMatching(/^Your keys are refused until the customer is/) as string,
    });
    const resumed = after(paused, { t: 6, event: "input_resumed" });
    expect([keysRefused(resumed), banner(resumed)]).toEqual([null, null]);
  });

  it("holds keys off in a new run until somebody is at a terminal", () => {
    const run = { ...STARTED, t: 20 };
    expect(keysRefused(after(run))).toBe("paused");
    expect(keysRefused(after(run, { ...ATTACHED, t: 21 }))).toBeNull();
    const goesOn = { ...run, grant: { ...run.grant, away: "continue" } };
    expect(keysRefused(after(goesOn))).toBeNull();
  });

  it("says where engineers go on with nobody there", () => {
    expect(isUnattended(after(), "continue", "away")).toBe(true);
    expect(isUnattended(after(), "continue", "idle")).toBe(false);
    expect(isUnattended(after(), "pause", "away")).toBe(false);
    expect(isUnattended(after(TAKEN), "continue", "away")).toBe(false);
  });

  it("ends by the broker's clock where the host's is wrong", () => {
    const link = { event: "link_up", cause: "", since: 0 };
    const first = { ...link, t: 1, wall: 1001, broker_wall: 1301 };
    const second = { ...link, t: 2, wall: 1002, broker_wall: 1402 };
    expect(after(first).until).toBe(8200 + 300);
    expect(after(first, second).until).toBe(8200 + 400);
    expect(after(first, EXTENDED()).until).toBe(10_000 + 300);
  });
});

function EXTENDED() {
  return { t: 6, event: "extended", until: 9000, by: "carol" };
}

describe("in words", () => {
  it.each([
    [after(), 8200 - 7200, "control: you may type", "2 h 0 min left"],
    [after(), 8200 - 540, "control: you may type", "expires in 9 min"],
    [after(TAKEN), 1000, "taken back by carol (mode control)", "2 h 0 min left"],
    [after({ t: 5, event: "expired" }), 1000, "the grant has expired", ""],
  ])("%#", (grant, now, says, left) => expect(words(grant, now)).toEqual({ says, left }));
});

describe("modes", () => {
  it("allow what those before them do", () => {
    expect(allows("control", "approve")).toBe(true);
    expect(allows("approve", "control")).toBe(false);
  });
});
