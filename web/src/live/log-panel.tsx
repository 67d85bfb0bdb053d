/** The session log beside the terminal, as it arrives. */

import { useEffect, useRef } from "preact/hooks";
import { clockSeconds, utc } from "../clock";
import type { LogLine } from "../log";
import { words } from "../log";

/** What fits into a reader's patience; the rest is in the replay and in the downloaded log. */
const SHOWN_MOST = 500;

export function LogPanel({ log }: { log: readonly LogLine[] }) {
  const list = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const top = useRef(0);
  const follow = () => {
    if (list.current && isAtEnd.current) list.current.scrollTop = list.current.scrollHeight;
  };
  useEffect(follow, [log]);
  useEffect(() => {
    if (!list.current) return undefined;
    const observer = new ResizeObserver(follow);
    observer.observe(list.current);
    return () => observer.disconnect();
  }, []);
  const told = log.flatMap((line) => {
    const says = words(line.entry);
    return says ? [{ ...line, ...says }] : [];
  });
  return (
    <aside class="log-panel" id="session-log" aria-labelledby="session-log-heading">
      <h2 id="session-log-heading">Session log</h2>
      {told.length > SHOWN_MOST && <p class="quiet">The latest {SHOWN_MOST} entries.</p>}
      <div
        ref={list}
        class="log-lines"
        role="log"
        aria-labelledby="session-log-heading"
        tabIndex={0}
        onScroll={({ currentTarget: at }) => {
          // Only somebody who reads scrolls up; a list that got shorter is still at its end.
          const isEnd = at.scrollHeight - at.scrollTop - at.clientHeight < 24;
          isAtEnd.current = isEnd || (isAtEnd.current && at.scrollTop >= top.current);
          top.current = at.scrollTop;
        }}
      >
        <ol>
          {told.slice(-SHOWN_MOST).map(({ at, entry, text, weight }, index) => (
            <li key={index} class={weight} data-event={entry.event}>
              <time dateTime={new Date(at * 1000).toISOString()} title={utc(at)}>
                {clockSeconds(at)}
              </time>
              <span>{text}</span>
            </li>
          ))}
        </ol>
      </div>
    </aside>
  );
}
