import { describe, expect, it } from "vitest";
import { stretches } from "../src/customer/visible-text";

describe("a line", () => {
  it.each([
    ["ls -l /tmp", ["plain:ls -l /tmp"]],
    ["", []],
    [" rm  -r x ", ["space: ", "plain:rm", "space:  ", "plain:-r x", "space: "]],
    ["cat р é", ["plain:cat ", "foreign:р", "plain: ", "foreign:é"]],
    ["   ", ["space:   "]],
    ["\u202etxt", ["foreign:\u202e", "plain:txt"]],
  ])("%j shows what could be overlooked, and loses nothing", (line, cut) => {
    expect(stretches(line).map(({ kind, text }) => `${kind}:${text}`)).toEqual(cut);
    expect(
      stretches(line)
        .map(({ text }) => text)
        .join(""),
    ).toBe(line);
  });
});
