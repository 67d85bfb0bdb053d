/** News of sessions, in lines of their own: nothing lies over a terminal. */

import { useEffect, useState } from "preact/hooks";
import type { Board, News } from "../news";
import { EMPTY, after, isToTell, seen, standing, titled, words } from "../news";
import { When } from "./frame";
import { notify } from "./notify";

export interface NewsBoard {
  readonly board: Board;
  readonly take: (news: News) => void;
  readonly dismiss: (id: number) => void;
}

/** What this page tells of news; `session` is the one that it shows, if it shows one. */
export function useNews(session: string | null): NewsBoard {
  const [board, setBoard] = useState(EMPTY);
  useEffect(() => {
    const look = () => {
      if (document.visibilityState === "visible") setBoard((was) => seen(was, Date.now() / 1000));
    };
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  return {
    board,
    take: (news) => {
      const isSeen = document.visibilityState === "visible";
      if (!isToTell(news, { session, isSeen })) return;
      setBoard((was) => {
        const next = after(was, news);
        return isSeen ? seen(next, Date.now() / 1000) : next;
      });
      if (!isSeen) notify(news);
    },
    dismiss: (id) =>
      setBoard((was) => ({ ...was, shown: was.shown.filter((one) => one.id !== id) })),
  };
}

/** The page's title, with how much of the news nobody has read. */
export function useTitle(title: string, { unread }: Board): void {
  useEffect(() => {
    document.title = titled(title, unread);
  }, [title, unread]);
}

export function NewsBand({ news: { board, dismiss }, now }: { news: NewsBoard; now: number }) {
  return (
    <div class="news-band" role="status" aria-label="News">
      {standing(board, now).map(({ id, news }) => (
        <p
          key={id}
          class={`news-line ${news.kind}`}
          data-news={news.kind}
          data-news-session={news.session}
        >
          <span class="quiet">
            <When at={news.at} now={now} />
          </span>
          <span class="news-text">{words(news)}</span>
          <a class="button" href={`/sessions/${encodeURIComponent(news.session)}`}>
            Open
          </a>
          <button type="button" aria-label={`Dismiss: ${words(news)}`} onClick={() => dismiss(id)}>
            Dismiss
          </button>
        </p>
      ))}
    </div>
  );
}
