/**
 * News: what people should be told of any session, and what of it a page has to tell. Pure.
 */

import type { Of } from "./shape";
import { number, object, text } from "./shape";
import { visible } from "./visible";

export const newsShape = object({
  session: text,
  host: text,
  kind: text,
  text,
  at: number,
});
/** `kind` is `left`, `returned`, `approval`, `drift` or `ending`; `at` is Unix time. */
export type News = Of<typeof newsShape>;

/** A piece of news on the page; `id` grows with each. */
export interface Shown {
  readonly id: number;
  readonly news: News;
  /** Since when somebody could see it, Unix time; null: nobody has looked yet. */
  readonly since: number | null;
}

export interface Board {
  /** Newest last. */
  readonly shown: readonly Shown[];
  /** How many came while nobody looked at the page. */
  readonly unread: number;
  readonly count: number;
}

export const EMPTY: Board = { shown: [], unread: 0, count: 0 };

/** More would hide the page; what is older has been superseded, or stands on the first page. */
export const MOST = 3;

/** How long news stands where nobody dismisses it. */
export const STANDS_SECONDS = 90;

/** Whether a page has to tell it: what it shows itself needs no second telling while it is seen. */
export function isToTell(news: News, page: { session: string | null; isSeen: boolean }): boolean {
  return !(page.isSeen && news.session === page.session);
}

/** The board after another piece of news. */
export function after(board: Board, news: News): Board {
  const id = board.count + 1;
  const shown = [...board.shown, { id, news, since: null }].slice(-MOST);
  return { shown, unread: board.unread + 1, count: id };
}

/** The board once somebody looks at it, at `now`. */
export function seen({ shown, count }: Board, now: number): Board {
  return { shown: shown.map((one) => ({ ...one, since: one.since ?? now })), unread: 0, count };
}

/** What still stands at `now`; nothing goes while nobody looks. */
export function standing({ shown }: Board, now: number): readonly Shown[] {
  return shown.filter(({ since }) => since === null || now - since <= STANDS_SECONDS);
}

/** One line: what happened, with nothing in it that can't be seen. */
export function words(news: News): string {
  return visible(news.text.split("\n", 1)[0] ?? "");
}

/** A page's title with what nobody has read yet: `(2) web1 · Jumpseat`. */
export function titled(title: string, unread: number): string {
  return unread > 0 ? `(${unread}) ${title}` : title;
}
