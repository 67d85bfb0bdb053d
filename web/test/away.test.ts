import { describe, expect, it } from "vitest";
import type { AbsenceReport, Reports } from "../src/away";
import { changes, isWorthIt, newestEnded, reportsShape, stretchWords, toOpen } from "../src/away";
import { clock } from "../src/clock";
import { driftHash, readDrift, readStretch, stretchHash } from "../src/stretch";

const line = {
  t: 130,
  terminal: "run-1.terminal-1.cast",
  line: "ip route",
  persons: ["customer"],
  how: "told",
  over: "ended",
  status: 2,
  command: "1-4",
};
const change = { text: "mtu of eth1 1500 → 9000", since: 90, until: 140, at: null, early: true };

const absence = (some: Partial<AbsenceReport> = {}): AbsenceReport => ({
  n: 1,
  since: 100,
  until: 110,
  says: "the network was lost",
  parts: [{ kind: "link-lost", since: 100, until: 110, cause: "the network was lost" }],
  typists: [],
  lines: [],
  more_lines: 0,
  drift: [],
  more: 0,
  read: [1, 2],
  pending: false,
  limits: [],
  gaps: [],
  notes: [],
  terminal: "",
  ...some,
});
const drift = [{ area: "links", title: "Links", changes: [{ ...change, lines: [line] }] }];
const earlier = { since: -3600, drift, more: 2, limits: [] };
const reports = (some: Partial<Reports>): Reports => ({
  began: 1000,
  earlier: null,
  absences: [],
  ...some,
});

describe("a report", () => {
  it("is read as the broker makes it", () => {
    const told = reports({ earlier, absences: [absence({ drift, lines: [line], until: null })] });
    expect(reportsShape(JSON.parse(JSON.stringify(told)))).toEqual(told);
  });

  it.each([
    [{ until: 159 }, false],
    [{ until: 160 }, true],
    [{ until: null }, false],
    [{ lines: [line] }, true],
    [{ drift }, true],
    [{ gaps: [{ since: 100, until: 105, cause: "recorder-stopped" }] }, true],
    [{ notes: [{ t: 130, by: "carol", text: "we changed the MTU" }] }, true],
  ])("%j is worth opening: %s", (some, isWorth) => expect(isWorthIt(absence(some))).toBe(isWorth));

  it("counts the changes that it leaves out", () => expect(changes(earlier)).toBe(3));

  it("says how long, also of what goes on", () => {
    const [from, to] = [clock(1000, 5000), clock(4960, 5000)];
    expect(stretchWords(1000, 4960, 5000)).toBe(`${from} to ${to}, 66 min`);
    expect(stretchWords(1000, 1040, 5000)).toBe(`${from}, 40 s`);
    expect(stretchWords(1000, null, 1040)).toBe(`since ${from}, 40 s so far`);
  });
});

describe("the report that opens by itself", () => {
  const long = (n: number) => absence({ n, until: 1000 });

  it.each([
    ["nothing", reports({}), -1, null],
    ["what changed before the session", reports({ earlier }), -1, 0],
    ["that, once it was closed", reports({ earlier }), 0, null],
    [
      "no change before the session",
      reports({ earlier: { ...earlier, drift: [], more: 0 } }),
      -1,
      null,
    ],
    ["the newest of several", reports({ absences: [long(1), long(2)], earlier }), -1, 2],
    ["none that was closed", reports({ absences: [long(1), long(2)] }), 2, null],
    ["none that goes on", reports({ absences: [long(1), absence({ n: 2, until: null })] }), -1, 1],
    ["none that is not worth it", reports({ absences: [absence()] }), -1, null],
  ])("is %s", (_what, told, closed, n) => expect(toOpen(told, closed)).toBe(n));

  it("leaves what goes on to be opened when it is over", () => {
    const told = reports({ absences: [long(1), absence({ n: 2, until: null })] });
    expect(newestEnded(told)).toBe(1);
    expect(toOpen(reports({ absences: [long(1), long(2)] }), newestEnded(told))).toBe(2);
  });
});

describe("a stretch in a replay's address", () => {
  it.each([
    { since: 12.5, until: 99, terminal: "run-1.terminal-1.cast" },
    { since: 0, until: null, terminal: null },
  ])("%j comes back", (one) => expect(readStretch(stretchHash(one))).toEqual(one));

  it.each(["", "#", "#drift", "#since=", "#since=x", "#until=3"])("is none in %j", (hash) =>
    expect(readStretch(hash)).toBeNull(),
  );

  it("asks for two fingerprints in its place", () => {
    expect(readDrift(driftHash([0, 12]))).toEqual({ between: { from: 0, to: 12 } });
    expect(readDrift(driftHash(null))).toEqual({});
    expect(["", "#drift=1", "#drift=a-b", "#since=3"].map(readDrift)).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });

  it("has no end before its beginning", () => {
    expect(readStretch("#since=9&until=3")).toEqual({ since: 9, until: null, terminal: null });
  });
});
