/** The session's terminals as tabs, who types in the one that is shown, and asking for another. */

import { useEffect, useRef, useState } from "preact/hooks";
import { runAndTerminal, runOf } from "../log";
import type { Terminals } from "../terminals";
import { terminalName } from "../terminals";
import { Ask } from "./asks";
import type { AskProps } from "./asks";
import { typist } from "./notices";
import type { Turn, Watched } from "./watch";
import { isOwn } from "./watch";

/** The element that the tabs show: the terminal's room. */
export const PANEL_ID = "terminal-panel";

interface Props {
  readonly watched: Watched;
  readonly turns: Watched["turns"];
  readonly facts: Terminals;
  /** How to ask for another terminal; null where that is out of the question. */
  readonly ask: AskProps | null;
  /** Show a terminal; `isEntered`: and take the keyboard there. */
  readonly onChoose: (terminal: string, isEntered: boolean) => void;
}

export function Tabs({ watched, turns, facts, ask, onChoose }: Props) {
  const { terminals, shown } = watched;
  const run = runOf(terminals.at(-1) ?? "");
  const present = terminals.filter((name) => runOf(name) === run);
  const earlier = terminals.filter((name) => runOf(name) !== run);
  const seen = useSeen(shown, facts);
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const next = step === undefined ? undefined : present[present.indexOf(shown ?? "") + step];
    if (next === undefined) return;
    event.preventDefault();
    onChoose(next, false);
    list.current?.querySelector<HTMLElement>(`[data-tab="${next}"]`)?.focus();
  };
  const turn = turns.get(shown ?? "");
  return (
    <div class="tabs">
      <div ref={list} role="tablist" aria-label="Terminals" onKeyDown={move}>
        {present.map((name) => (
          <Tab
            key={name}
            name={name}
            title={terminalName(name, facts)}
            isShown={name === shown}
            isFirst={name === present[0] && !present.includes(shown ?? "")}
            isClosed={facts.get(name)?.isClosed ?? false}
            isNew={(facts.get(name)?.activity ?? 0) > (seen.get(name) ?? 0)}
            typing={typingWords(turns.get(name), watched)}
            onChoose={() => onChoose(name, true)}
          />
        ))}
      </div>
      {earlier.length > 0 && (
        <Earlier names={earlier} shown={shown} onChoose={(name) => onChoose(name, false)} />
      )}
      {ask && <Ask {...ask} />}
      <span
        class="typing"
        role="status"
        data-typing={
          turn === undefined ? "" : turn.holder === "customer" ? "customer" : turn.person
        }
      >
        {typingWords(turn, watched)}
      </span>
    </div>
  );
}

function typingWords(turn: Turn | undefined, watched: Watched): string | null {
  if (turn === undefined) return null;
  return isOwn(turn, watched) ? "you are typing" : `${typist(turn)} is typing`;
}

interface TabProps {
  readonly name: string;
  readonly title: string;
  readonly isShown: boolean;
  /** Takes the focus where none of the tabs is shown. */
  readonly isFirst: boolean;
  readonly isClosed: boolean;
  /** Something was done there since it was last shown. */
  readonly isNew: boolean;
  readonly typing: string | null;
  readonly onChoose: () => void;
}

function Tab({ name, title, isShown, isFirst, isClosed, isNew, typing, onChoose }: TabProps) {
  const hasNews = isNew && !isShown;
  return (
    <button
      type="button"
      role="tab"
      class={isClosed ? "tab closed" : "tab"}
      data-tab={name}
      data-news={hasNews}
      aria-selected={isShown}
      aria-controls={PANEL_ID}
      tabIndex={isShown || isFirst ? 0 : -1}
      onClick={onChoose}
    >
      {title}
      {isClosed && <span class="quiet"> closed</span>}
      {hasNews && <span class="news" role="img" aria-label="something new" />}
      {!isShown && typing !== null && <span class="quiet"> {typing}</span>}
    </button>
  );
}

interface EarlierProps {
  readonly names: readonly string[];
  readonly shown: string | null;
  readonly onChoose: (terminal: string) => void;
}

/** Recordings of runs before the recorder was started anew. */
function Earlier({ names, shown, onChoose }: EarlierProps) {
  return (
    <select
      aria-label="Earlier runs"
      value={names.includes(shown ?? "") ? (shown ?? "") : ""}
      onChange={({ currentTarget }) => onChoose(currentTarget.value)}
    >
      <option value="" disabled>
        Earlier runs
      </option>
      {names.map((name) => (
        <option key={name} value={name}>
          {runAndTerminal(name)}
        </option>
      ))}
    </select>
  );
}

/** How much had been done in each terminal when it was last on the screen. */
function useSeen(shown: string | null, facts: Terminals): ReadonlyMap<string, number> {
  const [seen, setSeen] = useState<ReadonlyMap<string, number>>(new Map());
  const activity = facts.get(shown ?? "")?.activity ?? 0;
  useEffect(() => {
    if (shown !== null) setSeen((before) => new Map(before).set(shown, activity));
  }, [shown, activity]);
  return seen;
}
