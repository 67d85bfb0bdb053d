/** Which terminal to show, where a session has several. */

import { loginWords, runAndTerminal } from "../log";
import type { Terminals } from "../terminals";

interface Props {
  /** Names of recordings, oldest first. */
  readonly terminals: readonly string[];
  readonly facts: Terminals;
  readonly shown: string | null;
  readonly onChoose: (terminal: string) => void;
}

export function TerminalSelect({ terminals, facts, shown, onChoose }: Props) {
  if (terminals.length < 2) return null;
  const login = (name: string) => {
    const of = facts.get(name)?.login;
    return of ? `: ${loginWords(of)}` : "";
  };
  return (
    <span class="terminal-select">
      <label for="terminal">Terminal</label>
      <select
        id="terminal"
        value={shown ?? ""}
        onChange={(event) => onChoose(event.currentTarget.value)}
      >
        {terminals.map((name) => (
          <option key={name} value={name}>
            {runAndTerminal(name)}
            {login(name)}
          </option>
        ))}
      </select>
    </span>
  );
}
