/** What is always in sight: who is here, what they may, for how long, and how to stop it. */

import type { Session } from "../api";
import { clock } from "../clock";
import { SOON_SECONDS } from "../grant";
import { turnsNow } from "../live/watch";
import type { Presence } from "../presence";
import type { Wish } from "./act";
import type { Asked } from "./asked";
import type { RoomState } from "./room";
import { endedWords, left, may, outOfReach, recorded, seat, typing, who } from "./situation";

interface Props {
  readonly session: Session;
  readonly state: RoomState;
  readonly presence: Presence;
  /** When the session ended, and why, where that is known; null while it goes on. */
  readonly ended: { readonly at: number; readonly why: string } | null;
  readonly now: number;
  readonly onWish: (wish: Wish) => void;
}

export function Top({ session, state, presence, ended, now, onWish }: Props) {
  const isEnded = ended !== null;
  const { watched, broker } = state;
  const { grant } = watched;
  const allowed = grant && may(grant, watched.started?.grant.away ?? session.away);
  const tone = isEnded ? "over" : (allowed?.tone ?? "held");
  const here = [...watched.viewers]
    .filter(([, person]) => person !== watched.viewers.get(watched.you))
    .map(([viewer, person]) => ({ person, look: state.told.looks.get(viewer) ?? "looking" }));
  const record = recorded(presence, watched.started ?? session);
  const types = broker.state === "live" && !isEnded ? typing(turnsNow(watched).values()) : "";
  const reach = isEnded ? null : outOfReach(presence, now);
  return (
    <header class="top" data-tone={tone}>
      <p class="where">
        {session.host.name} <span class="quiet">{session.case.title}</span>
      </p>
      <div role="status" class="situation">
        <p class="who" data-here={here.length}>
          {isEnded ? endedWords(ended, now) : who(here)}
          {types !== "" && (
            <span class="types" aria-hidden="true">
              {` ${types} …`}
            </span>
          )}
        </p>
        {!isEnded && (
          <p
            class="may"
            data-mode={grant?.mode ?? session.mode}
            data-standing={grant?.standing ?? session.standing}
            data-paused={(grant?.paused ?? null) !== null}
          >
            {allowed?.text ?? "The host has not said yet what they may."}
          </p>
        )}
      </div>
      <p class="facts">
        <span data-recorded={record.tone} class={`recorded ${record.tone}`}>
          {record.text}
        </span>
        {!isEnded && grant && grant.standing !== "revoked" && grant.standing !== "expired" && (
          <span class={grant.until - now <= SOON_SECONDS ? "left soon" : "left"} data-left>
            {left(grant.until, now)} left
          </span>
        )}
        {!isEnded && <span class="quiet seat">{seat(presence, now)}</span>}
      </p>
      {broker.state === "lost" && (
        <p class="reach" role="alert" data-link="broker-lost">
          This page lost the broker at {clock(broker.since, now)} and tries again. What you press
          here goes nowhere until then; at the terminal everything works.
        </p>
      )}
      {broker.state !== "lost" && reach !== null && (
        <p class="reach" role="alert" data-link={presence.state}>
          {reach}
        </p>
      )}
      {!isEnded && (
        <div class="reins">
          <Reins state={state} onWish={onWish} />
        </div>
      )}
    </header>
  );
}

/** Take back, or how to give back. */
function Reins({ state, onWish }: Pick<Props, "state" | "onWish">) {
  const standing = state.watched.grant?.standing ?? "live";
  const act = state.asked.get("take_back");
  if (standing === "taken-back")
    return (
      <p class="taken-back">
        To give back, at the terminal: the prefix key (Ctrl-] where you have not chosen another) and
        space, or <code>jumpseat give-back</code>.
      </p>
    );
  if (standing !== "live") return null;
  return (
    <>
      <button
        type="button"
        class="take-back"
        data-action="take-back"
        disabled={act?.isBusy}
        onClick={() => onWish({ do: "take_back" })}
      >
        {act?.isBusy ? "Taking back …" : "Take back"}
      </button>
      <Outcome of={act} />
    </>
  );
}

/** What became of an act that did not do what it should have done. */
export function Outcome({ of }: { of: Asked | undefined }) {
  if (of === undefined || of.says === "") return null;
  return (
    <p class="problem" role="alert" data-outcome={of.wish.do}>
      {of.says}
    </p>
  );
}
