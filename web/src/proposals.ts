/** Lines that engineers propose, and what became of them, read from the session log. Pure. */

import type { LogLine } from "./log";

/**
 * `waiting` for the customer, `approved` and waiting for a prompt, or over: `ran`, `refused`,
 * `withdrawn`.
 */
export type State = "waiting" | "approved" | "ran" | "refused" | "withdrawn";

export interface Proposal {
  /** The number that the recorder gave it. */
  readonly id: string;
  /** Unix time, in seconds. */
  readonly at: number;
  readonly person: string;
  readonly terminal: string;
  readonly proposed: string;
  readonly why: string;
  readonly expect: string;
  readonly state: State;
  /** What shall run or ran: as proposed, unless the customer edited it. */
  readonly text: string;
  /** Who let it run or refused it; empty until somebody did. */
  readonly by: string;
  /** How it came to run: `asked`, `page`, `times`, `kind`; empty until it did. */
  readonly how: string;
  /** The word with which it was refused, or why it was withdrawn. */
  readonly word: string;
}

/** All proposals after this line of the log, oldest first. */
export function proposalsAfter(
  all: readonly Proposal[],
  { at, entry }: LogLine,
): readonly Proposal[] {
  // A recorder that was killed could not say what became of these; they run no more.
  if (entry.event === "started")
    return all.map((one) =>
      isOpen(one) ? { ...one, state: "withdrawn", word: "the recorder was stopped" } : one,
    );
  if (entry.event === "proposed") {
    const { proposal: id, person, terminal, text, why, expect } = entry;
    const made = { id, at, person, terminal, proposed: text, text, why, expect };
    return [...all, { ...made, state: "waiting", by: "", how: "", word: "" }];
  }
  const changes = changeOf(entry);
  if (changes === null) return all;
  const index = all.findLastIndex((one) => one.id === changes.id);
  const before = all[index];
  return before && isOpen(before) ? all.with(index, { ...before, ...changes }) : all;
}

function changeOf(entry: LogLine["entry"]): (Partial<Proposal> & { readonly id: string }) | null {
  switch (entry.event) {
    case "approved": {
      const { proposal: id, by, how, text } = entry;
      return { id, state: "approved", by, how, text };
    }
    case "ran":
      return { id: entry.proposal, state: "ran", by: entry.by, text: entry.text };
    case "proposal_refused":
      return { id: entry.proposal, state: "refused", by: entry.by, word: entry.word };
    case "withdrawn":
      return { id: entry.proposal, state: "withdrawn", word: entry.why };
    default:
      return null;
  }
}

/** Whether something may still become of it. */
export function isOpen({ state }: Proposal): boolean {
  return state === "waiting" || state === "approved";
}

export function isEdited(proposal: Proposal): boolean {
  return proposal.text !== proposal.proposed;
}

/** Where a proposal stands, in words. */
export function words(proposal: Proposal): string {
  const { state, by, how, word } = proposal;
  switch (state) {
    case "waiting":
      return "waits for the customer";
    case "approved":
      return `approved by ${by}${UNASKED[how] ?? ""}; waits for a prompt`;
    case "ran":
      return `ran, let run by ${by}${UNASKED[how] ?? ""}`;
    case "refused":
      return word === "" ? `refused by ${by}` : `refused by ${by}: ${word}`;
    case "withdrawn":
      return `withdrawn: ${word.replaceAll("-", " ")}`;
  }
}

const UNASKED: Readonly<Record<string, string>> = {
  times: " without asking again",
  kind: " as one of its kind",
};
