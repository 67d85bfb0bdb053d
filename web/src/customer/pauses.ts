/** When the away policy held engineers' keys off, as the session log tells. Pure. */

import type { LogLine } from "../log";

/** Unix seconds; `until` is null while it lasts. */
export interface Pause {
  readonly since: number;
  readonly until: number | null;
}

/** The pauses after this entry, in order of time. A new run goes on with what the one before held off. */
export function pausesAfter(pauses: readonly Pause[], { at, entry }: LogLine): readonly Pause[] {
  const last = pauses.at(-1);
  const isOn = last?.until === null;
  if (entry.event === "input_paused" && !isOn) return [...pauses, { since: at, until: null }];
  const ends = entry.event === "input_resumed" || entry.event === "attached";
  if (ends && isOn) return [...pauses.slice(0, -1), { since: last.since, until: at }];
  return pauses;
}

/** The pause that was on during some of this stretch; null where there was none. */
export function pauseIn(
  pauses: readonly Pause[],
  since: number,
  until: number | null,
): Pause | null {
  const isIn = (one: Pause) =>
    one.since < (until ?? Infinity) && (one.until ?? Infinity) > since;
  return pauses.findLast(isIn) ?? null;
}
