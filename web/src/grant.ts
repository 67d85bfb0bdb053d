/**
 * What the customer allows, read from the session log as the broker and the recorder read it
 * (broker/recording/grant.py). A copy: it decides nothing, the recorder on their host does. Pure.
 */

import type { Session } from "./api";
import { duration } from "./clock";
import type { Entry, LogLine } from "./log";
import { visible } from "./visible";

export type Standing = "live" | "taken-back" | "expired" | "revoked";

export interface Grant {
  readonly mode: string;
  readonly standing: Standing;
  /** When it ends: Unix seconds of the host's clock, put right by what the broker's said then. */
  readonly until: number;
  /** Who took back or revoked; empty where nobody did. */
  readonly by: string;
  /** Unix seconds since when it stands so. */
  readonly since: number;
  /** Why engineers' keys are held off while the customer is away; null while they are not. */
  readonly paused: string | null;
  /** Seconds to add to the host's clock to get the broker's. */
  readonly skew: number;
}

const MODES: readonly string[] = ["watch", "approve", "control"];

/** Whether a mode allows what `wanted` does, and perhaps more. */
export function allows(mode: string, wanted: string): boolean {
  return MODES.indexOf(mode) >= MODES.indexOf(wanted);
}

type Step = Readonly<Partial<Record<Standing, Standing>>>;

const STAYS: Step = { live: "live", "taken-back": "taken-back", expired: "expired" };

/** Which event leads from which standing to which; there are no others. */
const STEPS: Readonly<Partial<Record<Entry["event"], Step>>> = {
  mode_changed: STAYS,
  extended: { ...STAYS, expired: "live" },
  taken_back: { live: "taken-back" },
  given_back: { "taken-back": "live" },
  expired: { live: "expired", "taken-back": "expired" },
  revoked: { live: "revoked", "taken-back": "revoked", expired: "revoked" },
};

/** The grant after this entry; null before any has told. What does not follow changes nothing. */
export function grantAfter(grant: Grant | null, { at, entry }: LogLine): Grant | null {
  const unix = (t: number, skew: number) => at - entry.t + t + skew;
  if (entry.event === "started") {
    const { mode, until } = entry.grant;
    const skew = grant?.skew ?? 0;
    // A run begins with a live grant, and tells next what has become of it in runs before.
    // Nobody is at a terminal when it begins.
    const paused = entry.grant.away === "continue" ? null : "nobody is at a terminal yet";
    const live = { standing: "live", by: "", since: at, paused } as const;
    return { ...live, mode, until: unix(until, skew), skew };
  }
  if (grant === null) return null;
  if (entry.event === "input_paused") return { ...grant, paused: entry.why };
  if (entry.event === "input_resumed" || entry.event === "attached")
    return { ...grant, paused: null };
  if (entry.event === "link_up") {
    const skew = entry.broker_wall - entry.wall;
    return { ...grant, skew, until: grant.until - grant.skew + skew };
  }
  const standing = STEPS[entry.event]?.[grant.standing];
  if (standing === undefined) return grant;
  const moved = standing === grant.standing ? grant : { ...grant, standing, since: at, by: "" };
  switch (entry.event) {
    case "mode_changed":
      return { ...moved, mode: entry.mode };
    case "extended":
      return { ...moved, until: unix(entry.until, grant.skew) };
    case "taken_back":
    case "revoked":
      return { ...moved, by: entry.by };
    default:
      return moved;
  }
}

/** The grant as a summary has it, until the log has told more. */
export function summarized({ mode, standing, until, created }: Session): Grant {
  return { mode, standing, until, by: "", since: created, paused: null, skew: 0 };
}

/** Why keys of engineers would be refused now, by the recorder's codes; null where they are not. */
export function keysRefused(grant: Grant): string | null {
  if (grant.standing !== "live") return grant.standing;
  if (grant.mode !== "control") return "mode";
  return grant.paused === null ? null : "paused";
}

/** Whether engineers go on typing while nobody of the customer's is there: the policy `continue`. */
export function isUnattended(grant: Grant, away: string, presence: string): boolean {
  const isGone = presence === "away" || presence === "empty";
  return isGone && away === "continue" && keysRefused(grant) === null;
}

/** When the last minutes begin, in which a page says so. */
export const SOON_SECONDS = 600;

/** Mode, how it stands, and for how long still: one line. `now` is Unix time. */
export function words(grant: Grant, now: number): { says: string; left: string } {
  const seconds = grant.until - now;
  const time = duration(seconds);
  const left = seconds <= SOON_SECONDS ? `expires in ${time}` : `${time} left`;
  const by = grant.by || "the customer";
  switch (grant.standing) {
    case "revoked":
      return { says: `revoked by ${by}`, left: "" };
    case "expired":
      return { says: "the grant has expired", left: "" };
    case "taken-back":
      return { says: `taken back by ${by} (mode ${grant.mode})`, left };
    case "live":
      return { says: liveWords(grant), left };
  }
}

function liveWords({ mode, paused }: Grant): string {
  if (paused === null) return MODE_WORDS[mode] ?? mode;
  return `${mode}: held off, ${visible(paused.replaceAll("-", " "))}`;
}

const MODE_WORDS: Readonly<Record<string, string>> = {
  control: "control: you may type",
  approve: "approve: lines need the customer's yes",
  watch: "watch only",
};

/** What stands above the terminal while engineers may do nothing, or null while they may. */
export function banner(grant: Grant): { title: string; more: string } | null {
  const by = grant.by || "the customer";
  switch (grant.standing) {
    case "live":
      return grant.paused === null ? null : pausedBanner(grant.mode, grant.paused);
    case "taken-back":
      return {
        title: `Taken back by ${by}`,
        more: "Engineers' keys and proposals are held off until it is given back. You see what happens.",
      };
    case "expired":
      return {
        title: "The grant has expired",
        more: "Engineers' keys and proposals are refused. The customer may extend it.",
      };
    case "revoked":
      return {
        title: `Revoked by ${by}, for good`,
        more: "What the terminals print from here on stays on the host until the session has ended.",
      };
  }
}

/** The away policy `pause`, while it holds something off; a watcher misses nothing. */
function pausedBanner(mode: string, why: string): { title: string; more: string } | null {
  const title = `Held off: ${visible(why.replaceAll("-", " "))}`;
  if (mode === "control")
    return {
      title,
      more: "Your keys are refused until the customer is at a terminal. You see what happens, and may propose a line.",
    };
  if (mode === "approve")
    return { title, more: "Nothing runs unasked until they are back. You may propose a line." };
  return null;
}
