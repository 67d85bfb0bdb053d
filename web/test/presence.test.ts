import { describe, expect, it } from "vitest";
import { clock, duration, place } from "../src/clock";
import { banner, isOutOfReach, isOver, lately, presenceShape, tone, words } from "../src/presence";

const NOW = Date.UTC(2026, 10, 22, 12, 30) / 1000;
const since = NOW - 40;
const at = clock(since, NOW);
const presence = (state: string) => ({ state, since, detail: "", last: null });

describe("presence in words", () => {
  it.each([
    ["waiting", "granted, not connected yet"],
    ["empty", "connected, customer not at the terminal yet"],
    ["at-keyboard", "customer at the keyboard"],
    ["idle", `customer idle since ${at}`],
    ["away", `customer away since ${at}`],
    ["disconnected", `disconnected by the customer since ${at}`],
    ["link-lost", "link lost 40 s ago, cause not known yet"],
    ["recorder-lost", `recorder stopped since ${at}`],
    ["over", `ended at ${at}`],
    ["ended", `ended at ${at}`],
    ["asleep", `asleep since ${at}`],
  ])("%s", (state, text) => expect(words(presence(state), NOW)).toBe(text));
});

describe("the banner over the last screen", () => {
  it.each([
    ["link-lost", `Link lost at ${at}`],
    ["disconnected", `Disconnected by the customer at ${at}`],
    ["recorder-lost", `The recorder on the host stopped at ${at}`],
    ["ended", `The session ended at ${at}`],
  ])("%s", (state, title) => expect(banner(presence(state), NOW)?.title).toBe(title));

  it("says that the host goes on recording", () => {
    expect(banner(presence("link-lost"), NOW)?.more).toMatch(/^The host goes on recording\./);
  });

  it.each(["at-keyboard", "idle", "away", "empty"])("does not cover a live screen: %s", (state) =>
    expect(banner(presence(state), NOW)).toBeNull(),
  );
});

describe("the latest absence", () => {
  const was = (cause: string, length: number, ago = 60) => ({
    ...presence("at-keyboard"),
    last: { cause, since: NOW - ago - length, until: NOW - ago },
  });
  const from = (ago: number) => clock(NOW - ago, NOW);

  it.each([
    ["asleep", 3960, `the host slept from ${from(4020)} to ${from(60)}`],
    ["network lost", 40, `the network was lost for 40 s at ${from(100)}`],
    ["reconnected", 600, `disconnected by the customer from ${from(660)} to ${from(60)}`],
    ["rebooted", 600, `the host was rebooted: link lost from ${from(660)} to ${from(60)}`],
    ["something-new", 40, `something new for 40 s at ${from(100)}`],
  ])("%s", (cause, length, text) => expect(lately(was(cause, length), NOW)).toBe(text));

  it("is no news after a while, or while the host is gone again", () => {
    expect(lately(was("asleep", 40, 601), NOW)).toBeNull();
    expect(lately({ ...was("asleep", 40), state: "link-lost" }, NOW)).toBeNull();
    expect(lately(presence("idle"), NOW)).toBeNull();
  });

  it("is none where the broker tells of none", () => {
    const told = { state: "idle", since, detail: "", last: {} };
    expect(presenceShape(told)).toEqual(presence("idle"));
    expect(() => presenceShape({ ...told, last: { cause: "asleep" } })).toThrow();
  });
});

describe("what a state means for the page", () => {
  it("tells the three kinds apart", () => {
    expect(isOutOfReach(presence("disconnected"))).toBe(true);
    expect(isOutOfReach(presence("ended"))).toBe(false);
    expect(isOver(presence("over"))).toBe(true);
    expect(tone(presence("something-new"))).toBe("quiet");
  });
});

describe("times", () => {
  it.each([
    [0, "0 s"],
    [119, "119 s"],
    [120, "2 min"],
    [7_199, "119 min"],
    [7_260, "2 h 1 min"],
    [-5, "0 s"],
  ])("a length of %d s", (seconds, text) => expect(duration(seconds)).toBe(text));

  it("names the day where it is another one", () => {
    expect(clock(NOW - 2 * 86_400, NOW)).toMatch(/^20 Nov \d\d:30$/);
  });

  it("names places in a recording", () => {
    expect([0, 61, 3_871].map(place)).toEqual(["0:00", "1:01", "1:04:31"]);
  });
});
