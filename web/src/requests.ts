/** What engineers asked the customer for, and the answers, read from the session log. Pure. */

import type { Grant } from "./grant";
import { allows } from "./grant";
import type { LogLine } from "./log";
import type { Requestable } from "./wire";

export interface Request {
  readonly person: string;
  /** `terminal`, `approve`, `control`, `time`. */
  readonly what: string;
  readonly state: "open" | "yes" | "no";
  /** Who answered; empty while nobody did. */
  readonly by: string;
  /** Unix time, in seconds, of the asking or of the answer. */
  readonly at: number;
}

/** The latest request of each person for each thing, after this line of the log. */
export function requestsAfter(all: readonly Request[], { at, entry }: LogLine): readonly Request[] {
  switch (entry.event) {
    case "requested": {
      const { person, what } = entry;
      const others = all.filter((one) => one.person !== person || one.what !== what);
      return [...others, { person, what, state: "open", by: "", at }];
    }
    case "request_answered":
      return answer(all, ({ person, what }) => person === entry.person && what === entry.what, {
        state: entry.answer === "yes" ? "yes" : "no",
        by: entry.by,
        at,
      });
    case "mode_changed":
      // Somebody who widens the mode has answered whoever asked for that, however they did it.
      return answer(all, ({ what }) => isMode(what) && allows(entry.mode, what), {
        state: "yes",
        by: entry.by,
        at,
      });
    case "extended":
      return answer(all, ({ what }) => what === "time", { state: "yes", by: entry.by, at });
    case "started":
    case "revoked":
    case "ended":
      return all.filter((one) => one.state !== "open");
    default:
      return all;
  }
}

function isMode(what: string): boolean {
  return what === "approve" || what === "control";
}

function answer(
  all: readonly Request[],
  isMeant: (one: Request) => boolean,
  given: Pick<Request, "state" | "by" | "at">,
): readonly Request[] {
  return all.map((one) => (one.state === "open" && isMeant(one) ? { ...one, ...given } : one));
}

/** What can be asked for beyond this grant; another terminal apart. */
export function requestable({ mode, standing }: Grant): readonly Requestable[] {
  if (standing === "revoked") return [];
  if (standing === "expired") return ["time"];
  const modes = (["approve", "control"] as const).filter((one) => !allows(mode, one));
  return [...modes, "time"];
}
