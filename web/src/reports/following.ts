/** The away reports of a live session, fetched anew when the session log says that they are others. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { ApiError } from "../api";
import type { Reports } from "../away";
import { newestEnded, toOpen } from "../away";
import type { Entry, LogLine } from "../log";
import { asApiError } from "../pages/frame";
import { keepClosed, readClosed } from "./closed";

const TELL: ReadonlySet<Entry["event"]> = new Set<Entry["event"]>([
  "attached",
  "detached",
  "disconnected",
  "drift",
  "ended",
  "fingerprint",
  "gap",
  "link_lost",
  "link_up",
  "noted",
  "stood_still",
]);

/** Several entries come at once: one question for all of them. */
const SETTLE_MS = 250;
/** How often to ask again while an absence goes on and its report is read. */
const AGAIN_MS = 4_000;

export interface AwayReports {
  readonly reports: Reports | null;
  readonly error: ApiError | null;
  /** The number of the report on the page; null: none. */
  readonly shown: number | null;
  /** Whether it was asked for, and did not come by itself. */
  readonly isAsked: boolean;
  readonly isOpen: boolean;
  /** Open the panel at a report; null: at the newest. */
  readonly open: (n: number | null) => void;
  readonly close: () => void;
}

/** Asks the broker for a session's reports, as whom this page belongs to. Throws ApiError. */
export type Ask = (session: string) => Promise<Reports>;

/** `opensAlone`: reports that are worth it open by themselves. */
export function useAwayReports(
  session: string,
  log: readonly LogLine[],
  { ask, isHere, opensAlone }: { ask: Ask; isHere: boolean; opensAlone: boolean },
): AwayReports {
  const [asked, setAsked] = useState<{ n: number | null } | null>(null);
  const [closed, setClosed] = useState(() => readClosed(session));
  const told = useMemo(() => log.filter(({ entry }) => TELL.has(entry.event)).length, [log]);
  const { reports, error, goesOn, again } = useReports(ask, session, told);
  const alone = opensAlone && reports !== null ? toOpen(reports, closed) : null;
  const shown = asked?.n ?? alone ?? (asked && reports && newest(reports));
  const isOpen = asked !== null || alone !== null;

  // The log is here before the broker has it on its disk: an absence that looks as if it went on
  // is asked for once more.
  useEffect(() => {
    if (!goesOn || !(isOpen || isHere)) return undefined;
    const timer = window.setInterval(again, AGAIN_MS);
    return () => window.clearInterval(timer);
  }, [goesOn, isOpen, isHere, again]);

  return {
    reports,
    error,
    shown,
    isAsked: asked !== null,
    isOpen,
    open: (n) => setAsked({ n }),
    close: () => {
      setAsked(null);
      if (reports === null) return;
      setClosed(newestEnded(reports));
      keepClosed(session, newestEnded(reports));
    },
  };
}

function useReports(ask: Ask, session: string, told: number) {
  const [reports, setReports] = useState<Reports | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [count, setCount] = useState(0);
  const again = useRef(() => setCount((before) => before + 1)).current;
  useEffect(() => {
    let isCurrent = true;
    const take = (found: Reports | null, problem: ApiError | null) => {
      if (!isCurrent) return;
      if (found !== null) setReports(found);
      setError(problem);
    };
    const timer = window.setTimeout(() => {
      ask(session).then(
        (found) => take(found, null),
        (problem: unknown) => take(null, asApiError(problem)),
      );
    }, SETTLE_MS);
    return () => {
      isCurrent = false;
      window.clearTimeout(timer);
    };
  }, [ask, session, told, count]);
  return { reports, error, again, goesOn: reports?.absences.at(-1)?.until === null };
}

function newest({ absences, earlier }: Reports): number | null {
  return absences.at(-1)?.n ?? (earlier === null ? null : 0);
}
