/** The line below the terminal: what just happened to keys or to the session, and what to ask for. */

import { useEffect, useState } from "preact/hooks";
import type { AskProps } from "./asks";
import { Ask } from "./asks";
import type { Notice } from "./watch";

const NOTICE_MS = 8_000;

interface Props {
  readonly notice: Notice | null;
  readonly asks: readonly AskProps[];
  /** Whether the composer is open; null where it is not to be opened or closed. */
  readonly isComposing: boolean | null;
  readonly onCompose: () => void;
  /** Null where no hold can be put up. */
  readonly onHold: (() => void) | null;
}

export function Desk({ notice, asks, isComposing, onCompose, onHold }: Props) {
  const shown = useForAWhile(notice);
  return (
    <div class="desk">
      <p class={`notice ${shown?.weight ?? ""}`} role="status" data-notice={shown?.code ?? ""}>
        {shown?.says}
      </p>
      <span class="desk-actions" role="group" aria-label="Ask the customer">
        {isComposing !== null && (
          <button
            type="button"
            data-action="compose"
            aria-expanded={isComposing}
            onClick={onCompose}
          >
            Propose a line
          </button>
        )}
        {asks.map((ask) => (
          <Ask key={ask.what} {...ask} />
        ))}
        {onHold !== null && (
          <button type="button" data-action="put-hold" onClick={onHold}>
            Put up a hold
          </button>
        )}
      </span>
    </div>
  );
}

/** The latest notice, for as long as it is news. */
function useForAWhile(notice: Notice | null): Notice | null {
  const [shown, setShown] = useState<Notice | null>(null);
  useEffect(() => {
    if (notice === null) return undefined;
    setShown(notice);
    const timer = window.setTimeout(() => setShown(null), NOTICE_MS);
    return () => window.clearTimeout(timer);
  }, [notice]);
  return shown;
}
