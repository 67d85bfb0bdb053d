import { describe, expect, it } from "vitest";
import type { News } from "../src/news";
import {
  EMPTY,
  MOST,
  after,
  isToTell,
  newsShape,
  seen,
  standing,
  titled,
  words,
} from "../src/news";

const news = (text: string, at = 100): News => ({
  session: "s1",
  host: "web1",
  kind: "left",
  text,
  at,
});

describe("news", () => {
  it("is not told by the page that shows its session, while somebody sees it", () => {
    expect(isToTell(news("x"), { session: "s1", isSeen: true })).toBe(false);
    expect(isToTell(news("x"), { session: "s1", isSeen: false })).toBe(true);
    expect(isToTell(news("x"), { session: "s2", isSeen: true })).toBe(true);
    expect(isToTell(news("x"), { session: null, isSeen: true })).toBe(true);
  });

  it("is bounded, and counted while nobody looks", () => {
    const texts = Array.from({ length: MOST + 2 }, (_, index) => `news ${index}`);
    const board = texts.reduce((was, text) => after(was, news(text)), EMPTY);
    expect(board.shown.map((one) => one.news.text)).toEqual(texts.slice(-MOST));
    expect(titled("Jumpseat", board.unread)).toBe(`(${MOST + 2}) Jumpseat`);
    expect(titled("Jumpseat", seen(board, 1).unread)).toBe("Jumpseat");
  });

  it("goes after a while, but not before it was seen", () => {
    const unseen = after(EMPTY, news("x", 100));
    expect(standing(unseen, 9000)).toHaveLength(1);
    const looked = seen(seen(unseen, 9000), 9080);
    expect([standing(looked, 9090).length, standing(looked, 9091).length]).toEqual([1, 0]);
  });

  it("is one line, with nothing hidden in it", () => {
    expect(words(news("web1\u202e left\nmore"))).toBe("web1‹U+202E› left");
  });

  it("lets fields through that it does not know", () => {
    expect(newsShape({ ...news("x"), case: { id: "c", title: "t" } })).toEqual(news("x"));
  });
});
