/** Whether the engineers who are here look at their pages, as the session log tells. Pure. */

import type { Entry } from "../log";

/** `hidden`: something else is in front of their page; `asleep`: their page answers nothing. */
export type Look = "looking" | "hidden" | "asleep";

/** By viewer; who is not in it looks. */
export type Looks = ReadonlyMap<string, Look>;

export interface Onlooker {
  readonly person: string;
  readonly look: Look;
}

/** The looks after this entry. */
export function looksAfter(looks: Looks, entry: Entry): Looks {
  switch (entry.event) {
    case "attention":
      return new Map(looks).set(entry.viewer, asLook(entry.state));
    case "joined":
    case "left":
      return without(looks, entry.viewer);
    case "started":
      return new Map(); // everybody who is here joins the new run, too
    default:
      return looks;
  }
}

/** Everybody once, in order of joining: who looks at one of their pages looks. */
export function persons(here: readonly Onlooker[]): Onlooker[] {
  const best = new Map<string, Look>();
  for (const { person, look } of here)
    if (RANK[look] <= RANK[best.get(person) ?? "asleep"]) best.set(person, look);
  return [...best].map(([person, look]) => ({ person, look }));
}

const RANK: Readonly<Record<Look, number>> = { looking: 0, hidden: 1, asleep: 2 };

function asLook(state: string): Look {
  return state === "hidden" || state === "asleep" ? state : "looking";
}

function without(looks: Looks, viewer: string): Looks {
  if (!looks.has(viewer)) return looks;
  const others = new Map(looks);
  others.delete(viewer);
  return others;
}
