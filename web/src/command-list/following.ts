/** What a long list shows: it goes along with what happens until somebody reads elsewhere in it. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { Window } from "../command-rows";
import { AT_END, windowOf } from "../command-rows";

const READING: ReadonlySet<string> = new Set(
  "ArrowUp ArrowDown PageUp PageDown Home End Tab".split(" "),
);

/** `row`: the one to keep in sight; null: the newest of `count`. */
export function useFollowing(row: number | null, count: number) {
  const element = useRef<HTMLDivElement>(null);
  const top = useRef(0);
  const [isFollowing, setFollowing] = useState(true);
  const [kept, keep] = useState(AT_END);
  const shown = isFollowing ? windowOf(kept, count, row) : kept;
  useEffect(() => keep(shown), [shown]);

  const look = () => {
    const at = element.current;
    if (at === null || !isFollowing) return;
    if (row === null) at.scrollTop = at.scrollHeight;
    else at.querySelector("ol")?.children[row - shown.first]?.scrollIntoView({ block: "nearest" });
    top.current = at.scrollTop;
  };
  useEffect(look, [row, count, isFollowing, shown]);
  const latest = useRef(look);
  latest.current = look;
  useEffect(() => {
    const list = element.current?.querySelector("ol");
    if (!element.current || !list) return undefined;
    // Rows get their height when they come into sight.
    const observer = new ResizeObserver(() => latest.current());
    observer.observe(element.current);
    observer.observe(list);
    return () => observer.disconnect();
  }, []);

  const stop = () => setFollowing(false);
  return {
    element,
    shown,
    isFollowing,
    show: (window: Window) => {
      stop();
      keep(window);
    },
    follow: () => setFollowing(true),
    reset: () => {
      keep(AT_END);
      setFollowing(true);
    },
    handlers: {
      onWheel: stop,
      onTouchMove: stop,
      onPointerDown: ({ target, currentTarget }: PointerEvent) => {
        if (target === currentTarget) stop(); // the scroll bar
      },
      onKeyDown: (event: KeyboardEvent) => {
        if (READING.has(event.key)) stop();
        const next = neighbour(event);
        if (next) event.preventDefault();
        next?.focus();
      },
      onScroll: () => {
        const at = element.current;
        if (at === null) return;
        // Where the list went by itself is told late, perhaps after somebody began to read.
        const isReader = at.scrollTop > top.current;
        top.current = at.scrollTop;
        if (!isReader || row !== null || shown.last < count) return;
        if (at.scrollHeight - at.scrollTop - at.clientHeight < 8) setFollowing(true);
      },
    },
  };
}

/** From a row's link the arrows go to the next one's. */
function neighbour({ key, target }: KeyboardEvent): HTMLElement | null {
  if (!(target instanceof HTMLAnchorElement)) return null;
  const row = target.closest("li");
  const next = {
    ArrowUp: row?.previousElementSibling,
    ArrowDown: row?.nextElementSibling,
  }[key];
  return next?.querySelector("a") ?? null;
}
