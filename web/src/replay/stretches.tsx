/** The bar under the player: stretches in which something held, on the player's own timeline. */

import type { Stretch } from "../api";
import { clockSeconds, duration, place } from "../clock";
import type { Stretch as Marked } from "../stretch";
import type { Pace } from "./pace";
import type { Place } from "./player";

const KINDS: readonly (readonly [kind: string, says: string])[] = [
  ["link-lost", "link lost, recorded on the host"],
  ["disconnected", "disconnected by the customer"],
  ["taken-back", "taken back: engineers held off"],
  ["away", "customer away"],
  ["idle", "customer idle"],
  ["stopped", "recorder stopped"],
  ["asleep", "the host slept"],
  ["frozen", "the recorder stood still"],
  ["gap", "gap: nothing was recorded"],
];

interface Props {
  readonly stretches: readonly Stretch[];
  readonly pace: Pace;
  readonly bar: Place;
  readonly began: number | null;
  readonly last: number;
  /** The stretch that the page was opened for. */
  readonly marked: Marked | null;
  readonly onSeek: (time: number) => void;
}

export function StretchBar({ stretches, pace, bar, began, last, marked, onSeek }: Props) {
  const percent = (t: number) => (pace.duration > 0 ? (pace.toPlayer(t) / pace.duration) * 100 : 0);
  return (
    <div
      class="stretch-bar"
      role="group"
      aria-label="Stretches of the session"
      style={{ marginLeft: `${bar.left}px`, width: `${bar.width}px` }}
    >
      {stretches.map((one) => {
        const left = percent(one.since);
        const says = describe(one, began, last);
        return (
          <button
            key={`${one.kind} ${one.since}`}
            type="button"
            class={`stretch ${one.kind}`}
            data-stretch={one.kind}
            data-since={one.since}
            data-until={one.until ?? ""}
            title={says}
            aria-label={says}
            style={{
              left: `min(${left}%, 100% - 4px)`,
              width: `${percent(one.until ?? last) - left}%`,
            }}
            onClick={() => onSeek(one.since)}
          />
        );
      })}
      {marked && (
        <span
          class="marked"
          data-marked
          data-since={marked.since}
          data-until={marked.until ?? ""}
          style={{
            left: `min(${percent(marked.since)}%, 100% - 4px)`,
            width: `${percent(marked.until ?? last) - percent(marked.since)}%`,
          }}
        />
      )}
    </div>
  );
}

interface LegendProps {
  readonly stretches: readonly Stretch[];
  readonly isMarked: boolean;
}

export function Legend({ stretches, isMarked }: LegendProps) {
  const known = KINDS.filter(([kind]) => stretches.some((one) => one.kind === kind));
  // A newer broker may tell of stretches that this page has no words for.
  const others = new Map(stretches.map(({ kind, label }) => [kind, label]));
  for (const [kind] of KINDS) others.delete(kind);
  return (
    <ul class="legend" aria-label="Legend">
      {isMarked && (
        <li>
          <span class="swatch marked" /> the stretch of the away report
        </li>
      )}
      {[...known, ...others].map(([kind, says]) => (
        <li key={kind}>
          <span class={`swatch stretch ${kind}`} /> {says}
        </li>
      ))}
    </ul>
  );
}

function describe(stretch: Stretch, began: number | null, last: number): string {
  const until = stretch.until ?? last;
  const time = (t: number) => (began === null ? place(t) : clockSeconds(began + t));
  const end = stretch.until === null ? "to the end of what is held" : time(until);
  return `${stretch.label}: ${time(stretch.since)} – ${end}, ${duration(until - stretch.since)}`;
}
