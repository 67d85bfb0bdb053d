/** Why keys were not sent, for the person who pressed them. Pure. */

import type { Grant } from "../grant";
import { REFUSALS } from "../log";
import { visible } from "../visible";
import type { Turn } from "./watch";

/** Sentences for the codes of `refused` and `declined`, and for this page's own. */
export function refusalWords(code: string, grant: Grant | null, turn: Turn | undefined): string {
  if (code === "turn")
    return `${typist(turn)} is typing: your keys wait their turn and were not sent.`;
  if (code === "mode" && grant?.mode === "approve")
    return "Not sent: in mode approve, write the line below the terminal and propose it.";
  if (code === "mode" && grant?.mode === "watch") return "Not sent: this grant is watch-only.";
  return `Not sent: ${OWN[code] ?? REFUSALS[code] ?? code}.`;
}

const OWN: Readonly<Record<string, string>> = {
  "not-begun": "the host has not said yet what is allowed",
  "broker-lost": "the connection to the broker is lost",
  torn: "its beginning was not either; pause for a second, then type it again",
};

/** Who types, in words. */
export function typist(turn: Turn | undefined): string {
  if (turn === undefined) return "somebody else";
  return turn.holder === "customer" ? "the customer" : turn.person;
}

/** Why something else was not done: the recorder's or the broker's words for it, as a sentence. */
export function declinedWords(message: string): string {
  const says = visible(message);
  return `Not done: ${says}${/[.!?]$/.test(says) ? "" : "."}`;
}
