/** Copies a text; where the browser won't, what shows the text is selected instead. */

import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

interface Props {
  readonly text: string;
  readonly label: string;
  /** What shows the text on the page. */
  readonly shown: RefObject<HTMLElement | null>;
  /** What a screen reader says, where the label alone would not tell of what. */
  readonly name?: string;
}

export function CopyButton({ text, label, shown, name }: Props) {
  const [says, setSays] = useState(label);
  useLayoutEffect(() => setSays(label), [text, label]);
  const copy = async () => {
    try {
      // Absent, not only refused, where the page came over plain http from another machine.
      await navigator.clipboard.writeText(text);
      setSays("Copied");
    } catch {
      if (shown.current) window.getSelection()?.selectAllChildren(shown.current);
      setSays("Selected: press Ctrl+C");
    }
  };
  return (
    <button
      type="button"
      data-action="copy"
      aria-label={says === label ? name : undefined}
      aria-live="polite"
      onClick={() => void copy()}
    >
      {says}
    </button>
  );
}
