/** The exec journal: programs that were begun at terminals which are not recorded. */

import { clockSeconds, utc } from "../clock";
import type { Commands } from "../commands";
import { visible } from "../visible";

interface Props {
  readonly of: Pick<Commands, "execs" | "lost">;
  readonly began: number;
}

export function Execs({ of: { execs, lost }, began }: Props) {
  if (execs.length + lost === 0) return null;
  return (
    <details class="execs" data-execs={execs.length + lost}>
      <summary>Programs begun at other terminals ({execs.length + lost})</summary>
      <p class="quiet">
        As the host's kernel told of them. What was typed, what shells did by themselves, what was
        printed and how it ended are not seen.
        {lost > 0 && ` ${lost} more are not told here: they came too fast, or are too old.`}
      </p>
      <ol>
        {execs.map((one, index) => (
          <li key={index} class="exec" data-exec={one.pid}>
            <time title={utc(began + one.t)}>{clockSeconds(began + one.t)}</time>
            <span class="quiet">
              {visible(one.user)} {visible(one.terminal)}
            </span>
            {one.argv === null ? (
              <span class="quiet">ended too soon to be read</span>
            ) : (
              <code title={visible(one.cwd)}>{visible(one.argv.join(" "))}</code>
            )}
          </li>
        ))}
      </ol>
    </details>
  );
}
