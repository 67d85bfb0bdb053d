/** Every session's summary and what is new of any, live: a websocket that comes back. */

import type { Session } from "../api";
import { sessionShape } from "../api";
import { retryDelay, socketUrl } from "../link";
import type { News } from "../news";
import { newsShape } from "../news";
import { dictionary, parse } from "../shape";

export interface FeedHandlers {
  readonly onSession?: (session: Session) => void;
  readonly onNews: (news: News) => void;
  readonly onLive?: () => void;
  readonly onLost?: () => void;
}

/** Open it; the answer closes it. */
export function followSessions(handlers: FeedHandlers): () => void {
  let socket: WebSocket | null = null;
  let timer: number | undefined;
  let attempt = 0;

  const close = () => {
    window.clearTimeout(timer);
    if (socket) socket.onclose = null;
    socket?.close();
  };
  const open = () => {
    close();
    const opened = new WebSocket(socketUrl("/api/sessions/live"));
    socket = opened;
    opened.onopen = () => {
      attempt = 0;
      handlers.onLive?.();
    };
    opened.onmessage = ({ data }: MessageEvent<string>) => {
      const body = dictionary(parse(data, "message"), "message");
      if (body["type"] === "session")
        handlers.onSession?.(sessionShape(body["session"], "session"));
      if (body["type"] === "news") handlers.onNews(newsShape(body["news"], "news"));
    };
    opened.onclose = () => {
      handlers.onLost?.();
      timer = window.setTimeout(open, retryDelay(attempt, Math.random()));
      attempt += 1;
    };
  };
  // A laptop that wakes up may hold a dead socket for minutes; a fresh list costs little.
  const refresh = () => {
    if (document.visibilityState === "visible") open();
  };
  window.addEventListener("online", refresh);
  document.addEventListener("visibilitychange", refresh);
  open();
  return () => {
    window.removeEventListener("online", refresh);
    document.removeEventListener("visibilitychange", refresh);
    close();
  };
}
