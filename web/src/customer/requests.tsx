/** What waits for the customer's answer, and what they have answered last. */

import { useEffect, useState } from "preact/hooks";
import { clock } from "../clock";
import type { Hold } from "../holds";
import { asked as askedFor, runAndTerminal } from "../log";
import type { Proposal } from "../proposals";
import { isOpen, words } from "../proposals";
import type { Request } from "../requests";
import { visible } from "../visible";
import type { Wish } from "./act";
import type { Asked } from "./asked";
import { Outcome } from "./top";
import { stretches } from "./visible-text";

/** Answered proposals that stay in sight; the history has all. */
const ANSWERED_SHOWN = 3;
const WORD_CHARACTERS = 500;
/** So long cards must have stood still before one can be let run. */
const STILL_MS = 700;

interface Props {
  readonly proposals: readonly Proposal[];
  readonly requests: readonly Request[];
  /** Why nothing can be run from here; empty where it can. */
  readonly notHere: string;
  readonly hasSeveralTerminals: boolean;
  readonly asked: ReadonlyMap<string, Asked>;
  readonly now: number;
  readonly onWish: (wish: Wish) => void;
}

export function Requests({ proposals, requests, ...of }: Props) {
  const waiting = proposals.filter(isOpen);
  const answered = proposals.filter((one) => !isOpen(one)).slice(-ANSWERED_SHOWN).reverse();
  const open = requests.filter(({ state }) => state === "open");
  const hasMoved = useHasMoved(waiting.map(({ id, state }) => `${id} ${state}`).join());
  return (
    <section class="requests" aria-labelledby="requests-heading">
      <h2 id="requests-heading">Waiting for you</h2>
      {waiting.length === 0 && open.length === 0 && <p class="quiet">Nothing.</p>}
      {waiting.length > 0 && of.notHere !== "" && (
        <p class="not-here" data-not-here>
          {of.notHere}
        </p>
      )}
      <ol aria-live="polite">
        {waiting.map((one) => (
          <ProposalCard key={`${one.id} ${one.at}`} proposal={one} hasMoved={hasMoved} {...of} />
        ))}
      </ol>
      {open.map(({ person, what, at }) => (
        <p key={`${person} ${what}`} class="request" data-request={what}>
          <strong>{person}</strong> asks for {askedFor(what)} ({clock(at, of.now)}).{" "}
          {ANSWERS[what] === undefined ? (
            "Answer at the terminal."
          ) : (
            <>
              To allow it, at the terminal: <code>{ANSWERS[what]}</code>
            </>
          )}
        </p>
      ))}
      {answered.length > 0 && (
        <ul class="answered">
          {answered.map((one) => (
            <li key={`${one.id} ${one.at}`} data-proposal={one.id} data-state={one.state}>
              <code>{visible(one.text.replaceAll("\n", " ↵ "))}</code>
              <span class="quiet">{words(one)}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

const ANSWERS: Readonly<Record<string, string>> = {
  approve: "jumpseat mode approve",
  control: "jumpseat mode control",
  time: "jumpseat extend",
};

/**
 * Whether the cards have just moved: a thumb that was on its way to one must not let another run.
 * `order` names what is shown, in its order.
 */
function useHasMoved(order: string): boolean {
  const [settled, setSettled] = useState<string | null>(null);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(order), STILL_MS);
    return () => window.clearTimeout(timer);
  }, [order]);
  return settled !== order;
}

type CardProps = Omit<Props, "proposals" | "requests"> & {
  readonly proposal: Proposal;
  readonly hasMoved: boolean;
};

function ProposalCard({ proposal, hasMoved, asked, ...of }: CardProps) {
  const { notHere, now, onWish } = of;
  const [word, setWord] = useState("");
  const { id, text, state } = proposal;
  const under = asked.get(`proposal ${id}`);
  const busy = under?.isBusy ? under.wish.do : null;
  return (
    <li class="proposal" data-proposal={id} data-state={state}>
      <p>
        <strong>{proposal.person}</strong> proposes{" "}
        <span class="quiet">
          {clock(proposal.at, now)}
          {of.hasSeveralTerminals && `, ${runAndTerminal(proposal.terminal)}`}
        </span>
      </p>
      <ExactText text={text} />
      {proposal.why !== "" && (
        <p class="aside">
          <span class="quiet">Why:</span> {visible(proposal.why)}
        </p>
      )}
      {proposal.expect !== "" && (
        <p class="aside">
          <span class="quiet">Expected:</span> {visible(proposal.expect)}
        </p>
      )}
      {state === "waiting" ? (
        <>
          <div class="answers">
            {notHere === "" && (
              <button
                type="button"
                class="run"
                data-action="run"
                disabled={busy !== null || hasMoved}
                onClick={() => onWish({ do: "approve", proposal: id, text })}
              >
                {busy === "approve" ? "Asking the host …" : "Run"}
              </button>
            )}
            <button
              type="button"
              data-action="refuse"
              disabled={busy !== null}
              onClick={() => onWish({ do: "refuse", proposal: id, word: word.trim() })}
            >
              {busy === "refuse" ? "Refusing …" : "Refuse"}
            </button>
          </div>
          <label class="word">
            <span>A word, if you refuse</span>
            <input
              data-field="word"
              maxLength={WORD_CHARACTERS}
              autocomplete="off"
              value={word}
              onInput={(event) => setWord(event.currentTarget.value)}
            />
          </label>
        </>
      ) : (
        <p class="quiet">{words(proposal)}</p>
      )}
      <Outcome of={under} />
    </li>
  );
}

/** A text exactly as it will run: what hides is shown by styles, and its characters are untouched. */
export function ExactText({ text }: { text: string }) {
  const lines = text.split("\n");
  return (
    <pre class="exact" tabIndex={0}>
      {lines.map((line, index) => (
        <span key={index}>
          <span class={index < lines.length - 1 ? "line breaks" : "line"}>
            {stretches(line).map(({ kind, text: some }, at) =>
              kind === "plain" ? (
                some
              ) : (
                <span key={at} class={kind} title={kind === "foreign" ? "Beyond ASCII" : "Spaces"}>
                  {kind === "foreign" ? visible(some) : some}
                </span>
              ),
            )}
          </span>
          {index < lines.length - 1 && "\n"}
        </span>
      ))}
    </pre>
  );
}

/** What nobody should touch. */
export function Holds({ holds }: { holds: readonly Hold[] }) {
  if (holds.length === 0) return null;
  return (
    <section class="holds" aria-labelledby="holds-heading">
      <h2 id="holds-heading">Holds</h2>
      <ul>
        {holds.map(({ id, text, by }) => (
          <li key={id} data-hold={id}>
            {visible(text)} <span class="quiet">by {by}</span>
          </li>
        ))}
      </ul>
      <p class="quiet">A line that touches a hold is let run at the terminal alone.</p>
    </section>
  );
}
