/** The session log in words, the newest first. */

import { useMemo, useState } from "preact/hooks";
import { clock, clockSeconds, utc } from "../clock";
import type { LogLine } from "../log";
import { words } from "../log";

const SHOWN_FIRST = 50;
const SHOWN_MOST = 1_000;

export function History({ log, now }: { log: readonly LogLine[]; now: number }) {
  const [isLong, setLong] = useState(false);
  const told = useMemo(() => log.flatMap(inWords), [log]);
  const shown = told.slice(isLong ? -SHOWN_MOST : -SHOWN_FIRST).reverse();
  return (
    <section class="history" aria-labelledby="history-heading">
      <h2 id="history-heading">So far</h2>
      {told.length === 0 && <p class="quiet">Nothing yet.</p>}
      <ol>
        {shown.map(({ at, entry, text, weight }, index) => (
          <li key={told.length - index} class={weight} data-event={entry.event}>
            <time dateTime={new Date(at * 1000).toISOString()} title={`${clock(at, now)}, ${utc(at)}`}>
              {clockSeconds(at)}
            </time>
            <span>{text}</span>
          </li>
        ))}
      </ol>
      {!isLong && told.length > SHOWN_FIRST && (
        <button type="button" onClick={() => setLong(true)}>
          Show {Math.min(told.length, SHOWN_MOST) - SHOWN_FIRST} earlier
        </button>
      )}
    </section>
  );
}

function inWords(line: LogLine) {
  const says = words(line.entry);
  return says ? [{ ...line, ...says }] : [];
}
