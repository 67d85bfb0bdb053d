/** The line above the terminal: the customer's presence, the grant, the evidence, who watches. */

import type { Session } from "../api";
import type { Grant } from "../grant";
import { SOON_SECONDS, isUnattended, words } from "../grant";
import { Evidence, PresenceLine } from "../pages/frame";
import type { Presence } from "../presence";
import { isOver, lately } from "../presence";
import type { Watched } from "./watch";

interface Props {
  readonly session: Session;
  readonly watched: Watched;
  readonly presence: Presence;
  readonly grant: Grant;
  readonly now: number;
  readonly onReport: () => void;
}

export function StatusBar({ session, watched, presence, grant, now, onReport }: Props) {
  const was = lately(presence, now);
  const away = watched.started?.grant.away ?? session.away;
  return (
    <div class="status-bar" role="status" aria-label="Session status">
      <PresenceLine presence={presence} now={now} />
      {was !== null && (
        <button
          type="button"
          class="plain lately"
          data-lately={presence.last?.cause}
          title="Show the away report"
          onClick={onReport}
        >
          {was}
        </button>
      )}
      {isUnattended(grant, away, presence.state) && (
        <span class="unattended" data-unattended>
          unattended: the customer lets you go on
        </span>
      )}
      {!isOver(presence) && <GrantLine grant={grant} now={now} />}
      <span>
        <span class="quiet">evidence</span> <Evidence of={watched.started ?? session} />
      </span>
      <Watchers viewers={watched.viewers} you={watched.you} />
    </div>
  );
}

/** What the customer allows at this moment, and for how long still. */
function GrantLine({ grant, now }: { grant: Grant; now: number }) {
  const { says, left } = words(grant, now);
  const isHeldOff = grant.standing !== "live" || grant.paused !== null;
  const isSoon = grant.until - now <= SOON_SECONDS;
  return (
    <span
      class={isHeldOff ? "mode held-off" : `mode ${grant.mode}`}
      data-mode={grant.mode}
      data-standing={grant.standing}
      data-held-off={isHeldOff}
    >
      {says}{" "}
      {left !== "" && (
        // It changes by itself: read when looked at, not announced each second.
        <span class={isSoon ? "time-left soon" : "time-left"} aria-live="off">
          {left}
        </span>
      )}
    </span>
  );
}

function Watchers({ viewers, you }: { viewers: ReadonlyMap<string, string>; you: string }) {
  const others = [...viewers].filter(([id]) => id !== you).map(([, person]) => person);
  return (
    <span class="watchers" data-watchers={others.join(",")}>
      {others.length === 0 ? "nobody else watches" : `also watching: ${others.join(", ")}`}
    </span>
  );
}
