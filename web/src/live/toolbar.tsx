/** The line under the terminal: the terminal's size, and how it is shown. */

import type { RefObject } from "preact";
import { useState } from "preact/hooks";
import { COMMANDS_ID } from "../command-list/panel";
import { REPORT_ID } from "../reports/panel";

interface Props {
  readonly size: { cols: number; rows: number } | null;
  readonly title: string;
  readonly sessionId: string;
  readonly isTyping: boolean;
  readonly hasReport: boolean;
  readonly onReport: () => void;
  readonly hasCommands: boolean;
  readonly onCommands: () => void;
  readonly hasLog: boolean;
  readonly logButton: RefObject<HTMLButtonElement | null>;
  readonly onLog: () => void;
  readonly onReadable: (isOn: boolean) => void;
  readonly onScreenReader: (isOn: boolean) => void;
}

export function Toolbar(props: Props) {
  const { size } = props;
  return (
    <footer class="toolbar">
      {size !== null && (
        <span
          class="size"
          title="The customer's window; it rules"
          data-size={`${size.cols}x${size.rows}`}
        >
          {size.cols}×{size.rows}
        </span>
      )}
      {props.title !== "" && (
        <span class="terminal-title" data-field="title">
          {props.title}
        </span>
      )}
      <span class="quiet hint" id="terminal-hint">
        {props.isTyping ? "Keys go to the customer's terminal. " : ""}Ctrl+F6 leaves the terminal.
      </span>
      <span class="toolbar-end">
        <Toggle label="Readable size" onToggle={props.onReadable} />
        <Toggle label="Screen reader" onToggle={props.onScreenReader} />
        <button
          type="button"
          data-action="reports"
          aria-expanded={props.hasReport}
          aria-controls={REPORT_ID}
          onClick={props.onReport}
        >
          Away reports
        </button>
        <button
          type="button"
          data-action="commands"
          aria-expanded={props.hasCommands}
          aria-controls={COMMANDS_ID}
          onClick={props.onCommands}
        >
          Commands
        </button>
        <button
          ref={props.logButton}
          type="button"
          aria-expanded={props.hasLog}
          aria-controls="session-log"
          onClick={props.onLog}
        >
          Session log
        </button>
        <a class="button" href={`/sessions/${encodeURIComponent(props.sessionId)}/replay`}>
          Replay
        </a>
      </span>
    </footer>
  );
}

function Toggle({ label, onToggle }: { label: string; onToggle: (isOn: boolean) => void }) {
  const [isOn, setOn] = useState(false);
  const toggle = () => {
    setOn(!isOn);
    onToggle(!isOn);
  };
  return (
    <button type="button" aria-pressed={isOn} onClick={toggle}>
      {label}
    </button>
  );
}
