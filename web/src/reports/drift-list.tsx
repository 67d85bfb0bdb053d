/** What changed on the host, by area, in the words of the report, and what probably did it. */

import type { Change, Drift, Limit, Line } from "../away";
import { clockSeconds, utc } from "../clock";
import { terminalNumber } from "../log";
import { hasFailed, outcome } from "../outcome";
import { visible } from "../visible";

interface Props {
  readonly of: { readonly drift: Drift; readonly more: number };
  /** Unix time of the session's zero. */
  readonly began: number;
  readonly now: number;
}

export function DriftList({ of: { drift, more }, began, now }: Props) {
  return (
    <>
      {drift.map(({ area, title, changes }) => (
        <section key={area} class="drift-area" data-area={area}>
          <h4>
            {visible(title)} <span class="quiet">{changes.length}</span>
          </h4>
          <ul>
            {changes.map((one, index) => (
              <ChangeItem key={index} change={one} began={began} now={now} />
            ))}
          </ul>
        </section>
      ))}
      {more > 0 && (
        <p class="quiet" data-more={more}>
          {more === 1 ? "1 more change is" : `${more} more changes are`} left out here.
        </p>
      )}
    </>
  );
}

function ChangeItem({ change, began, now }: { change: Change; began: number; now: number }) {
  const { text, since, until, at, early, lines } = change;
  return (
    <li class="change" data-change={text} data-early={early}>
      <p>
        <code class="change-text">{visible(text)}</code>{" "}
        <span class="quiet change-time">
          {at === null ? (
            <>
              between <At t={since} began={began} now={now} /> and{" "}
              <At t={until} began={began} now={now} />
            </>
          ) : (
            <At t={at} began={began} now={now} />
          )}
        </span>{" "}
        {early && <span class="early">may be from before</span>}
      </p>
      {lines.length > 0 && (
        <div class="suspects">
          <span class="quiet">probably by</span>
          <ol>
            {lines.map((one, index) => (
              <LineItem key={index} line={one} began={began} now={now} />
            ))}
          </ol>
        </div>
      )}
    </li>
  );
}

/** A line that was entered: when, by whom, and how it ended where it failed. */
export function LineItem({ line: one, began, now }: { line: Line; began: number; now: number }) {
  return (
    <li class="entered-line" data-line={one.line}>
      <At t={one.t} began={began} now={now} />
      <span class="quiet" title={`terminal ${terminalNumber(one.terminal)}`}>
        {one.persons.map(visible).join(" and ") || "nobody"}
      </span>
      {one.line === "" ? (
        <span class="quiet">not seen at a prompt</span>
      ) : (
        <span>
          <code>{one.line.split("\n").map(visible).join(" ↵ ")}</code> <HowEnded of={one} />
        </span>
      )}
    </li>
  );
}

/** What went well, or nobody told of, says nothing. */
function HowEnded({ of }: { of: Line }) {
  const { text, tone } = outcome(of, 0);
  if (!hasFailed(of) && tone !== "attention") return null;
  return (
    <span class={`outcome ${tone}`} data-outcome={tone}>
      {text}
    </span>
  );
}

/** What of the host's state could not be read, and why. */
export function Limits({ limits }: { limits: readonly Limit[] }) {
  if (limits.length === 0) return null;
  return (
    <section class="report-part" data-limits={limits.length}>
      <h3>Not compared</h3>
      <ul>
        {limits.map(({ probe, why }, index) => (
          <li key={index}>
            {visible(probe)}: <span class="quiet">{visible(why)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** A time of the session, as the clock here shows it. */
export function At({ t, began, now }: { t: number; began: number; now: number }) {
  const unix = began + t;
  return (
    <time dateTime={new Date(unix * 1000).toISOString()} title={utc(unix)}>
      {clockSeconds(unix, now)}
    </time>
  );
}
