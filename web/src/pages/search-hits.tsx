/** What was found, by session; each hit opens the replay at its moment. */

import { clockSeconds, utc } from "../clock";
import { hasFailed, statusWords } from "../outcome";
import type { Hit } from "../search";
import { grouped, pieces, replayOf } from "../search";
import { visible } from "../visible";
import { When } from "./frame";

export function Hits({ hits, now }: { hits: readonly Hit[]; now: number }) {
  return (
    <div class="hits">
      {grouped(hits).map(({ first, hits: of }) => (
        <section key={first.session} data-session={first.session}>
          <h2>
            <a href={`/sessions/${encodeURIComponent(first.session)}/replay`}>
              {visible(first.host)}
            </a>{" "}
            <span class="quiet">
              {visible(first.case.title)} · invited by {visible(first.engineer)} ·{" "}
              <When at={first.began} now={now} />
            </span>
          </h2>
          <ol>
            {of.map((one, index) => (
              <HitItem key={index} hit={one} now={now} />
            ))}
          </ol>
        </section>
      ))}
    </div>
  );
}

function HitItem({ hit, now }: { hit: Hit; now: number }) {
  const { kind, persons, line, status, began, t } = hit;
  const isFailed = hasFailed({ over: "ended", status });
  return (
    <li>
      <a class={`hit hit-${kind}`} href={replayOf(hit)} data-hit={kind} data-t={t}>
        <span class="hit-head">
          <time title={utc(began + t)}>{clockSeconds(began + t, now)}</time>
          {persons.length > 0 && <span>{persons.map(visible).join(" and ")}</span>}
          {kind === "output" && line !== "" && (
            <span class="hit-of">
              output of <code>{visible(line.split("\n", 1)[0] ?? "")}</code>
            </span>
          )}
          {status !== null && (
            <span class={`outcome ${isFailed ? "failed" : "ok"}`}>{statusWords(status)}</span>
          )}
        </span>
        <pre>
          {pieces(hit.text, hit.marks).map((piece, index) =>
            piece.isMarked ? (
              <mark key={index}>{seen(piece.text)}</mark>
            ) : (
              <span key={index}>{seen(piece.text)}</span>
            ),
          )}
        </pre>
      </a>
    </li>
  );
}

function seen(text: string): string {
  return text.replaceAll("\t", "    ").split("\n").map(visible).join("\n");
}
