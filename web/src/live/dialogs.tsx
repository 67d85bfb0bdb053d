/** Questions before something that can't be taken back. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface DialogProps {
  readonly title: string;
  readonly confirm: string;
  /** Confirming does not close it: `isDone` will. */
  readonly keepsOpen?: boolean;
  readonly isDone?: boolean;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

export function Dialog({
  title,
  confirm,
  keepsOpen = false,
  isDone = false,
  onConfirm,
  onClose,
  children,
}: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  useEffect(() => {
    if (isDone) dialog.current?.close();
  }, [isDone]);
  return (
    <dialog ref={dialog} aria-labelledby="dialog-title" onClose={onClose}>
      <h2 id="dialog-title">{title}</h2>
      {children}
      <div class="dialog-actions">
        <button type="button" onClick={() => dialog.current?.close()}>
          Cancel
        </button>
        <button
          type="button"
          class="primary"
          data-action="confirm"
          onClick={() => {
            if (!keepsOpen) dialog.current?.close();
            onConfirm();
          }}
        >
          {confirm}
        </button>
      </div>
    </dialog>
  );
}

type AskProps = Pick<DialogProps, "onConfirm" | "onClose">;

/** Several lines into somebody's shell: each may run at once. */
export function PasteDialog({ text, ...ask }: AskProps & { text: string }) {
  const lines = text.replace(/\r\n?/g, "\n").replace(/\n$/, "").split("\n");
  return (
    <Dialog
      title={`Paste ${lines.length === 1 ? "a line that ends in Enter" : `${lines.length} lines`}?`}
      confirm="Paste"
      {...ask}
    >
      <p>They go to the customer's terminal as typed; each line may run at once.</p>
      <pre class="pasted" tabIndex={0}>
        {lines.slice(0, 200).join("\n")}
        {lines.length > 200 && `\n… and ${lines.length - 200} more lines`}
      </pre>
    </Dialog>
  );
}

/** A link that a terminal printed: its text may say anything, so the real address is shown. */
export function LinkDialog({ url, ...ask }: AskProps & { url: string }) {
  return (
    <Dialog title="Open this address?" confirm="Open in a new tab" {...ask}>
      <p>The customer's terminal printed a link to:</p>
      <pre class="pasted" tabIndex={0}>
        {url}
      </pre>
    </Dialog>
  );
}
