/** What a session's log tells the live page, each thing by its own reading of it. */

import { useMemo } from "preact/hooks";
import { commandsOf } from "../commands";
import { holdsAfter } from "../holds";
import type { LogLine } from "../log";
import { runOf } from "../log";
import { proposalsAfter } from "../proposals";
import { requestsAfter } from "../requests";
import type { Terminals } from "../terminals";
import { terminalsAfter } from "../terminals";
import { visible } from "../visible";

const NO_TERMINALS: Terminals = new Map();

export function useTold(log: readonly LogLine[]) {
  return useMemo(
    () => ({
      proposals: log.reduce(proposalsAfter, []),
      requests: log.reduce(requestsAfter, []),
      holds: log.reduce(holdsAfter, []),
      terminals: log.reduce(terminalsAfter, NO_TERMINALS),
      commands: commandsOf(log.map(({ entry }) => entry)),
      ending: log.reduce(endingAfter, null),
    }),
    [log],
  );
}

/** Why the session ended, where the log has told. */
function endingAfter(ending: string | null, { entry }: LogLine): string | null {
  return entry.event === "ended" ? visible(entry.why) : ending;
}

/** Why nothing can be proposed for the terminal that is shown; null where something can. */
export function unready(
  shown: string | null,
  heldOff: string | null,
  names: readonly string[],
  facts: Terminals,
): string | null {
  if (heldOff !== null) return `${heldOff}: nothing can be proposed now.`;
  if (shown === null) return "The host has opened no terminal yet.";
  if (facts.get(shown)?.login) return "This is somebody's own login: engineers type elsewhere.";
  const isPast = runOf(shown) !== runOf(names.at(-1) ?? "") || facts.get(shown)?.isClosed;
  return isPast ? "This terminal is closed: choose another one." : null;
}
