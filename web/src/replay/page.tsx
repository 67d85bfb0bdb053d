/** The replay of a session, running or ended: player, moments, stretches, downloads. */

import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { ApiError, Session, Timeline } from "../api";
import {
  awayReports,
  session as fetchSession,
  streamText,
  streamUrl,
  timeline as fetchTimeline,
} from "../api";
import { clockSeconds, place, utc } from "../clock";
import {
  BEFORE_SECONDS as BEFORE_COMMANDS,
  COMMANDS_ID,
  CommandPanel,
} from "../command-list/panel";
import { commandAt } from "../command-rows";
import type { Command } from "../commands";
import { commandsOf } from "../commands";
import type { LogLine } from "../log";
import { byAge, maskedWords } from "../log";
import { Evidence, PresenceLine, Problem, TopBar, asApiError, useNow } from "../pages/frame";
import { TerminalSelect } from "../pages/terminal-select";
import { isOver } from "../presence";
import { DriftDialog } from "../reports/drift-dialog";
import { useAwayReports } from "../reports/following";
import { AwayPanel, REPORT_ID } from "../reports/panel";
import type { Moment, Stretch } from "../stretch";
import type { Terminals } from "../terminals";
import { terminalsAfter } from "../terminals";
import { useFragment } from "./fragment";
import { BEFORE_SECONDS, Moments } from "./moments";
import { usePlayer, useRecording } from "./playing";
import type { Told } from "./recording";
import { readLogs, terminalAt } from "./recording";
import { Legend, StretchBar } from "./stretches";

const NO_LOG: readonly LogLine[] = [];

/** Reports are opened by whoever wants them. */
const QUIETLY = { ask: awayReports, isHere: false, opensAlone: false };

interface Loaded {
  readonly session: Session;
  readonly timeline: Timeline;
  readonly told: Told;
}

export function ReplayPage({ id }: { id: string }) {
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const load = useCallback(async () => {
    try {
      setLoaded(await loadSession(id));
    } catch (problem) {
      setError(asApiError(problem));
    }
  }, [id]);
  useEffect(() => void load(), [load]);
  return (
    <>
      <TopBar>
        {loaded && (
          <h1 class="live-name">
            {loaded.session.host.name} <span class="quiet">{loaded.session.case.title}</span>
          </h1>
        )}
      </TopBar>
      {error !== null && (
        <main class="lone">
          <Problem error={error} />
          <a href="/">Back to the sessions</a>
        </main>
      )}
      {loaded && error === null && <Replay {...loaded} onReload={load} />}
    </>
  );
}

async function loadSession(id: string): Promise<Loaded> {
  const [session, timeline] = await Promise.all([fetchSession(id), fetchTimeline(id)]);
  const logs = session.streams.filter((one) => one.name.endsWith(".log")).map((one) => one.name);
  const texts = await Promise.all(logs.sort(byAge).map((name) => streamText(id, name)));
  return { session, timeline, told: readLogs(texts) };
}

function Replay({ session, timeline, told, onReload }: Loaded & { onReload: () => Promise<void> }) {
  const now = useNow();
  const terminals = session.streams
    .map((one) => one.name)
    .filter((name) => name.endsWith(".cast"))
    .sort(byAge);
  const { stretch, moment, compared, compare } = useFragment();
  const [chosen, setChosen] = useState<string | null>(null);
  const [skipsIdle, setSkipsIdle] = useState(false);
  const terminal = chosen ?? terminals[0] ?? null;
  const stage = useRef<HTMLDivElement>(null);
  const { recording, error, reload } = useRecording(session.id, terminal);
  const stopAt = stretch?.until ?? null;
  const { player, time, bar, seek, seekNext } = usePlayer(stage, recording, skipsIdle, stopAt);
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
  const away = useAwayReports(session.id, NO_LOG, QUIETLY);

  const show = (where: string | null, t: number) => {
    // Another recording is loaded first, and begins there.
    if (where === terminal && recording?.terminal === terminal) seek(t);
    else seekNext(t);
    setChosen(where);
  };
  const jump = (t: number, before: number, wanted: string | null = null) => {
    const open = terminal === null ? null : terminalAt(t, terminal, told.spans);
    show(wanted !== null && terminals.includes(wanted) ? wanted : open, t - before);
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
        <PresenceLine presence={session.presence} now={now} />
        <span>
          <span class="quiet">evidence</span> <Evidence of={session} />
        </span>
        <span class="position" data-field="position">
          {began !== null && <time title={utc(began + time)}>{clockSeconds(began + time)}</time>}
          <span class="quiet"> {place(time)} into the session</span>
        </span>
      </div>
      <section class="stage-column" aria-label="Player">
        <div class="stage" ref={stage} data-terminal={terminal ?? ""} />
        {error !== null && <Problem error={error} />}
        {terminal === null && <p class="empty lone">Nothing is recorded yet.</p>}
        {player && bar && (
          <StretchBar
            stretches={timeline.stretches}
            pace={player.pace}
            bar={bar}
            began={began}
            last={timeline.last}
            marked={stretch}
            onSeek={(t) => jump(t, BEFORE_SECONDS)}
          />
        )}
        <Legend stretches={timeline.stretches} isMarked={stretch !== null} />
        {masked > 0 && (
          <p class="quiet masked" data-masked={masked}>
            {maskedWords(masked)} on the host, before anything was recorded.
          </p>
        )}
      </section>
      {away.isOpen ? (
        <AwayPanel away={away} sessionId={session.id} now={now} />
      ) : (
        <div class="replay-side">
          {hasCommands && (
            <CommandPanel
              sessionId={session.id}
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
        <TerminalSelect terminals={terminals} facts={facts} shown={terminal} onChoose={setChosen} />
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
        <button type="button" data-action="compare" onClick={() => compare({})}>
          Compare fingerprints
        </button>
        {!isOver(session.presence) && (
          <>
            <button type="button" onClick={() => void Promise.all([onReload(), reload()])}>
              Load newer
            </button>
            <a class="button" href={`/sessions/${encodeURIComponent(session.id)}`}>
              Live
            </a>
          </>
        )}
        <Downloads session={session} terminal={terminal} />
      </footer>
      {compared !== null && began !== null && (
        <DriftDialog
          sessionId={session.id}
          began={began}
          now={now}
          first={compared}
          onClose={() => compare(null)}
        />
      )}
    </main>
  );
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

function Downloads({ session, terminal }: { session: Session; terminal: string | null }) {
  const logs = session.streams.filter((one) => one.name.endsWith(".log"));
  return (
    <span class="toolbar-end" role="group" aria-label="Downloads">
      {terminal !== null && (
        <>
          <a class="button" href={streamUrl(session.id, terminal, "download")}>
            .cast
          </a>
          <a class="button" href={streamUrl(session.id, terminal, "v3")}>
            .cast, v3
          </a>
        </>
      )}
      {logs.map(({ name }) => (
        <a key={name} class="button" href={streamUrl(session.id, name, "download")}>
          {logs.length === 1
            ? "Session log"
            : `Session log, ${name.replace(/\.log$/, "").replace("-", " ")}`}
        </a>
      ))}
    </span>
  );
}
