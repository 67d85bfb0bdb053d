/** What can't be undone: revoking, and ending. Each asks once more. */

import { useState } from "preact/hooks";
import type { Wish } from "./act";
import type { RoomState } from "./room";
import { Confirm } from "./confirm";
import { Outcome } from "./top";

interface Props {
  readonly state: RoomState;
  readonly onWish: (wish: Wish) => void;
}

export function Final({ state, onWish }: Props) {
  const [asks, setAsks] = useState<"end" | "revoke" | null>(null);
  const [revoke, end] = [state.asked.get("revoke"), state.asked.get("end")];
  const close = () => setAsks(null);
  return (
    <section class="final" aria-label="Revoke or end">
      {state.watched.grant?.standing !== "revoked" && (
        <button
          type="button"
          data-action="revoke"
          disabled={revoke?.isBusy}
          onClick={() => setAsks("revoke")}
        >
          {revoke?.isBusy ? "Revoking …" : "Revoke …"}
        </button>
      )}
      <button type="button" data-action="end" disabled={end?.isBusy} onClick={() => setAsks("end")}>
        {end?.isBusy ? "Ending …" : "End session …"}
      </button>
      <Outcome of={revoke} />
      <Outcome of={end} />
      {asks === "revoke" && (
        <Confirm
          title="Revoke what you granted?"
          yes="Revoke"
          action="confirm-revoke"
          onYes={() => onWish({ do: "revoke" })}
          onClose={close}
        >
          <p>
            From then on nothing of the engineers' reaches your terminals, and nothing of the
            terminals reaches them, or this page. Your shells go on, and are recorded. It can't be
            undone: to go on together takes a new invitation.
          </p>
        </Confirm>
      )}
      {asks === "end" && (
        <Confirm
          title="End the session?"
          yes="End session"
          action="confirm-end"
          onYes={() => onWish({ do: "end" })}
          onClose={close}
        >
          <p>
            Its terminals are closed, with whatever runs in them, and the recording ends. It can't
            be undone: to go on together takes a new invitation.
          </p>
        </Confirm>
      )}
    </section>
  );
}
