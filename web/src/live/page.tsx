/** One session, live: the terminal, who is there, the customer's presence, and the session log. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { ApiError, Session } from "../api";
import { session as fetchSession, me } from "../api";
import { clock } from "../clock";
import { REFUSALS } from "../log";
import { banner, isOutOfReach, isOver } from "../presence";
import { Evidence, PresenceLine, Problem, TopBar, asApiError, useNow } from "../pages/frame";
import { LinkDialog, PasteDialog } from "./dialogs";
import { LogPanel } from "./log-panel";
import type { RoomState } from "./terminal-room";
import { TerminalRoom } from "./terminal-room";
import { Toolbar } from "./toolbar";
import type { Watched } from "./watch";
import { NOTHING_YET } from "./watch";

const UNCONNECTED: RoomState = { watched: NOTHING_YET, broker: { state: "connecting" } };
const NOTICE_MS = 6_000;
const WIDE = "(min-width: 1080px)";

export function LivePage({ id }: { id: string }) {
  const now = useNow();
  const { session, error } = useSession(id);
  if (error !== null)
    return (
      <>
        <TopBar />
        <main class="lone">
          <Problem error={error} />
          <a href="/">Back to the sessions</a>
        </main>
      </>
    );
  return session && <LiveSession session={session} now={now} />;
}

function LiveSession({ session, now }: { session: Session; now: number }) {
  const [{ watched, broker }, setState] = useState(UNCONNECTED);
  const [title, setTitle] = useState("");
  const [size, setSize] = useState<{ cols: number; rows: number } | null>(null);
  const [pasted, setPasted] = useState<string | null>(null);
  const [link, setLink] = useState<string | null>(null);
  const [hasLog, setHasLog] = useState(() => window.matchMedia(WIDE).matches);
  const host = useRef<HTMLDivElement>(null);
  const logButton = useRef<HTMLButtonElement>(null);
  const room = useRef<TerminalRoom | null>(null);
  const notice = useNotice(watched.refusal);
  const isSignedOut = useIsSignedOut(broker.state === "lost");

  useEffect(() => {
    if (!host.current) return undefined;
    const opened = new TerminalRoom(session.id, host.current, setState, {
      onPasteOfLines: setPasted,
      onLink: setLink,
      onTitle: setTitle,
      onSize: (cols, rows) => setSize({ cols, rows }),
      onLeave: () => logButton.current?.focus(),
    });
    room.current = opened;
    opened.screen.focus();
    return () => opened.close();
  }, [session.id]);
  const presence = watched.presence ?? session.presence;
  const over = banner(presence, now);
  const isStale = broker.state === "lost" || isOutOfReach(presence) || isOver(presence);
  // Four sessions are four tabs: which one is not live must be seen from the others.
  useEffect(() => {
    document.title = `${isStale ? "(not live) " : ""}${session.host.name} · Jumpseat`;
  }, [isStale, session.host.name]);
  const { mode } = watched.started?.grant ?? session;
  const isTyping = mode === "control" && !isOver(presence);
  return (
    <div class={hasLog ? "live-page with-log" : "live-page"}>
      <TopBar>
        <h1 class="live-name">
          {session.host.name} <span class="quiet">{session.case.title}</span>
        </h1>
      </TopBar>
      <div class="status-bar" role="status" aria-label="Session status">
        <PresenceLine presence={presence} now={now} />
        {!isOver(presence) && (
          <Grant mode={mode} watched={watched} until={clock(session.until, now)} />
        )}
        <span>
          <span class="quiet">evidence</span> <Evidence of={watched.started ?? session} />
        </span>
        <Watchers viewers={watched.viewers} you={watched.you} />
      </div>
      <main class="terminal-area">
        <div class="terminal-frame" data-stale={isStale}>
          <div
            ref={host}
            class="terminal-room"
            role="group"
            aria-label={`Terminal of ${session.host.name}`}
            aria-describedby="terminal-hint"
          />
          {broker.state === "lost" ? (
            <Banner
              key={broker.since}
              kind="broker-lost"
              title={`Connection to the broker lost at ${clock(broker.since, now)}`}
              more={
                isSignedOut
                  ? "You are signed out: open a sign-in link, and this page goes on by itself."
                  : "This page tries again by itself. The customer's session is not affected."
              }
            />
          ) : (
            over && <Banner key={presence.since} kind={presence.state} {...over} />
          )}
          {broker.state === "connecting" && <p class="joining">Joining the session …</p>}
          <p class="notice" role="status" data-notice={notice ?? ""}>
            {notice !== null && `Not sent: ${NOTICES[notice] ?? REFUSALS[notice] ?? notice}.`}
          </p>
        </div>
      </main>
      {hasLog && <LogPanel log={watched.log} />}
      <Toolbar
        watched={watched}
        size={size}
        title={title}
        sessionId={session.id}
        isTyping={isTyping}
        hasLog={hasLog}
        logButton={logButton}
        onLog={() => setHasLog(!hasLog)}
        onChoose={(terminal) => room.current?.choose(terminal)}
        onReadable={(isOn) => room.current?.screen.setReadable(isOn)}
        onScreenReader={(isOn) => room.current?.screen.setScreenReader(isOn)}
      />
      {pasted !== null && (
        <PasteDialog
          text={pasted}
          onConfirm={() => room.current?.screen.paste(pasted)}
          onClose={() => setPasted(null)}
        />
      )}
      {link !== null && (
        <LinkDialog
          url={link}
          onConfirm={() => window.open(link, "_blank", "noopener,noreferrer")}
          onClose={() => setLink(null)}
        />
      )}
    </div>
  );
}

/** The session's state over the last screen. It can be put aside; the status bar still says it. */
function Banner({ kind, title, more }: { kind: string; title: string; more: string }) {
  const [isHidden, setHidden] = useState(false);
  if (isHidden) return null;
  return (
    <div class="banner" role="alert" data-banner={kind}>
      <strong>{title}</strong>
      <button type="button" onClick={() => setHidden(true)}>
        Hide
      </button>
      <span>{more}</span>
    </div>
  );
}

interface GrantProps {
  readonly mode: string;
  readonly watched: Watched;
  readonly until: string;
}

/** What the customer allows at this moment. */
function Grant({ mode, watched: { isExpired, paused }, until }: GrantProps) {
  let says = `${MODES[mode] ?? mode}, until ${until}`;
  if (paused !== null) says = `${mode}: keys held off, ${paused.replaceAll("-", " ")}`;
  if (isExpired) says = "the grant has expired";
  const isHeldOff = isExpired || paused !== null;
  return (
    <span
      class={isHeldOff ? "mode held-off" : `mode ${mode}`}
      data-mode={mode}
      data-held-off={isHeldOff}
    >
      {says}
    </span>
  );
}

const MODES: Readonly<Record<string, string>> = {
  control: "control: you may type",
  watch: "watch only",
  approve: "approve: lines need the customer's yes",
};

/** Reasons that are this page's own, or that read better to the person who typed. */
const NOTICES: Readonly<Record<string, string>> = {
  mode: "this grant is watch-only",
  "not-begun": "the host has not said yet what is allowed",
  "broker-lost": "the connection to the broker is lost",
};

function Watchers({ viewers, you }: { viewers: ReadonlyMap<string, string>; you: string }) {
  const others = [...viewers].filter(([id]) => id !== you).map(([, person]) => person);
  return (
    <span class="watchers" data-watchers={others.join(",")}>
      {others.length === 0 ? "nobody else watches" : `also watching: ${others.join(", ")}`}
    </span>
  );
}

/** The latest refusal's reason, for as long as it is news. */
function useNotice(refusal: { why: string; count: number } | null): string | null {
  const [shown, setShown] = useState<string | null>(null);
  useEffect(() => {
    if (refusal === null) return undefined;
    setShown(refusal.why);
    const timer = window.setTimeout(() => setShown(null), NOTICE_MS);
    return () => window.clearTimeout(timer);
  }, [refusal]);
  return shown;
}

/** Whether the connection is lost because nobody is signed in: a refused websocket doesn't say. */
function useIsSignedOut(isLost: boolean): boolean {
  const [isSignedOut, setSignedOut] = useState(false);
  useEffect(() => {
    setSignedOut(false);
    if (isLost) me().catch((problem: unknown) => setSignedOut(asApiError(problem).isSignedOut));
  }, [isLost]);
  return isSignedOut;
}

function useSession(id: string): { session: Session | null; error: ApiError | null } {
  const [session, setSession] = useState<Session | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  useEffect(() => {
    fetchSession(id).then(setSession, (problem: unknown) => setError(asApiError(problem)));
  }, [id]);
  return { session, error };
}
