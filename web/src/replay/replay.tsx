/** The replay of a session: player, moments, stretches, commands, away reports. */

import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { clockSeconds, place, utc } from "../clock";
import {
  BEFORE_SECONDS as BEFORE_COMMANDS,
  COMMANDS_ID,
  CommandPanel,
} from "../command-list/panel";
import { commandAt } from "../command-rows";
import type { Command } from "../commands";
import { commandsOf } from "../commands";
import type { Known } from "../evidence/known";
import type { LogLine } from "../log";
import { byAge, maskedWords } from "../log";
import { Problem } from "../pages/frame";
import { useAwayReports } from "../reports/following";
import { AwayPanel, REPORT_ID } from "../reports/panel";
import type { Moment, Stretch } from "../stretch";
import type { Terminals } from "../terminals";
import { terminalsAfter } from "../terminals";
import { usePlace } from "./fragment";
import { BEFORE_SECONDS, Moments } from "./moments";
import { usePlayer, useRecording } from "./playing";
import type { Told } from "./recording";
import { terminalAt } from "./recording";
import type { Source } from "./source";
import { Legend, StretchBar } from "./stretches";
import { STAGE_ID, TerminalTabs } from "./terminal-tabs";

const NO_LOG: readonly LogLine[] = [];

interface Props {
  readonly source: Source;
  readonly now: number;
  /** What stands in the status bar: whose session it is, and what it is worth. */
  readonly status: ComponentChildren;
  /** What the toolbar has besides, for the terminal that is shown. */
  readonly tools: (terminal: string | null) => ComponentChildren;
}

export function Replay({ source, now, status, tools }: Props) {
  const { session, timeline, told } = source;
  const sessionId = source.hasBroker ? session : null;
  const terminals = [...source.streams.keys()].filter((name) => name.endsWith(".cast")).sort(byAge);
  const { stretch, moment } = usePlace();
  const [chosen, setChosen] = useState<string | null>(null);
  const [skipsIdle, setSkipsIdle] = useState(false);
  const terminal = chosen ?? terminals[0] ?? null;
  const stage = useRef<HTMLDivElement>(null);
  const { recording, error } = useRecording(source, terminal);
  const stopAt = stretch?.until ?? null;
  const { player, time, bar, seek } = usePlayer(stage, recording, skipsIdle, stopAt);
  const { began } = told;
  const { commands, facts, masked } = useMemo(() => readTold(told), [told]);
  const [hasCommands, setHasCommands] = useState(commands.commands.length > 0);
  // Several may begin within a second: whoever jumped to one means that one, until it has begun.
  const [sought, setSought] = useState<Command | null>(null);
  const isAtSought =
    sought !== null && sought.since - BEFORE_COMMANDS - 0.5 < time && time < sought.since;
  const current = isAtSought
    ? sought
    : commandAt(commands.commands, terminal, time + BEFORE_COMMANDS + 0.05);
  const away = useAwayReports(session, NO_LOG, {
    ask: source.away,
    isHere: false,
    opensAlone: false, // reports are opened by whoever wants them
  });
  const known = useKnown(source);

  const jump = (t: number, before: number, wanted: string | null = null) => {
    const open = terminal === null ? null : terminalAt(t, terminal, told.spans);
    const where = wanted !== null && terminals.includes(wanted) ? wanted : open;
    if (where !== null) seek(where, t - before);
    setChosen(where);
  };
  const seekCommand = ({ at, terminal }: Moment) => {
    setSought(commandAt(commands.commands, terminal, at));
    jump(at, BEFORE_COMMANDS, terminal);
  };
  const showPlace = useRef<(of: Stretch | null, or: Moment | null) => void>(() => undefined);
  showPlace.current = (stretch, moment) => {
    if (stretch !== null) jump(stretch.since, BEFORE_SECONDS, stretch.terminal);
    else if (moment !== null) seekCommand(moment);
  };
  useEffect(() => showPlace.current(stretch, moment), [stretch, moment]);
  const shape =
    `replay-page${away.isOpen ? " with-report" : ""}${hasCommands ? " with-commands" : ""}`;
  return (
    <main class={shape}>
      <div class="status-bar">
        {status}
        <span class="position" data-field="position">
          {began !== null && <time title={utc(began + time)}>{clockSeconds(began + time)}</time>}
          <span class="quiet"> {place(time)} into the session</span>
        </span>
      </div>
      <section class="stage-column" aria-label="Player">
        <TerminalTabs terminals={terminals} facts={facts} shown={terminal} onChoose={setChosen} />
        <div class="stage" id={STAGE_ID} ref={stage} data-terminal={terminal ?? ""} />
        {error !== null && <Problem error={error} />}
        {terminal === null && <p class="empty lone">Nothing is recorded yet.</p>}
        {player && bar && (
          <StretchBar
            stretches={timeline.stretches}
            known={known}
            pace={player.pace}
            bar={bar}
            began={began}
            last={timeline.last}
            marked={stretch}
            onSeek={(t) => jump(t, BEFORE_SECONDS)}
          />
        )}
        <Legend stretches={timeline.stretches} known={known} isMarked={stretch !== null} />
        {masked > 0 && (
          <p class="quiet masked" data-masked={masked}>
            {maskedWords(masked)} on the host, before anything was recorded.
          </p>
        )}
      </section>
      {away.isOpen ? (
        <AwayPanel away={away} sessionId={sessionId} now={now} />
      ) : (
        <div class="replay-side">
          {hasCommands && (
            <CommandPanel
              sessionId={sessionId}
              told={commands}
              terminals={facts}
              time={timeline.last}
              current={current}
              onJump={({ since, terminal }) => seekCommand({ at: since, terminal })}
            />
          )}
          <Moments
            moments={timeline.moments}
            began={began}
            time={time}
            onJump={(one) => jump(one.t, BEFORE_SECONDS)}
          />
        </div>
      )}
      <footer class="toolbar">
        <button type="button" aria-pressed={skipsIdle} onClick={() => setSkipsIdle(!skipsIdle)}>
          Skip idle
        </button>
        <button
          type="button"
          data-action="reports"
          aria-expanded={away.isOpen}
          aria-controls={REPORT_ID}
          onClick={() => (away.isOpen ? away.close() : away.open(null))}
        >
          Away reports
        </button>
        <button
          type="button"
          data-action="commands"
          aria-expanded={hasCommands && !away.isOpen}
          aria-controls={COMMANDS_ID}
          onClick={() => {
            setHasCommands(away.isOpen || !hasCommands);
            away.close();
          }}
        >
          Commands
        </button>
        {tools(terminal)}
      </footer>
    </main>
  );
}

/** How the stretches came to be known; none, until that is told. */
function useKnown(source: Source): readonly Known[] {
  const [known, setKnown] = useState<readonly Known[]>([]);
  useEffect(() => {
    let isCurrent = true;
    // The replay goes without it; the verdict tells what is wrong with the evidence.
    source.known().then(
      (found) => isCurrent && setKnown(found),
      () => undefined,
    );
    return () => {
      isCurrent = false;
    };
  }, [source]);
  return known;
}

/** What the logs tell beside the recordings. */
function readTold({ entries, began }: Told) {
  const lines = entries.map((entry) => ({ at: (began ?? 0) + entry.t, entry }));
  return {
    commands: commandsOf(entries),
    facts: lines.reduce<Terminals>(terminalsAfter, new Map()),
    masked: entries.reduce((sum, one) => sum + (one.event === "masked" ? one.count : 0), 0),
  };
}
