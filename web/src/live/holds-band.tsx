/** Holds, above the terminal for as long as they are up; and the question that puts one up. */

import { useEffect, useId, useState } from "preact/hooks";
import type { Hold } from "../holds";
import { draftOf, wrongHold } from "../holds";
import { When } from "../pages/frame";
import { visible } from "../visible";
import type { Want } from "../wire";
import { Declined } from "./asks";
import { Dialog } from "./dialogs";
import { declinedWords } from "./notices";
import type { Declined as DeclinedWant } from "./watch";

interface BandProps {
  readonly holds: readonly Hold[];
  readonly declined: DeclinedWant | null;
  readonly now: number;
  readonly canLift: boolean;
  readonly onWant: (want: Want) => void;
}

export function HoldsBand({ holds, declined, now, canLift, onWant }: BandProps) {
  if (holds.length === 0) return null;
  const isDeclined = ({ id }: Hold) =>
    declined?.want.type === "lift_hold" && declined.want.hold === id;
  return (
    <section class="holds" aria-label="Holds" data-holds={holds.length}>
      <ul tabIndex={holds.length > 2 ? 0 : -1}>
        {holds.map((hold) => (
          <li key={hold.id} data-hold={hold.id} data-side={hold.side}>
            <strong>Hold {hold.id}</strong> <span class="hold-text">{visible(hold.text)}</span>
            <span class="quiet">
              {hold.by}, since <When at={hold.since} now={now} /> · stops
              {hold.patterns.map((one) => (
                <code key={one}>{visible(one)}</code>
              ))}
            </span>
            {hold.side === "engineer" && canLift && (
              <button
                type="button"
                data-action="lift-hold"
                aria-label={`Lift hold ${hold.id}`}
                onClick={() => onWant({ type: "lift_hold", by: "", hold: hold.id })}
              >
                Lift
              </button>
            )}
            {isDeclined(hold) && declined && <Declined says={declined.message} />}
          </li>
        ))}
      </ul>
    </section>
  );
}

interface DialogProps {
  readonly holds: readonly Hold[];
  readonly declined: DeclinedWant | null;
  readonly onWant: (want: Want) => void;
  readonly onClose: () => void;
}

/** It stays open until the hold is up: what the recorder declines can be put right here. */
export function HoldDialog({ holds, declined, onWant, onClose }: DialogProps) {
  const [text, setText] = useState("");
  const [lines, setLines] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [sent, setSent] = useState<{ text: string; before: readonly Hold[] } | null>(null);
  const isUp = holds.some((one) => one.text === sent?.text && !sent.before.includes(one));
  const isDeclined = declined?.want.type === "put_hold" && sent !== null;
  const told = isDeclined ? declinedWords(declined.message) : problem;
  const ids = { text: useId(), patterns: useId(), problem: useId() };
  useEffect(() => {
    if (isDeclined) setProblem(null);
  }, [isDeclined]);
  const forget = () => {
    setProblem(null);
    setSent(null);
  };
  const put = () => {
    const draft = draftOf(text, lines);
    const wrong = wrongHold(draft);
    setProblem(wrong);
    if (wrong !== null) return;
    setSent({ text: draft.text, before: holds });
    onWant({ type: "put_hold", by: "", ...draft });
  };
  return (
    <Dialog
      title="Put up a hold"
      confirm="Put up"
      keepsOpen
      isDone={isUp}
      onConfirm={put}
      onClose={onClose}
    >
      <p>
        Both sides see it until it is lifted, also after this session. A command that matches is
        stopped before it runs, and runs only if somebody types <q>override</q>. It prevents slips;
        it does not stop whoever wants to get past it.
      </p>
      <div class="field">
        <label for={ids.text}>What nobody should touch</label>
        <input
          id={ids.text}
          value={text}
          placeholder="do not touch pool/tank"
          aria-describedby={ids.problem}
          onInput={({ currentTarget }) => {
            setText(currentTarget.value);
            forget();
          }}
        />
      </div>
      <div class="field">
        <label for={ids.patterns}>
          Commands to stop: one pattern a line; * stands for anything
        </label>
        <textarea
          id={ids.patterns}
          class="mono"
          rows={4}
          value={lines}
          placeholder={"zpool destroy\nzfs destroy * pool/tank"}
          aria-describedby={ids.problem}
          onInput={({ currentTarget }) => {
            setLines(currentTarget.value);
            forget();
          }}
        />
      </div>
      <p id={ids.problem} class="declined" role="alert" data-declined={told !== null}>
        {told}
      </p>
    </Dialog>
  );
}
