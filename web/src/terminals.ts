/** What the session log tells of each terminal. Pure. */

import type { LogLine } from "./log";

export interface TerminalFacts {
  readonly isClosed: boolean;
  /** Grows when something is done there: a line is entered, a proposal runs. */
  readonly activity: number;
}

export type Terminals = ReadonlyMap<string, TerminalFacts>;

const UNHEARD: TerminalFacts = { isClosed: false, activity: 0 };

/** All terminals after this line of the log, by the names of their recordings. */
export function terminalsAfter(all: Terminals, { entry }: LogLine): Terminals {
  switch (entry.event) {
    case "opened":
    case "entered":
    case "ran":
    case "stopped": {
      const before = all.get(entry.terminal) ?? UNHEARD;
      const after = { ...before, activity: before.activity + 1 };
      return new Map(all).set(entry.terminal, after);
    }
    case "closed": {
      const before = all.get(entry.terminal) ?? UNHEARD;
      return new Map(all).set(entry.terminal, { ...before, isClosed: true });
    }
    default:
      return all;
  }
}
