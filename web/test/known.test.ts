import { describe, expect, it } from "vitest";
import { openInPage } from "../src/bundle/in-page";
import { knownWords } from "../src/evidence/known";
import { STARTED } from "./started";

describe("how a stretch is known", () => {
  const at = { since: 0, until: 1 };

  it("says what could explain a gap, and accuses nobody", () => {
    const explanations = ["the host lost power", "the file was removed on the host"];
    expect(knownWords({ ...at, kind: "gap", cause: "stream-lost", explanations })).toBe(
      "gap: nothing was recorded: stream lost. " +
        "It may be that the host lost power, or the file was removed on the host",
    );
    expect(knownWords({ ...at, kind: "gap", cause: "disk-full", explanations: [] })).toBe(
      "gap: nothing was recorded: the host's disk was full",
    );
  });

  it("lets kinds through that it has no words for", () => {
    expect(knownWords({ ...at, kind: "dreamt", cause: "", explanations: [] })).toBe("dreamt");
  });
});

describe("a session in its page", () => {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const log = `${JSON.stringify({ ...STARTED, session: "s1" })}\n`;
  const told = {
    session: "s1",
    case: "1",
    engineer: "alice",
    host: "web1",
    made: { at: 1000, by: "host" },
    receipts: base64("x"),
    streams: { "run-1.log": base64(log), "run-1.terminal-1.cast": base64("header\n") },
    reports: {
      timeline: { last: 0, moments: [], stretches: [] },
      away: { began: null, earlier: null, absences: [] },
      evidence: { stretches: [] },
    },
  };

  it("is a source like the broker's", async () => {
    const { source } = openInPage(JSON.stringify(told));
    expect(source.told.began).toBe(1000.5);
    expect([...source.streams]).toEqual([
      ["run-1.log", log.length],
      ["run-1.terminal-1.cast", 7],
    ]);
    expect(Buffer.from(await source.stream("run-1.terminal-1.cast")).toString()).toBe("header\n");
    await expect(source.stream("run-2.log")).rejects.toMatchObject({ status: 404 });
  });

  it("may not be there", () => {
    expect(() => openInPage("{}")).toThrow();
    expect(() => openInPage(JSON.stringify({ ...told, streams: { "run-1.log": "!" } }))).toThrow();
  });
});
