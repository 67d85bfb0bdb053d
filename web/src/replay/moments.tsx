/** What happened, in order; each entry jumps to it. */

import { useEffect, useRef } from "preact/hooks";
import type { Moment } from "../api";
import { clockSeconds, place, utc } from "../clock";

/** A jump lands this much before its moment, so that one sees it happen. */
export const BEFORE_SECONDS = 0.5;

interface Props {
  readonly moments: readonly Moment[];
  /** Unix time of t = 0; null where the recording doesn't say. */
  readonly began: number | null;
  /** Where the player is, in seconds since the session began. */
  readonly time: number;
  readonly onJump: (moment: Moment) => void;
}

export function Moments({ moments, began, time, onJump }: Props) {
  const current = moments.findLastIndex((one) => one.t <= time + BEFORE_SECONDS + 0.05);
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    list.current?.children[current]?.scrollIntoView({ block: "nearest" });
  }, [current]);
  return (
    <nav class="moments" aria-labelledby="moments-heading">
      <h2 id="moments-heading">What happened</h2>
      {moments.length === 0 && <p class="empty">Nothing yet.</p>}
      <ol ref={list}>
        {moments.map((one, index) => (
          <li key={index}>
            <button
              type="button"
              class={`moment ${one.kind}`}
              data-moment={one.kind}
              data-t={one.t}
              aria-current={index === current ? "step" : undefined}
              onClick={() => onJump(one)}
            >
              <time title={began === null ? undefined : utc(began + one.t)}>
                {began === null ? place(one.t) : clockSeconds(began + one.t)}
              </time>
              <span>{one.label}</span>
            </button>
          </li>
        ))}
      </ol>
    </nav>
  );
}
