import { describe, expect, it } from "vitest";
import { Link, MOST_SILENT, PING_AFTER, SILENT_AFTER, retryDelay } from "../src/link";
import { RemoteProtocolError } from "../src/wire";
import type { FromBroker } from "../src/wire";

const GREETING: FromBroker = { type: "watching", you: "v1", viewers: new Map() };
const SOMETHING: FromBroker = { type: "streams", names: [] };

function liveAt(now: number): Link {
  const link = new Link(now);
  link.receive(GREETING, now);
  return link;
}

describe("a link", () => {
  it("is live once greeted", () => {
    const link = new Link(0);
    expect(link.state).toBe("greeting");
    link.receive(GREETING, 10);
    expect(link.state).toBe("live");
  });

  it("refuses anything before the greeting", () => {
    expect(() => new Link(0).receive(SOMETHING, 0)).toThrow(RemoteProtocolError);
  });

  it("is lost when the greeting does not come", () => {
    const link = new Link(0);
    expect(link.due).toBe(SILENT_AFTER);
    expect(link.tick(SILENT_AFTER - 1)).toBeNull();
    expect(link.state).toBe("greeting");
    link.tick(SILENT_AFTER);
    expect(link.state).toBe("lost");
  });

  it("answers a ping", () => {
    expect(liveAt(0).receive({ type: "ping", n: 7 }, 1)).toEqual({ type: "pong", n: 7 });
  });

  it("asks after two seconds, again after four, and is lost after six", () => {
    const link = liveAt(0);
    expect(link.tick(PING_AFTER - 1)).toBeNull();
    expect(link.tick(link.due)).toEqual({ type: "ping", n: 1 });
    expect(link.due).toBe(4_000);
    expect(link.tick(link.due)).toEqual({ type: "ping", n: 2 });
    expect(link.due).toBe(SILENT_AFTER);
    expect(link.tick(link.due)).toBeNull();
    expect(link.state).toBe("lost");
  });

  it("takes anything heard as a sign of life", () => {
    const link = liveAt(0);
    link.tick(2_000);
    link.tick(4_000);
    link.receive(SOMETHING, 5_999);
    expect(link.tick(6_000)).toEqual({ type: "ping", n: 3 });
    expect(link.state).toBe("live");
  });

  it("bears silence for as long as answers take and vary, within bounds", () => {
    const link = liveAt(0);
    const answersTake = (trip: number, times: number): number => {
      for (let time = 0; time < times; time += 1) {
        const now = link.due;
        const ping = link.tick(now);
        if (ping?.type === "ping") link.receive({ type: "pong", n: ping.n }, now + trip);
      }
      return link.patience;
    };
    expect(answersTake(20, 50)).toBe(SILENT_AFTER);
    expect(answersTake(300, 50)).toBeCloseTo(9_500, -2);
    expect(answersTake(1_500, 50)).toBe(MOST_SILENT);
    expect(answersTake(20, 100)).toBe(SILENT_AFTER);
  });

  it("is patient where answers wait behind a flood", () => {
    const link = liveAt(0);
    link.tick(2_000);
    link.receive(SOMETHING, 3_500);
    expect(link.patience).toBe(MOST_SILENT);
  });

  it("asks once before it gives up when its timer was held up", () => {
    const link = liveAt(0);
    expect(link.tick(60_000)).toEqual({ type: "ping", n: 1 });
    expect(link.state).toBe("live");
    link.tick(64_000);
    expect(link.state).toBe("lost");
  });

  it("stays lost", () => {
    const link = liveAt(0);
    link.drop();
    expect(link.tick(99_999)).toBeNull();
    expect(link.state).toBe("lost");
  });
});

describe("coming back", () => {
  it("waits longer each time, up to ten seconds", () => {
    const most = [0, 1, 2, 3, 4, 5, 50].map((attempt) => retryDelay(attempt, 1));
    expect(most).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  });

  it("spreads out what would come back at once", () => {
    expect(retryDelay(3, 0)).toBe(2_000);
    expect(retryDelay(3, 0.5)).toBe(3_000);
  });
});
