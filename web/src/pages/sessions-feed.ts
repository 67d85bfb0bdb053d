/** Every session's summary, live: a websocket that comes back. The thin shell of the first page. */

import type { Session } from "../api";
import { sessionShape } from "../api";
import { retryDelay, socketUrl } from "../link";
import { dictionary, parse } from "../shape";

export interface FeedHandlers {
  readonly onSession: (session: Session) => void;
  readonly onLive: () => void;
  readonly onLost: () => void;
}

/** Open it; the answer closes it. */
export function followSessions(handlers: FeedHandlers): () => void {
  let socket: WebSocket | null = null;
  let timer: number | undefined;
  let attempt = 0;
  const open = () => {
    const opened = new WebSocket(socketUrl("/api/sessions/live"));
    socket = opened;
    opened.onopen = () => {
      attempt = 0;
      handlers.onLive();
    };
    opened.onmessage = ({ data }: MessageEvent<string>) => {
      const body = dictionary(parse(data, "message"), "message");
      if (body["type"] === "session") handlers.onSession(sessionShape(body["session"], "session"));
    };
    opened.onclose = () => {
      handlers.onLost();
      timer = window.setTimeout(open, retryDelay(attempt, Math.random()));
      attempt += 1;
    };
  };
  open();
  return () => {
    window.clearTimeout(timer);
    if (socket) {
      socket.onclose = null;
      socket.close();
    }
  };
}
