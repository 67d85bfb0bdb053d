/** Where a line or short script is written for the customer to let run. */

import type { RefObject } from "preact";
import { useId, useLayoutEffect, useState } from "preact/hooks";
import { terminalNumber } from "../log";
import type { Proposal } from "../proposals";
import type { Draft } from "../proposing";
import { tidied, wrong } from "../proposing";
import type { Want } from "../wire";
import { declinedWords } from "./notices";
import type { Declined } from "./watch";

interface Props {
  readonly terminal: string;
  /** Why nothing can be proposed now, as a sentence; null while it can. */
  readonly unready: string | null;
  /** This person's own proposals, oldest first. */
  readonly own: readonly Proposal[];
  readonly declined: Declined | null;
  readonly field: RefObject<HTMLTextAreaElement | null>;
  readonly onWant: (want: Want) => void;
}

const NOTHING: Draft = { text: "", why: "", expect: "" };

export function Composer({ terminal, unready, own, declined, field, onWant }: Props) {
  const [draft, setDraft] = useState(NOTHING);
  const [problem, setProblem] = useState<string | null>(null);
  const [sent, setSent] = useState<{ text: string; count: number } | null>(null);
  const ids = { text: useId(), why: useId(), expect: useId(), told: useId() };
  const isDeclined = declined?.want.type === "propose" && sent !== null;

  // What was proposed stands in the log before it leaves the field: nothing is lost on the way.
  const hasArrived = own.length > (sent?.count ?? Infinity) && own.at(-1)?.proposed === sent?.text;
  // At once: the next one may be typed as soon as this one is shown as proposed.
  useLayoutEffect(() => {
    if (!hasArrived) return;
    setDraft(NOTHING);
    setSent(null);
  }, [hasArrived]);

  const change = (some: Partial<Draft>) => {
    setDraft({ ...draft, ...some });
    setProblem(null);
    setSent(null);
  };
  const propose = () => {
    const ready = tidied(draft);
    const found = unready ?? wrong(ready);
    setProblem(found);
    if (found !== null) return;
    setSent({ text: ready.text, count: own.length });
    onWant({ type: "propose", by: "", terminal, ...ready });
  };
  const isWaiting = sent !== null && !isDeclined;
  const told = isDeclined ? declinedWords(declined.message) : (problem ?? unready);
  const lines = draft.text.split("\n").length;
  return (
    <form
      class="composer"
      data-composer
      aria-label="Propose a line"
      onSubmit={(event) => {
        event.preventDefault();
        propose();
      }}
      onKeyDown={(event) => {
        if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
        event.preventDefault();
        propose();
      }}
    >
      <label for={ids.text}>
        Propose a line or short script for terminal {terminalNumber(terminal)}
      </label>
      <textarea
        ref={field}
        id={ids.text}
        class="mono"
        rows={Math.min(8, Math.max(2, lines))}
        spellcheck={false}
        autocomplete="off"
        autocapitalize="off"
        value={draft.text}
        aria-describedby={ids.told}
        aria-invalid={problem !== null}
        onInput={({ currentTarget }) => change({ text: currentTarget.value })}
      />
      <div class="composer-asides">
        <label for={ids.why}>Why</label>
        <input
          id={ids.why}
          value={draft.why}
          placeholder="optional"
          onInput={({ currentTarget }) => change({ why: currentTarget.value })}
        />
        <label for={ids.expect}>What you expect</label>
        <input
          id={ids.expect}
          value={draft.expect}
          placeholder="optional"
          onInput={({ currentTarget }) => change({ expect: currentTarget.value })}
        />
        <button
          type="submit"
          class="primary"
          data-action="propose"
          title="Ctrl+Enter"
          disabled={isWaiting || unready !== null}
        >
          {isWaiting ? "Sent …" : "Propose"}
        </button>
      </div>
      <p id={ids.told} class="declined" role="alert" data-declined={told !== null}>
        {told}
      </p>
    </form>
  );
}
