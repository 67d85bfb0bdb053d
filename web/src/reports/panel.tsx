/** The away reports of a session, one at a time, beside the terminal. */

import { useEffect, useRef } from "preact/hooks";
import type { Reports } from "../away";
import { EARLIER, stretchWords } from "../away";
import { Problem } from "../pages/frame";
import { driftHash, replayUrl, stretchHash } from "../stretch";
import { AbsenceView, EarlierView } from "./absence";
import type { AwayReports } from "./following";

interface Props {
  readonly away: AwayReports;
  /** The session at the broker; null: there is none to ask, and this page is the replay. */
  readonly sessionId: string | null;
  readonly now: number;
}

export const REPORT_ID = "away-report";

export function AwayPanel({ away, sessionId, now }: Props) {
  const { reports, shown, error, isAsked } = away;
  const began = reports?.began ?? null;
  const heading = useRef<HTMLHeadingElement>(null);
  // Keys go on to where they went, unless whoever typed them has asked for this.
  useEffect(() => {
    if (isAsked) heading.current?.focus();
  }, [isAsked]);
  return (
    <section
      class="away-report"
      id={REPORT_ID}
      aria-labelledby="away-heading"
      data-report
      data-report-n={shown ?? ""}
      onKeyDown={(event) => {
        if (event.key === "Escape") away.close();
      }}
    >
      <header>
        <h2 id="away-heading" ref={heading} tabIndex={-1}>
          Away report
        </h2>
        {reports !== null && shown !== null && (
          <Choice reports={reports} shown={shown} now={now} onChoose={away.open} />
        )}
        <button type="button" data-action="close-report" onClick={away.close}>
          Close
        </button>
      </header>
      <div class="away-scroll" tabIndex={0} role="group" aria-labelledby="away-heading">
        {error !== null && <Problem error={error} />}
        {reports === null || began === null ? (
          error === null && <p class="quiet">Nothing is known yet.</p>
        ) : (
          <Shown {...{ reports, began, shown, now, sessionId }} />
        )}
      </div>
    </section>
  );
}

interface ShownProps {
  readonly reports: Reports;
  readonly began: number;
  readonly shown: number | null;
  readonly now: number;
  readonly sessionId: string | null;
}

function Shown({ reports, began, shown, now, sessionId }: ShownProps) {
  const absence = reports.absences.find((one) => one.n === shown);
  const replay = replayUrl(sessionId);
  const stretch = absence && { ...absence, terminal: absence.terminal || null };
  const compare = (read: readonly number[] | null) => (
    <a class="button" href={`${replay}${driftHash(read)}`} data-action="compare">
      Compare fingerprints
    </a>
  );
  if (absence && stretch)
    return (
      <>
        <AbsenceView of={absence} began={began} now={now} />
        <p class="report-links">
          <a class="button primary" href={`${replay}${stretchHash(stretch)}`} data-action="replay">
            Replay this stretch
          </a>{" "}
          {absence.read !== null && sessionId !== null && compare(absence.read)}
        </p>
      </>
    );
  if (shown === EARLIER && reports.earlier !== null)
    return (
      <>
        <EarlierView of={reports.earlier} began={began} now={now} />
        {sessionId !== null && <p class="report-links">{compare(null)}</p>}
      </>
    );
  return <p class="quiet">Nobody has been away so far, and the link has held.</p>;
}

interface ChoiceProps {
  readonly reports: Reports;
  readonly shown: number;
  readonly now: number;
  readonly onChoose: (n: number) => void;
}

function Choice({ reports: { absences, earlier, began }, shown, now, onChoose }: ChoiceProps) {
  const count = absences.length + (earlier === null ? 0 : 1);
  if (count < 2 || began === null) return null;
  return (
    <select
      aria-label="Which report"
      value={shown}
      onChange={(event) => onChoose(Number(event.currentTarget.value))}
    >
      {absences.toReversed().map(({ n, since, until, says }) => (
        <option key={n} value={n}>
          {stretchWords(began + since, until === null ? null : began + until, now)}: {says}
        </option>
      ))}
      {earlier !== null && <option value={EARLIER}>since the last session on this host</option>}
    </select>
  );
}
