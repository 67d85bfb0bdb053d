/** Which terminal to show, where a session has several. */

import { runAndTerminal } from "../log";

interface Props {
  /** Names of recordings, oldest first. */
  readonly terminals: readonly string[];
  readonly shown: string | null;
  readonly onChoose: (terminal: string) => void;
}

export function TerminalSelect({ terminals, shown, onChoose }: Props) {
  if (terminals.length < 2) return null;
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
          </option>
        ))}
      </select>
    </span>
  );
}
