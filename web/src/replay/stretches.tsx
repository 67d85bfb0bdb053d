/** The bar under the player: stretches in which something held, on the player's own timeline. */

import type { Stretch } from "../api";
import type { Known } from "../evidence/known";
import { KNOWN_KINDS, knownWords } from "../evidence/known";
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
];

interface Props {
  readonly stretches: readonly Stretch[];
  /** How it all came to be known: a strip along the bar, and gaps. */
  readonly known: readonly Known[];
  readonly pace: Pace;
  readonly bar: Place;
  readonly began: number | null;
  readonly last: number;
  /** The stretch that the page was opened for. */
  readonly marked: Marked | null;
  readonly onSeek: (time: number) => void;
}

export function StretchBar({ stretches, known, pace, bar, began, last, marked, onSeek }: Props) {
  const percent = (t: number) => (pace.duration > 0 ? (pace.toPlayer(t) / pace.duration) * 100 : 0);
  const where = (since: number, until: number | null) => ({
    left: `min(${percent(since)}%, 100% - 4px)`,
    width: `${percent(until ?? last) - percent(since)}%`,
  });
  return (
    <div
      class="stretch-bar"
      role="group"
      aria-label="Stretches of the session"
      style={{ marginLeft: `${bar.left}px`, width: `${bar.width}px` }}
    >
      {toldBy(stretches, known).map(({ kind, since, until, says }) => (
        <button
          key={`${kind} ${since}`}
          type="button"
          class={`stretch ${kind}`}
          data-stretch={kind}
          data-since={since}
          data-until={until ?? ""}
          title={describe({ says, since, until }, began, last)}
          aria-label={describe({ says, since, until }, began, last)}
          style={where(since, until)}
          onClick={() => onSeek(since)}
        />
      ))}
      {marked && (
        <span
          class="marked"
          data-marked
          data-since={marked.since}
          data-until={marked.until ?? ""}
          style={where(marked.since, marked.until)}
        />
      )}
    </div>
  );
}

interface LegendProps {
  readonly stretches: readonly Stretch[];
  readonly known: readonly Known[];
  readonly isMarked: boolean;
}

export function Legend({ stretches, known, isMarked }: LegendProps) {
  const kinds = new Set(toldBy(stretches, known).map(({ kind }) => kind));
  // A newer broker may tell of stretches that this page has no words for.
  const words = new Map([...KINDS, ...KNOWN_KINDS]);
  for (const { kind, label } of stretches) if (!words.has(kind)) words.set(kind, label);
  return (
    <ul class="legend" aria-label="Legend">
      {isMarked && (
        <li>
          <span class="swatch marked" /> the stretch of the away report
        </li>
      )}
      {[...words].map(
        ([kind, says]) =>
          kinds.has(kind) && (
            <li key={kind}>
              <span class={`swatch stretch ${kind}`} /> {says}
            </li>
          ),
      )}
    </ul>
  );
}

interface Told {
  readonly kind: string;
  readonly since: number;
  readonly until: number | null;
  readonly says: string;
}

/** One band of both: the log's own stretches above, how it came to be known below; gaps once. */
function toldBy(stretches: readonly Stretch[], known: readonly Known[]): Told[] {
  const hasGaps = known.some(({ kind }) => kind === "gap");
  return [
    ...stretches
      .filter(({ kind }) => !(kind === "gap" && hasGaps))
      .map(({ label, ...one }) => ({ ...one, says: label })),
    ...known.map((one) => ({ ...one, says: knownWords(one) })),
  ];
}

function describe(told: Omit<Told, "kind">, began: number | null, last: number): string {
  const until = told.until ?? last;
  const time = (t: number) => (began === null ? place(t) : clockSeconds(began + t));
  const end = told.until === null ? "to the end of what is held" : time(until);
  return `${told.says} · ${time(told.since)} – ${end}, ${duration(until - told.since)}`;
}
