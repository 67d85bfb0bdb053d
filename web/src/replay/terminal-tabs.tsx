/** The recordings of a session as tabs, where it has several. */

import { useRef } from "preact/hooks";
import { runAndTerminal, runOf } from "../log";
import type { Terminals } from "../terminals";
import { terminalName } from "../terminals";

/** The element that the tabs show. */
export const STAGE_ID = "stage";

interface Props {
  /** Names of recordings, oldest first. */
  readonly terminals: readonly string[];
  readonly facts: Terminals;
  readonly shown: string | null;
  readonly onChoose: (terminal: string) => void;
}

export function TerminalTabs({ terminals, facts, shown, onChoose }: Props) {
  const list = useRef<HTMLDivElement>(null);
  if (terminals.length < 2) return null;
  const hasRuns = new Set(terminals.map(runOf)).size > 1;
  const move = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const next = step === undefined ? undefined : terminals[terminals.indexOf(shown ?? "") + step];
    if (next === undefined) return;
    event.preventDefault();
    onChoose(next);
    list.current?.querySelector<HTMLElement>(`[data-tab="${next}"]`)?.focus();
  };
  return (
    <div class="tabs replay-tabs">
      <div ref={list} role="tablist" aria-label="Terminals" onKeyDown={move}>
        {terminals.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            class="tab"
            data-tab={name}
            aria-selected={name === shown}
            aria-controls={STAGE_ID}
            tabIndex={name === shown ? 0 : -1}
            onClick={() => onChoose(name)}
          >
            {hasRuns && !facts.get(name)?.login ? runAndTerminal(name) : terminalName(name, facts)}
          </button>
        ))}
      </div>
    </div>
  );
}
