import { describe, expect, it } from "vitest";
import { fittingFontSize, scaleToFit } from "../src/live/fit";
import { BadShape } from "../src/shape";
import { Pace } from "../src/replay/pace";
import { readLogs, readRecording, terminalAt } from "../src/replay/recording";
import { STARTED } from "./started";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("pace", () => {
  it("is one to one where no pause is skipped", () => {
    const pace = new Pace([1, 50, 100], Infinity);
    expect(pace.duration).toBe(100);
    expect([0, 42, 100, 120].map((t) => pace.toPlayer(t))).toEqual([0, 42, 100, 100]);
    expect(pace.toSession(42)).toBe(42);
  });

  it("cuts pauses, the one before the first event too", () => {
    const pace = new Pace([10, 11, 51, 52], 2);
    expect(pace.duration).toBe(6);
    expect([0, 1, 5, 10, 11, 12, 30, 51, 52].map((t) => pace.toPlayer(t))).toEqual([
      0, 1, 2, 2, 3, 4, 5, 5, 6,
    ]);
    expect([0, 1, 2, 3, 4, 5, 6].map((t) => pace.toSession(t))).toEqual([0, 1, 10, 11, 12, 51, 52]);
  });

  it("tells playing over an end from a jump beyond it, however late it is asked", () => {
    const pace = new Pace([1, 50, 100], Infinity);
    expect(pace.hasPlayedOver(50, 49.9, 50.1, 0.2)).toBe(true);
    expect(pace.hasPlayedOver(50, 48, 51.5, 3.5)).toBe(true);
    expect(pace.hasPlayedOver(50, 48, 51.5, 0.2)).toBe(false);
    expect(pace.hasPlayedOver(50, 48, 49.9, 0.2)).toBe(false);
    expect(pace.hasPlayedOver(50, 50, 50.2, 0.2)).toBe(false);
    expect(pace.hasPlayedOver(50, Infinity, 60, 0.2)).toBe(false);
  });

  it("measures what was played by the player's time, where pauses are cut", () => {
    const pace = new Pace([10, 11, 51, 52], 2);
    expect(pace.hasPlayedOver(50, 11.5, 51, 0.2)).toBe(false);
    expect(pace.hasPlayedOver(50, 12.8, 51, 0.2)).toBe(true);
  });
});

describe("a recording to replay", () => {
  const HEADER = '{"version": 2, "width": 80, "height": 24, "timestamp": 1700000000}\n';

  it("knows its times and leaves a torn line out", () => {
    const whole = `${HEADER}[100.5, "o", "a"]\n[101.25, "m", "x"]\n`;
    const recording = readRecording("x", bytes(`${whole}[102.0, "o", "tor`));
    expect(recording.times).toEqual([100.5, 101.25]);
    expect(recording.text).toBe(whole);
  });

  it("is refused where it is none", () => {
    expect(() => readRecording("x", bytes("<html>\n"))).toThrow(BadShape);
    expect(() => readRecording("x", bytes(""))).toThrow(BadShape);
  });

  it("may hold nothing yet", () => {
    expect(readRecording("x", bytes(HEADER)).times).toEqual([]);
  });
});

describe("the terminal of a moment", () => {
  const [first, second] = ["run-1.terminal-1.cast", "run-1.terminal-2.cast"];
  const { began, spans } = readLogs([
    [
      { ...STARTED, t: 0 },
      { t: 1, event: "opened", terminal: first },
      { t: 30, event: "opened", terminal: second },
      { t: 40, event: "closed", terminal: first },
    ]
      .map((entry) => `${JSON.stringify(entry)}\n`)
      .join(""),
    "a line that makes no sense\n",
  ].map(bytes));

  it("stands on the clock of the log", () => expect(began).toBe(1000.5));

  it("is the shown one where that was open", () => {
    expect(terminalAt(35, first, spans)).toBe(first);
    expect(terminalAt(35, second, spans)).toBe(second);
  });

  it("is another that was open where the shown one was not", () => {
    expect(terminalAt(50, first, spans)).toBe(second);
    expect(terminalAt(10, second, spans)).toBe(first);
  });

  it("ends with its run, also where that was killed", () => {
    const run = (t: number, terminal: string) =>
      [
        { ...STARTED, t },
        { t: t + 1, event: "opened", terminal },
      ]
        .map((entry) => `${JSON.stringify(entry)}\n`)
        .join("");
    const killed = readLogs([run(0, first), run(100, "run-2.terminal-1.cast")].map(bytes));
    expect(killed.began).toBe(1000.5);
    expect(killed.spans.get(first)).toEqual({ since: 1, until: 100 });
    expect(terminalAt(150, first, killed.spans)).toBe("run-2.terminal-1.cast");
  });

  it("stays where none was", () => {
    expect(terminalAt(0, first, spans)).toBe(first);
  });
});

describe("fitting a screen into its room", () => {
  const room = { width: 1000, height: 600 };

  it("uses the side that is short", () => {
    expect(fittingFontSize({ width: 800, height: 300 }, 13, room)).toBe(16.25);
    expect(fittingFontSize({ width: 400, height: 600 }, 13, room)).toBe(13);
  });

  it("makes letters neither huge nor too small for browsers, and scales the rest", () => {
    expect(fittingFontSize({ width: 80, height: 30 }, 13, room)).toBe(22);
    expect(fittingFontSize({ width: 9000, height: 9000 }, 13, room)).toBe(4);
    expect(scaleToFit({ width: 2000, height: 600 }, room)).toBe(0.5);
    expect(scaleToFit({ width: 500, height: 300 }, room)).toBe(1);
  });
});
