/** What is known of the customer, in words. Pure. */

import type { Absence } from "./causes";
import { absenceWords } from "./causes";
import { clock, duration } from "./clock";
import type { Of, Shape } from "./shape";
import { dictionary, number, object, text } from "./shape";

const absence = object({ cause: text, since: number, until: number });

/** The latest absence that is over; null (`{}` on the wire) where there was none. */
const last: Shape<Absence | null> = (value, where) =>
  Object.keys(dictionary(value, where)).length === 0 ? null : absence(value, where);

export const presenceShape = object({ state: text, since: number, detail: text, last });
/** Times are Unix seconds. */
export type Presence = Of<typeof presenceShape>;

/** How a presence looks: there, not at the keys, not reachable, or over. */
export type Tone = "here" | "quiet" | "gone" | "over";

const TONES: Readonly<Record<string, Tone>> = {
  "at-keyboard": "here",
  idle: "quiet",
  empty: "quiet",
  waiting: "quiet",
  away: "quiet",
  disconnected: "gone",
  "link-lost": "gone",
  "recorder-lost": "gone",
  over: "over",
  ended: "over",
};

export function tone(presence: Presence): Tone {
  return TONES[presence.state] ?? "quiet";
}

/** Whether what the host records now can't be seen here. */
export function isOutOfReach(presence: Presence): boolean {
  return tone(presence) === "gone";
}

export function isOver(presence: Presence): boolean {
  return tone(presence) === "over";
}

/** One line: the state and since when. */
export function words(presence: Presence, now: number): string {
  const at = clock(presence.since, now);
  switch (presence.state) {
    case "waiting":
      return "granted, not connected yet";
    case "empty":
      return "connected, customer not at the terminal yet";
    case "at-keyboard":
      return "customer at the keyboard";
    case "idle":
      return `customer idle since ${at}`;
    case "away":
      return `customer away since ${at}`;
    case "disconnected":
      return `disconnected by the customer since ${at}`;
    case "link-lost":
      return `link lost ${duration(now - presence.since)} ago, cause not known yet`;
    case "recorder-lost":
      return `recorder stopped since ${at}`;
    case "over":
    case "ended":
      return `ended at ${at}`;
    default:
      return `${presence.state} since ${at}`;
  }
}

/** How long after its end an absence stands beside what is known now. */
export const RECENT_SECONDS = 600;

/** What the latest absence was, while that is news and nothing newer hides the host; else null. */
export function lately(presence: Presence, now: number): string | null {
  const { last: was } = presence;
  if (was === null || now - was.until > RECENT_SECONDS) return null;
  return isOutOfReach(presence) || isOver(presence) ? null : absenceWords(was, now);
}

/**
 * What stands over the last screen while it isn't live, or null while it is. `ending`: why the
 * session ended, where the log tells.
 */
export function banner(
  presence: Presence,
  now: number,
  ending: string | null = null,
): { title: string; more: string } | null {
  const at = clock(presence.since, now);
  switch (presence.state) {
    case "waiting":
      return { title: "Waiting for the host", more: "Granted, but not connected yet." };
    case "link-lost":
      return {
        title: `Link lost at ${at}`,
        more: "The host goes on recording. What happens there, and why the link was lost, is known here when it is back.",
      };
    case "disconnected":
      return {
        title: `Disconnected by the customer at ${at}`,
        more: "The host goes on recording. What happens there arrives when they reconnect.",
      };
    case "recorder-lost":
      return {
        title: `The recorder on the host stopped at ${at}`,
        more: "Nothing is recorded until it runs again.",
      };
    case "over":
    case "ended":
      return {
        title: `The session ended at ${at}`,
        more: `${ending === null ? "" : `Why: ${ending}. `}This is its last screen.`,
      };
    default:
      return null;
  }
}
