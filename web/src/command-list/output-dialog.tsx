/** What one command printed, alone: text as the screen showed it. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { ApiError, Output } from "../api";
import { commandOutput } from "../api";
import type { Command } from "../commands";
import { CopyButton } from "../pages/copy-button";
import { Problem, asApiError } from "../pages/frame";
import { visible } from "../visible";

interface Props {
  readonly sessionId: string;
  readonly command: Command;
  readonly href: string;
  readonly onClose: () => void;
}

export function OutputDialog({ sessionId, command, href, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const shown = useRef<HTMLPreElement>(null);
  const { output, error, load } = useOutput(sessionId, command.id);
  useEffect(() => dialog.current?.showModal(), []);
  const text = output?.text ?? "";
  return (
    <dialog
      ref={dialog}
      class="output-dialog"
      aria-labelledby="output-heading"
      data-output={command.id}
      onClose={onClose}
    >
      <header>
        <h2 id="output-heading">
          Output of <code>{visible(command.line.split("\n", 1)[0] ?? "")}</code>
        </h2>
        <button type="button" data-action="close-output" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </header>
      {error !== null && <Problem error={error} />}
      {output === null && error === null && <p class="quiet">Loading …</p>}
      {output?.cut && (
        <p class="quiet">This is the newest of what it printed; the replay has all of it.</p>
      )}
      {output !== null && text === "" && (
        <p class="quiet">{command.over === "running" ? "Nothing yet." : "It printed nothing."}</p>
      )}
      {text !== "" && (
        <pre ref={shown} class="output-text" tabIndex={0} aria-label="Output" data-field="output">
          {text.split("\n").map(visible).join("\n")}
        </pre>
      )}
      <div class="dialog-actions">
        {command.over === "running" && (
          <button type="button" data-action="refresh" onClick={load}>
            Load newer
          </button>
        )}
        <a class="button" href={href} target="_blank" rel="noopener">
          Replay
        </a>
        {text !== "" && <CopyButton text={text} label="Copy the output" shown={shown} />}
      </div>
    </dialog>
  );
}

function useOutput(sessionId: string, command: string) {
  const [output, setOutput] = useState<Output | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [count, setCount] = useState(0);
  useEffect(() => {
    let isCurrent = true;
    commandOutput(sessionId, command).then(
      (found) => {
        if (!isCurrent) return;
        setOutput(found);
        setError(null);
      },
      (problem: unknown) => {
        if (isCurrent) setError(asApiError(problem));
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [sessionId, command, count]);
  return { output, error, load: () => setCount(count + 1) };
}
