import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { AT_END, EVERYTHING, commandAt, persons, rowsOf, windowOf } from "../src/command-rows";
import { commandsOf } from "../src/commands";
import type { Entry } from "../src/log";
import { readEntry } from "../src/log";
import { outcome } from "../src/outcome";
import { STARTED } from "./started";

interface Golden {
  readonly name: string;
  readonly entries: readonly { readonly event: string }[];
  readonly told: object;
}

const GOLDEN = JSON.parse(
  readFileSync(new URL("../../tests/golden/commands.json", import.meta.url), "utf8"),
) as Golden[];

/** Fields that every such entry has, and that tell nothing of commands. */
const REST: Readonly<Record<string, object>> = { started: STARTED, link_up: { broker_wall: 1 } };

const read = (entries: readonly { readonly event: string }[]): Entry[] =>
  entries.map((entry) => readEntry(JSON.stringify({ ...REST[entry.event], ...entry })));

describe("commands of a log", () => {
  it.each(GOLDEN)("are told as the broker tells them: $name", ({ entries, told }) => {
    const { commands, ...rest } = commandsOf(read(entries));
    const plain = commands.map((one) => ({ ...one, shares: Object.fromEntries(one.shares) }));
    expect({ ...rest, commands: plain }).toEqual(told);
  });
});

const TERMINAL = "run-1.terminal-1.cast";
const start = (n: number, line: string, some: object = {}) => ({
  event: "command_started",
  t: n * 10,
  command: `1-${n}`,
  terminal: TERMINAL,
  line,
  shell: "bash 5.2",
  depth: 1,
  cwd: "/root",
  shares: { alice: 3 },
  offset: n * 100,
  ...some,
});
const end = (n: number, status: number | null) => ({
  event: "command_ended",
  t: n * 10 + 1,
  command: `1-${n}`,
  terminal: TERMINAL,
  status,
  offset: n * 100 + 50,
});

const { commands } = commandsOf(
  read([
    start(1, "zpool status"),
    end(1, 0),
    start(2, "sudo -i", { shares: { customer: 7, alice: 1 } }),
    start(3, "systemctl restart nfs", { depth: 2, shares: { customer: 20 } }),
    end(3, 1),
    start(4, "bash", { depth: 2, cwd: "/tank" }),
    start(5, "ls", { depth: 3 }),
  ]),
);
const ids = (filter: object) =>
  rowsOf(commands, { ...EVERYTHING, ...filter }).map(({ command }) => command.id);

describe("rows of a list", () => {
  it("stand within what they were entered in, also where that is left out", () => {
    const nestings = rowsOf(commands, EVERYTHING).map(({ nesting }) => nesting);
    expect(nestings).toEqual([0, 0, 1, 1, 2]);
    expect(rowsOf(commands, { ...EVERYTHING, isFailed: true })).toMatchObject([
      { command: { id: "1-3" }, nesting: 1 },
    ]);
  });

  it.each([
    [{ person: "customer" }, ["1-2", "1-3"]],
    [{ presence: "away" }, []],
    [{ presence: "present", person: "alice" }, ["1-1", "1-2", "1-4", "1-5"]],
    [{ text: " ZPOOL" }, ["1-1"]],
    [{ text: "/tank" }, ["1-4"]],
  ])("are those that pass %j", (filter, left) => expect(ids(filter)).toEqual(left));

  it("name who typed, whoever typed most first", () => {
    expect(persons(commands)).toEqual(["customer", "alice"]);
  });
});

describe("the command at a time", () => {
  it.each([
    [9, undefined],
    [10, "1-1"],
    [25, "1-2"],
    [99, "1-5"],
  ])("%d is %s", (t, id) => expect(commandAt(commands, TERMINAL, t)?.id).toBe(id));

  it("is none of another terminal", () => expect(commandAt(commands, "other", 99)).toBeNull());
});

describe("the window of a long list", () => {
  const window = (first: number, last: number) => ({ first, last });
  it.each([
    ["the newest at first", AT_END, 2000, null, window(1800, Infinity)],
    ["all where there are few", AT_END, 3, null, window(0, Infinity)],
    ["what was shown, and what came", window(1700, Infinity), 2001, null, window(1700, Infinity)],
    ["no more than some pages of it", window(0, Infinity), 401, null, window(201, Infinity)],
    ["around what is to be seen", window(1800, Infinity), 2000, 500, window(400, 600)],
    ["the same while that is in it", window(400, 600), 2000, 599, window(400, 600)],
    ["at the end again for the newest", window(400, 600), 2000, null, window(1800, Infinity)],
    ["none of none", AT_END, 0, null, window(0, Infinity)],
  ])("is %s", (_what, shown, count, row, wanted) =>
    expect(windowOf(shown, count, row)).toEqual(wanted),
  );
});

describe("how a command ended", () => {
  it.each([
    ["ended", 0, "exit 0", "ok"],
    ["ended", 1, "exit 1", "failed"],
    ["ended", 130, "SIGINT (130)", "failed"],
    ["ended", 200, "exit 200", "failed"],
    ["ended", null, "ended", "quiet"],
    ["stopped", 148, "stopped", "attention"],
    ["running", null, "running 12 s", "running"],
    ["lost", null, "lost", "attention"],
    ["inferred", null, "", "quiet"],
  ])("%s with %s is told as %s", (over, status, text, tone) =>
    expect(outcome({ over, status }, 12)).toEqual({ text, tone }),
  );
});
