/**
 * Who is here, what they may, and whether it is recorded, in words for the customer, who reads them
 * at a glance. Pure; times are Unix seconds.
 */

import type { Session } from "../api";
import { clock } from "../clock";
import type { Grant } from "../grant";
import type { Turn } from "../live/watch";
import type { Presence } from "../presence";
import { visible } from "../visible";
import type { Look, Onlooker } from "./looks";
import { persons } from "./looks";

/** `alive`: engineers may do something; `held`: nothing they do arrives; `over`: for good. */
export type Tone = "alive" | "held" | "over";

/** What engineers may do at this moment. `away` is what the customer chose for their absence. */
export function may(grant: Grant, away: string): { text: string; tone: Tone } {
  switch (grant.standing) {
    case "revoked":
      return { text: "Revoked, for good: nothing of the engineers' arrives.", tone: "over" };
    case "expired":
      return { text: "The time is up: nothing of the engineers' arrives.", tone: "over" };
    case "taken-back":
      return { text: "Taken back: nothing that engineers type or propose arrives.", tone: "held" };
    case "live":
      break;
  }
  if (grant.mode === "watch") return { text: "Engineers may look, and not type.", tone: "alive" };
  if (grant.mode === "approve")
    return { text: "Engineers may propose; nothing runs that you don't let run.", tone: "alive" };
  if (grant.paused !== null)
    return {
      text: "Paused, as you chose: engineers may only look until you are back at the terminal.",
      tone: "held",
    };
  const also = away === "continue" ? ", also while you are away" : "";
  return { text: `Engineers may type into your terminals${also}.`, tone: "alive" };
}

/** Who watches, and who of them does not look; the customer's own pages are not among these. */
export function who(here: readonly Onlooker[]): string {
  const each = persons(here).map(({ person, look }) => `${person}${NOT_LOOKING[look]}`);
  const last = each.pop();
  if (last === undefined) return "Nobody else is here.";
  return each.length === 0 ? `${last} is here.` : `${each.join(", ")} and ${last} are here.`;
}

const NOT_LOOKING: Readonly<Record<Look, string>> = {
  looking: "",
  hidden: " (not looking)",
  asleep: " (page asleep)",
};

/** Whether it is recorded, and how well. */
export function recorded(
  presence: Presence,
  of: Pick<Session, "protected" | "shell">,
): { text: string; tone: "good" | "weaker" | "off" | "over" } {
  if (presence.state === "recorder-lost")
    return { text: "not recorded: the recorder stopped", tone: "off" };
  if (presence.state === "over" || presence.state === "ended")
    return { text: "the recording has ended", tone: "over" };
  if (of.protected === null) return { text: "not recorded yet", tone: "off" };
  const user = of.shell?.user ?? "its user";
  if (of.protected) return { text: `recorded; ${user} can't change it`, tone: "good" };
  return { text: `recorded; ${user} could change it`, tone: "weaker" };
}

/** Why this page can't reach the host, and what that means; null while it can. */
export function outOfReach(presence: Presence, now: number): string | null {
  const at = clock(presence.since, now);
  const still = "What you press here can't reach it; at its own terminal everything works.";
  switch (presence.state) {
    case "waiting":
      return `The host has not connected yet. ${still}`;
    case "link-lost":
      return `The host is offline since ${at}. It goes on recording. ${still}`;
    case "disconnected":
      return `You disconnected the host at ${at}. It goes on recording. ${still}`;
    case "recorder-lost":
      return `The recorder on the host stopped at ${at}: nobody reaches its terminals, and nothing is recorded.`;
    default:
      return null;
  }
}

/** Where the customer is, as their host sees it. */
export function seat(presence: Presence, now: number): string {
  const at = clock(presence.since, now);
  switch (presence.state) {
    case "at-keyboard":
      return "Somebody is at your keyboard.";
    case "idle":
      return `Nobody has used your keyboard since ${at}.`;
    case "away":
      return `Nobody is at your terminal since ${at}.`;
    case "empty":
      return "Nobody is at your terminal yet.";
    default:
      return "";
  }
}

/** How long a grant still has: `1:05:09`, and at the end `4:59`. */
export function left(until: number, now: number): string {
  const seconds = Math.max(0, Math.ceil(until - now));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const pad = (some: number) => String(some).padStart(2, "0");
  return h > 0 ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}

/** Who types now, or nothing where nobody does. */
export function typing(turns: Iterable<Turn>): string {
  const each = [...turns].map(({ holder, person }) =>
    holder === "customer" ? "your keyboard types" : `${person} is typing`,
  );
  return [...new Set(each)].join(", ");
}

/** That the session is over, and why: also where the customer's leaving has ended it. */
export function endedWords({ at, why }: { at: number; why: string }, now: number): string {
  return `The session ended at ${clock(at, now)}${why && `: ${visible(why)}`}.`;
}
