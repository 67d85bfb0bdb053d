/** The bar under the player: stretches in which something held, on the player's own timeline. */

import type { Stretch } from "../api";
import { clockSeconds, duration, place } from "../clock";
import type { Pace } from "./pace";
import type { Place } from "./player";

const KINDS: readonly (readonly [kind: string, says: string])[] = [
  ["link-lost", "link lost, recorded on the host"],
  ["disconnected", "disconnected by the customer"],
  ["taken-back", "taken back: engineers held off"],
  ["away", "customer away"],
  ["idle", "customer idle"],
  ["gap", "gap: nothing was recorded"],
];

interface Props {
  readonly stretches: readonly Stretch[];
  readonly pace: Pace;
  readonly bar: Place;
  readonly began: number | null;
  readonly last: number;
  readonly onSeek: (time: number) => void;
}

export function StretchBar({ stretches, pace, bar, began, last, onSeek }: Props) {
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
    </div>
  );
}

export function Legend({ stretches }: { stretches: readonly Stretch[] }) {
  const known = KINDS.filter(([kind]) => stretches.some((one) => one.kind === kind));
  // A newer broker may tell of stretches that this page has no words for.
  const others = new Map(stretches.map(({ kind, label }) => [kind, label]));
  for (const [kind] of KINDS) others.delete(kind);
  return (
    <ul class="legend" aria-label="Legend">
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
