/** The replay of a session, running or ended: player, moments, stretches, downloads. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { ApiError, Session, Timeline } from "../api";
import {
  awayReports,
  session as fetchSession,
  streamText,
  streamUrl,
  timeline as fetchTimeline,
} from "../api";
import { clockSeconds, place, utc } from "../clock";
import type { LogLine } from "../log";
import { byAge } from "../log";
import { Evidence, PresenceLine, Problem, TopBar, asApiError, useNow } from "../pages/frame";
import { TerminalSelect } from "../pages/terminal-select";
import { isOver } from "../presence";
import { DriftDialog } from "../reports/drift-dialog";
import { useAwayReports } from "../reports/following";
import { AwayPanel, REPORT_ID } from "../reports/panel";
import type { Compared, Stretch } from "../stretch";
import { readDrift, readStretch } from "../stretch";
import { BEFORE_SECONDS, Moments } from "./moments";
import type { Place } from "./player";
import { ReplayPlayer } from "./player";
import type { Recording, Told } from "./recording";
import { readLogs, readRecording, terminalAt } from "./recording";
import { Legend, StretchBar } from "./stretches";

const NO_LOG: readonly LogLine[] = [];

/** Reports are opened by whoever wants them. */
const QUIETLY = { ask: awayReports, isHere: false, opensAlone: false };

/** How often the page looks where the player is. */
const LOOK_MS = 200;

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
  const { stretch, compared, compare } = useFragment();
  const [chosen, setChosen] = useState<string | null>(null);
  const [skipsIdle, setSkipsIdle] = useState(false);
  const terminal = chosen ?? terminals[0] ?? null;
  const stage = useRef<HTMLDivElement>(null);
  const { recording, error, reload } = useRecording(session.id, terminal);
  const stopAt = stretch?.until ?? null;
  const { player, time, bar, seek, seekNext } = usePlayer(stage, recording, skipsIdle, stopAt);
  const { began } = told;
  const away = useAwayReports(session.id, NO_LOG, QUIETLY);

  const show = (where: string | null, t: number) => {
    // Another recording is loaded first, and begins there.
    if (where === terminal && recording?.terminal === terminal) seek(t - BEFORE_SECONDS);
    else seekNext(t - BEFORE_SECONDS);
    setChosen(where);
  };
  const jump = (t: number) =>
    show(terminal === null ? null : terminalAt(t, terminal, told.spans), t);
  const showStretch = useRef<(one: Stretch) => void>(() => undefined);
  showStretch.current = (one) => {
    const isKnown = one.terminal !== null && terminals.includes(one.terminal);
    if (isKnown) show(one.terminal, one.since);
    else jump(one.since);
  };
  useEffect(() => {
    if (stretch !== null) showStretch.current(stretch);
  }, [stretch]);
  return (
    <main class={away.isOpen ? "replay-page with-report" : "replay-page"}>
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
            onSeek={jump}
          />
        )}
        <Legend stretches={timeline.stretches} isMarked={stretch !== null} />
      </section>
      {away.isOpen ? (
        <AwayPanel away={away} sessionId={session.id} now={now} />
      ) : (
        <Moments
          moments={timeline.moments}
          began={began}
          time={time}
          onJump={(moment) => jump(moment.t)}
        />
      )}
      <footer class="toolbar">
        <TerminalSelect terminals={terminals} shown={terminal} onChoose={setChosen} />
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

/** What the page's address asks for: a stretch to replay, or the comparison of fingerprints. */
function useFragment() {
  const [stretch, setStretch] = useState<Stretch | null>(null);
  const [compared, compare] = useState<Compared | null>(null);
  useEffect(() => {
    const look = () => {
      const drift = readDrift(window.location.hash);
      if (drift !== null) {
        compare(drift);
        // Or the same link, followed again, would be no change.
        window.history.replaceState(null, "", window.location.pathname);
      } else {
        setStretch(readStretch(window.location.hash));
      }
    };
    look();
    window.addEventListener("hashchange", look);
    return () => window.removeEventListener("hashchange", look);
  }, []);
  return { stretch, compared, compare };
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

function useRecording(sessionId: string, terminal: string | null) {
  const [recording, setRecording] = useState<Recording | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const wanted = useRef(terminal);
  wanted.current = terminal;
  const reload = useCallback(async () => {
    if (terminal === null) return;
    try {
      const text = await streamText(sessionId, terminal);
      if (wanted.current !== terminal) return; // another one was chosen meanwhile
      setRecording(readRecording(terminal, text));
      setError(null);
    } catch (problem) {
      setError(asApiError(problem));
    }
  }, [sessionId, terminal]);
  useEffect(() => void reload(), [reload]);
  return { recording, error, reload };
}

/** The player on its stage, and where it is. The same recording, made anew, goes on where it was. */
function usePlayer(
  stage: { readonly current: HTMLDivElement | null },
  recording: Recording | null,
  skipsIdle: boolean,
  stopAt: number | null,
) {
  const stop = useRef(stopAt);
  stop.current = stopAt;
  const [player, setPlayer] = useState<ReplayPlayer | null>(null);
  const [time, setTime] = useState(0);
  const [bar, setBar] = useState<Place | null>(null);
  const last = useRef<{ terminal: string; time: number } | null>(null);
  const next = useRef<number | null>(null);

  useEffect(() => {
    if (!stage.current || !recording) return undefined;
    const { terminal } = recording;
    const was = last.current?.terminal === terminal ? last.current.time : null;
    const made = new ReplayPlayer(recording, stage.current, skipsIdle, next.current ?? was);
    next.current = null;
    setPlayer(made);
    let before = Infinity;
    const look = window.setInterval(() => {
      const place = made.progressBar();
      setBar((old) => (old?.left === place?.left && old?.width === place?.width ? old : place));
      if (made.time === null) return;
      const end = stop.current;
      // Played over its end, not sent beyond it.
      const played = made.pace.toPlayer(made.time) - made.pace.toPlayer(before);
      if (end !== null && before < end && made.time >= end && played < 1) made.pause();
      before = made.time;
      setTime(made.time);
      last.current = { terminal, time: made.time };
    }, LOOK_MS);
    return () => {
      window.clearInterval(look);
      made.dispose();
    };
  }, [stage, recording, skipsIdle]);

  // Until it plays the player covers its screen; whoever jumps wants to see it.
  const showScreen = () => stage.current?.classList.add("sought");
  return {
    player,
    time,
    bar,
    seek: (t: number) => {
      showScreen();
      player?.seek(t);
    },
    seekNext: (t: number) => {
      showScreen();
      next.current = t;
    },
  };
}
