/** A recording as the replay page loads it. Pure. */

import { readHeader } from "../cast";
import type { Entry } from "../log";
import { LogReader } from "../log";

export interface Recording {
  readonly terminal: string;
  /** Whole lines only: what is held may end inside one. */
  readonly text: string;
  /** When each event happened, in seconds since the session began. */
  readonly times: readonly number[];
}

/** Throws BadShape where the text is not a recording. */
export function readRecording(terminal: string, bytes: Uint8Array): Recording {
  const held = new TextDecoder().decode(bytes);
  const text = held.slice(0, held.lastIndexOf("\n") + 1);
  const end = text.indexOf("\n");
  readHeader(text.slice(0, Math.max(end, 0))); // the player's own complaints are for programmers
  const times: number[] = [];
  // Only the time of each line is read here; the player reads the rest.
  for (let at = end + 1; at < text.length; at = text.indexOf("\n", at) + 1) {
    const time = parseFloat(text.slice(at + 1, at + 25));
    if (Number.isFinite(time)) times.push(time);
  }
  return { terminal, text, times };
}

/** When a terminal was open, in seconds since the session began; until null: it still is. */
export interface Span {
  readonly since: number;
  readonly until: number | null;
}

/** What the replay wants of a session's logs. */
export interface Told {
  /** Unix time of t = 0, to the fraction; null where no log tells. */
  readonly began: number | null;
  readonly spans: ReadonlyMap<string, Span>;
  /** All of them, in order. */
  readonly entries: readonly Entry[];
}

/** Read the logs of all runs, in order. */
export function readLogs(logs: readonly Uint8Array[]): Told {
  let began: number | null = null;
  const spans = new Map<string, Span>();
  const close = (terminal: string, until: number) => {
    const span = spans.get(terminal);
    if (span) spans.set(terminal, { ...span, until: span.until ?? until });
  };
  const entries = logs.flatMap((log) => new LogReader().feed(log));
  for (const entry of entries) {
    if (entry.event === "started") {
      began ??= entry.wall - entry.t;
      // A run that was killed closed nothing; what it had open ended when the next one started.
      for (const terminal of spans.keys()) close(terminal, entry.t);
    }
    if (entry.event === "opened") spans.set(entry.terminal, { since: entry.t, until: null });
    if (entry.event === "closed") close(entry.terminal, entry.t);
  }
  return { began, spans, entries };
}

/** The terminal to show for a moment: the shown one if it was open then, else the latest that was. */
export function terminalAt(t: number, shown: string, spans: Told["spans"]): string {
  const wasOpen = ({ since, until }: Span) => since <= t && t <= (until ?? Infinity);
  const span = spans.get(shown);
  if (!span || wasOpen(span)) return shown;
  return [...spans].findLast(([, one]) => wasOpen(one))?.[0] ?? shown;
}
