/** The commands of a session, beside its terminal or its replay. */

import { useMemo, useState } from "preact/hooks";
import type { Filter, Row } from "../command-rows";
import { EVERYTHING, PAGE, persons, rowsOf } from "../command-rows";
import type { Command, Commands } from "../commands";
import { momentHash, replayUrl } from "../stretch";
import type { Terminals } from "../terminals";
import { terminalName } from "../terminals";
import { Execs } from "./execs";
import { FilterBar } from "./filter-bar";
import { useFollowing } from "./following";
import { OutputDialog } from "./output-dialog";
import { CommandRow } from "./row";

export const COMMANDS_ID = "commands";

/** A replay begins this much before a command, so that one sees it entered. */
export const BEFORE_SECONDS = 1;

interface Props {
  /** The session at the broker; null: there is none to ask, and this page is the replay. */
  readonly sessionId: string | null;
  readonly told: Commands;
  readonly terminals: Terminals;
  /** Where the session is now, in seconds since it began. */
  readonly time: number;
  /** The command at the player's time; undefined where nothing is played. */
  readonly current?: Command | null;
  /** Jumps there on this page; null: a link opens the replay. */
  readonly onJump: ((command: Command) => void) | null;
}

export function CommandPanel({ sessionId, told, terminals, time, current, onJump }: Props) {
  const [filter, setFilter] = useState(EVERYTHING);
  const [output, setOutput] = useState<Command | null>(null);
  const { commands, began, more } = told;
  const rows = useMemo(() => rowsOf(commands, filter), [commands, filter]);
  const everybody = useMemo(() => persons(commands), [commands]);
  const hasMany = useMemo(() => new Set(commands.map((one) => one.terminal)).size > 1, [commands]);
  const list = useFollowing(current === undefined ? null : rowAt(rows, current), rows.length);
  const { first, last } = list.shown;
  const href = ({ since, terminal }: Command) =>
    replayUrl(sessionId) + momentHash({ at: since, terminal });
  const choose = (chosen: Filter) => {
    setFilter(chosen);
    list.reset();
  };
  return (
    <aside class="commands-panel" id={COMMANDS_ID} aria-labelledby="commands-heading">
      <header>
        <h2 id="commands-heading">Commands</h2>
        <span class="quiet" role="status" data-field="count">
          {rows.length === commands.length ? rows.length : `${rows.length} of ${commands.length}`}
        </span>
        <span class="commands-links">
          {!list.isFollowing && (
            <button type="button" data-action="follow" onClick={list.follow}>
              {current === undefined ? "Newest" : "Follow"}
            </button>
          )}
          {sessionId !== null && (
            <a
              class="button"
              href={`/search?session=${encodeURIComponent(sessionId)}`}
              target="_blank"
              rel="noopener"
              data-action="search"
            >
              Search output
            </a>
          )}
        </span>
      </header>
      <FilterBar filter={filter} persons={everybody} onFilter={choose} />
      <div
        ref={list.element}
        class="commands-scroll"
        role="group"
        aria-labelledby="commands-heading"
        tabIndex={0}
        {...list.handlers}
      >
        {more > 0 && first === 0 && (
          <p class="quiet" data-more={more}>
            {more} older ones are left out here; the session log has them.
          </p>
        )}
        {first > 0 && (
          <button
            type="button"
            data-action="earlier"
            onClick={() => list.show({ first: Math.max(0, first - PAGE), last })}
          >
            Show {Math.min(PAGE, first)} earlier
          </button>
        )}
        {rows.length === 0 && (
          <p class="empty">
            {commands.length === 0 ? "No command was seen yet." : "None passes the filter."}
          </p>
        )}
        <ol>
          {began !== null &&
            rows
              .slice(first, last)
              .map((row) => (
                <CommandRow
                  key={row.command.id}
                  row={row}
                  began={began}
                  time={time}
                  href={href(row.command)}
                  terminal={hasMany ? terminalName(row.command.terminal, terminals) : null}
                  isCurrent={row.command.id === current?.id}
                  onJump={
                    onJump &&
                    (() => {
                      list.follow();
                      onJump(row.command);
                    })
                  }
                  onOutput={sessionId === null ? null : () => setOutput(row.command)}
                />
              ))}
        </ol>
        {last < rows.length && (
          <button
            type="button"
            data-action="later"
            onClick={() => list.show({ first, last: last + PAGE })}
          >
            Show {Math.min(PAGE, rows.length - last)} later
          </button>
        )}
        {began !== null && <Execs of={told} began={began} />}
      </div>
      {output !== null && sessionId !== null && (
        <OutputDialog
          sessionId={sessionId}
          command={commands.find((one) => one.id === output.id) ?? output}
          href={href(output)}
          onClose={() => setOutput(null)}
        />
      )}
    </aside>
  );
}

/** The row of a command, or where it would stand. */
function rowAt(rows: readonly Row[], current: Command | null): number {
  const since = current?.since ?? 0;
  return Math.max(0, rows.findLastIndex(({ command }) => command.since <= since));
}
