/** One away report: how long, why, who typed what, what changed, and what the customer says of it. */

import type { ComponentChildren } from "preact";
import type { AbsenceReport, Earlier } from "../away";
import { changes, stretchWords } from "../away";
import { causeWords } from "../causes";
import { clock, duration } from "../clock";
import { visible } from "../visible";
import { At, DriftList, Limits, LineItem } from "./drift-list";

interface Props {
  readonly of: AbsenceReport;
  /** Unix time of the session's zero. */
  readonly began: number;
  readonly now: number;
}

export function AbsenceView({ of, began, now }: Props) {
  const { since, until, parts, notes, gaps, pending } = of;
  return (
    <>
      <p class="away-summary">
        <strong data-field="says">{sentence(of.says)}</strong>{" "}
        <span data-field="stretch">
          {stretchWords(began + since, until === null ? null : began + until, now)}
        </span>
      </p>
      {until === null && <p class="quiet">It goes on: this is what is known so far.</p>}
      {parts.length > 1 && (
        <ul class="away-parts">
          {parts.map((part, index) => (
            <li key={index} data-part={part.kind}>
              <span class="quiet">
                {stretchWords(
                  began + part.since,
                  part.until === null ? null : began + part.until,
                  now,
                )}
              </span>{" "}
              {visible(part.cause)}
            </li>
          ))}
        </ul>
      )}
      {notes.map((note, index) => (
        <figure key={index} class="customer-note" data-note>
          <figcaption>
            {visible(note.by)} notes, <At t={note.t} began={began} now={now} />
          </figcaption>
          <blockquote>
            {note.text.split("\n").map((line, at) => (
              <p key={at}>{visible(line)}</p>
            ))}
          </blockquote>
        </figure>
      ))}
      <Changes of={of} began={began} now={now}>
        {pending && (
          <p class="pending" role="status" data-pending>
            The host's fingerprint of the return is on its way; changes are told when it is here.
          </p>
        )}
        {!pending && changes(of) === 0 && (
          <p class="quiet">
            {of.read === null ? "Not known: the host's state is not read." : "None was found."}
          </p>
        )}
      </Changes>
      <Typists of={of} />
      <Lines of={of} began={began} now={now} />
      {gaps.length > 0 && (
        <section class="report-part" data-gaps={gaps.length}>
          <h3>Gaps: nothing was recorded</h3>
          <ul>
            {gaps.map((gap, index) => (
              <li key={index}>
                {stretchWords(
                  began + gap.since,
                  gap.until === null ? null : began + gap.until,
                  now,
                )}
                : {causeWords(gap.cause)}
              </li>
            ))}
          </ul>
        </section>
      )}
      <Limits limits={of.limits} />
    </>
  );
}

/** What had changed on the host before this session began. */
export function EarlierView({ of, began, now }: Omit<Props, "of"> & { of: Earlier }) {
  return (
    <>
      <p class="away-summary">
        <strong data-field="says">Since the last session on this host</strong>{" "}
        <span data-field="stretch">
          its state was last read {clock(began + of.since, now)}, {duration(-of.since)} before this
          session began
        </span>
      </p>
      <Changes of={of} began={began} now={now}>
        {changes(of) === 0 && <p class="quiet">None was found.</p>}
      </Changes>
      <Limits limits={of.limits} />
    </>
  );
}

function Changes({
  of,
  began,
  now,
  children,
}: {
  of: Pick<Earlier, "drift" | "more">;
  began: number;
  now: number;
  children: ComponentChildren;
}) {
  const count = changes(of);
  return (
    <section class="report-part" data-changes={count}>
      <h3>Changes on the host {count > 0 && <span class="quiet">{count}</span>}</h3>
      {children}
      <DriftList of={of} began={began} now={now} />
    </section>
  );
}

function Typists({ of: { typists } }: { of: AbsenceReport }) {
  return (
    <section class="report-part">
      <h3>At the keyboard</h3>
      {typists.length === 0 ? (
        <p class="quiet">Nobody typed.</p>
      ) : (
        <ul>
          {typists.map(({ person, lines, characters }) => (
            <li key={person} data-typist={person}>
              {visible(person)}{" "}
              <span class="quiet">
                {lines === 1 ? "1 line" : `${lines} lines`},{" "}
                {characters === 1 ? "1 character" : `${characters} characters`}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Lines({ of: { lines, more_lines: more }, began, now }: Props) {
  if (lines.length === 0) return null;
  return (
    <section class="report-part" data-lines={lines.length + more}>
      <h3>
        Lines entered{" "}
        <span class="quiet">
          {lines.length + more}
          {lines.some((one) => one.how === "inferred") && ", some as they stood on the screen"}
        </span>
      </h3>
      {more > 0 && <p class="quiet">The latest {lines.length}; the recording has all.</p>}
      <ol>
        {lines.map((one, index) => (
          <LineItem key={index} line={one} began={began} now={now} />
        ))}
      </ol>
    </section>
  );
}

function sentence(says: string): string {
  const seen = visible(says);
  return seen.charAt(0).toUpperCase() + seen.slice(1);
}
