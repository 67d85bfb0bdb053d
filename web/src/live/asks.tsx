/** Asking the customer for more, and what came of it. */

import { asked } from "../log";
import type { Request } from "../requests";
import type { Requestable } from "../wire";
import { When } from "../pages/frame";
import { declinedWords } from "./notices";

export interface AskProps {
  readonly what: Requestable;
  /** This person's own request for it waits for an answer. */
  readonly isAsked: boolean;
  /** Why it was declined just now, or null. */
  readonly declined: string | null;
  readonly onAsk: (what: Requestable) => void;
}

const LABELS: Readonly<Record<Requestable, string>> = {
  terminal: "Ask for another terminal",
  approve: "Ask for approve",
  control: "Ask for control",
  time: "Ask for more time",
};

export function Ask({ what, isAsked, declined, onAsk }: AskProps) {
  return (
    <>
      <button
        type="button"
        data-action={`ask-${what}`}
        disabled={isAsked}
        onClick={() => onAsk(what)}
      >
        {isAsked ? `Asked for ${asked(what)}` : LABELS[what]}
      </button>
      {declined !== null && <Declined says={declined} />}
    </>
  );
}

/** Why something was not done, where it was wanted; `says` as the recorder or the broker said it. */
export function Declined({ says }: { says: string }) {
  return (
    <span class="declined" role="alert" data-declined>
      {declinedWords(says)}
    </span>
  );
}

/** Who asked for what, and the answers. */
export function Requests({ requests, now }: { requests: readonly Request[]; now: number }) {
  return (
    <ul class="requests">
      {requests.map((one) => (
        <li
          key={`${one.person} ${one.what}`}
          data-request={one.what}
          data-state={one.state}
          data-person={one.person}
        >
          {one.person} asked for {asked(one.what)}: {answer(one)}{" "}
          <span class="quiet">
            <When at={one.at} now={now} />
          </span>
        </li>
      ))}
    </ul>
  );
}

function answer({ state, by }: Request): string {
  if (state === "open") return "no answer yet, since";
  return `${by} said ${state} at`;
}
