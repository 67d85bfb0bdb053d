/** What engineers proposed and asked for in this session, and what became of it. */

import { clockSeconds, utc } from "../clock";
import { terminalNumber } from "../log";
import type { Proposal } from "../proposals";
import { isEdited, isOpen, words } from "../proposals";
import type { Request } from "../requests";
import { visible } from "../visible";
import type { Want } from "../wire";
import { Declined, Requests } from "./asks";
import type { Declined as DeclinedWant } from "./watch";

/** Beyond it, the replay and the log tell. */
const SHOWN_MOST = 50;

interface Props {
  readonly proposals: readonly Proposal[];
  readonly requests: readonly Request[];
  /** Whose proposals can be withdrawn here. */
  readonly person: string;
  readonly declined: DeclinedWant | null;
  readonly now: number;
  readonly onWant: (want: Want) => void;
}

export function ProposalsPanel({ proposals, requests, person, declined, now, onWant }: Props) {
  const newest = proposals.slice(-SHOWN_MOST).reverse();
  return (
    <section class="proposals-panel" aria-labelledby="proposals-heading">
      <h2 id="proposals-heading">Proposed and asked for</h2>
      <div class="proposals-scroll" tabIndex={0} role="group" aria-labelledby="proposals-heading">
        {requests.length > 0 && <Requests requests={requests} now={now} />}
        <ol class="proposals">
          {newest.map((one) => (
            <Item
              key={`${one.at} ${one.id}`}
              proposal={one}
              isOwn={one.person === person}
              declined={
                declined?.want.type === "withdraw" && declined.want.proposal === one.id
                  ? declined.message
                  : null
              }
              onWant={onWant}
            />
          ))}
        </ol>
      </div>
    </section>
  );
}

interface ItemProps {
  readonly proposal: Proposal;
  readonly isOwn: boolean;
  readonly declined: string | null;
  readonly onWant: (want: Want) => void;
}

function Item({ proposal, isOwn, declined, onWant }: ItemProps) {
  const { id, at, person, terminal, state, why, expect } = proposal;
  return (
    <li class={`proposal ${state}`} data-proposal={id} data-state={state}>
      <p class="proposal-head">
        <strong>{id}</strong> {person}
        <span class="quiet">
          terminal {terminalNumber(terminal)},{" "}
          <time dateTime={new Date(at * 1000).toISOString()} title={utc(at)}>
            {clockSeconds(at)}
          </time>
        </span>
      </p>
      <Script text={proposal.text} />
      {isEdited(proposal) && (
        <div class="edited" data-edited>
          <p>Edited by {proposal.by}; this was proposed:</p>
          <Script text={proposal.proposed} />
        </div>
      )}
      {why !== "" && (
        <p>
          <span class="quiet">why:</span> {visible(why)}
        </p>
      )}
      {expect !== "" && (
        <p>
          <span class="quiet">expected:</span> {visible(expect)}
        </p>
      )}
      <div class="proposal-end">
        <span class="proposal-state">{words(proposal)}</span>
        {isOwn && isOpen(proposal) && (
          <button
            type="button"
            data-action="withdraw"
            aria-label={`Withdraw proposal ${id}`}
            onClick={() => onWant({ type: "withdraw", by: "", proposal: id })}
          >
            Withdraw
          </button>
        )}
      </div>
      {declined !== null && <Declined says={declined} />}
    </li>
  );
}

/** Lines as they run, with nothing in them that can't be seen. */
function Script({ text }: { text: string }) {
  return <pre class="script">{text.split("\n").map(visible).join("\n")}</pre>;
}
