/** What the session log tells of each terminal. Pure. */

import type { Login, LogLine } from "./log";
import { loginWords, terminalNumber } from "./log";

export interface TerminalFacts {
  readonly isClosed: boolean;
  /** Grows when something is done there: a line is entered, a proposal runs. */
  readonly activity: number;
  /** Whose shell it is; null: the session's own. */
  readonly login: Login | null;
}

export type Terminals = ReadonlyMap<string, TerminalFacts>;

const UNHEARD: TerminalFacts = { isClosed: false, activity: 0, login: null };

/** `Terminal 2`, or whose login it is: `root on pts/3 from 10.0.0.7`. */
export function terminalName(name: string, all: Terminals): string {
  const login = all.get(name)?.login ?? null;
  return login === null ? `Terminal ${terminalNumber(name)}` : loginWords(login);
}

/** All terminals after this line of the log, by the names of their recordings. */
export function terminalsAfter(all: Terminals, { entry }: LogLine): Terminals {
  switch (entry.event) {
    case "opened": {
      const before = all.get(entry.terminal) ?? UNHEARD;
      const after = { ...before, activity: before.activity + 1, login: entry.login };
      return new Map(all).set(entry.terminal, after);
    }
    case "command_started":
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
