/** What happened while the customer was away, as the engineers see it, and what they say of it. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { AbsenceReport, Reports } from "../away";
import { EARLIER, changes, isWorthIt, stretchWords } from "../away";
import { clock } from "../clock";
import { AbsenceView, EarlierView } from "../reports/absence";
import type { AwayReports } from "../reports/following";
import { visible } from "../visible";
import type { Wish } from "./act";
import { NoteBox, Notes } from "./note-box";
import { pauseIn } from "./pauses";
import type { RoomState } from "./room";

/** Notes that are shown where no report is. */
const LATEST_NOTES = 3;

interface Props {
  readonly away: AwayReports;
  readonly state: RoomState;
  readonly isEnded: boolean;
  readonly now: number;
  readonly onWish: (wish: Wish) => void;
}

export function Away({ away, state, isEnded, now, onWish }: Props) {
  const { reports, shown, isOpen, error } = away;
  const { notes } = state.told;
  const began = reports?.began ?? null;
  const report = reports?.absences.find(({ n }) => n === shown);
  const isCard = isOpen && began !== null && reports !== null && shown !== null;
  const ofReport = report && began !== null && isCard ? began + report.since : null;
  const field = useRef<HTMLTextAreaElement>(null);
  const told =
    ofReport === null ? notes.slice(-LATEST_NOTES) : notes.filter(({ at }) => at >= ofReport);
  return (
    <section class="away" aria-label="While you were away">
      {error !== null && state.broker.state === "live" && (
        <p class="problem" role="alert" data-outcome="reports">
          The away reports could not be loaded. {error.message}
        </p>
      )}
      {isCard && (
        <Card {...{ away, reports, began, report, state, now }}>
          {report && !isEnded && (
            <button type="button" data-action="say" onClick={() => field.current?.focus()}>
              Say what you did
            </button>
          )}
        </Card>
      )}
      <Notes notes={told} now={now} />
      {!isEnded && (
        <NoteBox
          field={field}
          notes={notes}
          asked={state.asked.get("note")}
          isWanted={isCard && report !== undefined}
          onWish={onWish}
        />
      )}
    </section>
  );
}

interface CardProps extends Pick<Props, "away" | "state" | "now"> {
  readonly reports: Reports;
  readonly began: number;
  /** None: what had changed before this session. */
  readonly report: AbsenceReport | undefined;
  readonly children: ComponentChildren;
}

function Card({ away, reports, began, report, state, now, children }: CardProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (away.isAsked) heading.current?.focus();
  }, [away.isAsked, away.shown]);
  return (
    <article class="away-report" data-report data-report-n={away.shown}>
      <header>
        <h2 ref={heading} tabIndex={-1}>
          {report ? title(report) : "Before this session"}
        </h2>
        <button type="button" data-action="close-report" onClick={away.close}>
          Close
        </button>
      </header>
      <div class="seen-by">
        <p>The engineers see this report.</p>
        {children}
      </div>
      {report && <Paused {...{ report, began, state, now }} />}
      {report && <AbsenceView {...{ of: { ...report, notes: [] }, began, now }} />}
      {!report && reports.earlier && <EarlierView of={reports.earlier} began={began} now={now} />}
    </article>
  );
}

function title({ parts, until }: AbsenceReport): string {
  const kinds = new Set(parts.map(({ kind }) => kind));
  const is = until === null ? "are" : "were";
  if (kinds.has("away")) return `While you ${is} away`;
  if (kinds.has("disconnected")) return `While you ${is} disconnected`;
  return until === null ? "While the host is out of reach" : "While the host was out of reach";
}

/** What the away policy held off meanwhile. */
function Paused({
  report,
  began,
  state,
  now,
}: Pick<CardProps, "began" | "state" | "now"> & { report: AbsenceReport }) {
  const { since, until } = report;
  const pause = pauseIn(state.told.pauses, began + since, until === null ? null : began + until);
  if (pause === null || state.watched.grant?.mode !== "control") return null;
  return (
    <p data-paused={pause.until === null}>
      {pause.until === null
        ? `As you chose, engineers can't type since ${clock(pause.since, now)}, until you are back.`
        : `As you chose, engineers could not type until you were back, at ${clock(pause.until, now)}. Now they can again.`}
    </p>
  );
}

/** The reports that are not on the page now, the newest first. */
export function OtherReports({ away, now }: Pick<Props, "away" | "now">) {
  const { reports, shown, isOpen } = away;
  const began = reports?.began ?? null;
  if (reports === null || began === null) return null;
  const { earlier } = reports;
  const isShown = (n: number) => isOpen && shown === n;
  const others = reports.absences.filter((one) => isWorthIt(one) && !isShown(one.n)).reverse();
  const hasEarlier = earlier !== null && changes(earlier) > 0 && !isShown(EARLIER);
  if (others.length === 0 && !hasEarlier) return null;
  return (
    <section class="other-reports" aria-labelledby="reports-heading">
      <h2 id="reports-heading">Away reports</h2>
      <ul>
        {others.map((one) => (
          <li key={one.n}>
            <button type="button" data-open-report={one.n} onClick={() => away.open(one.n)}>
              {stretchWords(began + one.since, one.until === null ? null : began + one.until, now)}
              <span class="quiet">{inShort(one)}</span>
            </button>
          </li>
        ))}
        {hasEarlier && (
          <li>
            <button type="button" data-open-report={EARLIER} onClick={() => away.open(EARLIER)}>
              Before this session <span class="quiet">{count(changes(earlier), "change")}</span>
            </button>
          </li>
        )}
      </ul>
    </section>
  );
}

function inShort(one: AbsenceReport): string {
  const lines = one.lines.length + one.more_lines;
  return `${visible(one.says)}: ${count(lines, "line")}, ${count(changes(one), "change")}`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
