/** One session, live: its terminals, who is there and types, what is allowed, asked and held. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ApiError, Session } from "../api";
import { awayReports, session as fetchSession, me } from "../api";
import { clock } from "../clock";
import { CommandPanel } from "../command-list/panel";
import { allows, banner as grantBanner, keysRefused, summarized } from "../grant";
import { Problem, TopBar, asApiError, useNow } from "../pages/frame";
import { NewsBand, useNews, useTitle } from "../pages/news-band";
import { NotifyButton } from "../pages/notify";
import { followSessions } from "../pages/sessions-feed";
import { banner, isOutOfReach, isOver, tone } from "../presence";
import { useAwayReports } from "../reports/following";
import { AwayPanel, REPORT_ID } from "../reports/panel";
import { requestable } from "../requests";
import { terminalName } from "../terminals";
import type { Requestable, Want } from "../wire";
import type { AskProps } from "./asks";
import { Composer } from "./composer";
import { Desk } from "./desk";
import { LinkDialog, PasteDialog } from "./dialogs";
import { HoldDialog, HoldsBand } from "./holds-band";
import { LogPanel } from "./log-panel";
import { ProposalsPanel } from "./proposals-panel";
import { StatusBar } from "./status-bar";
import { PANEL_ID, Tabs } from "./tabs";
import type { RoomState } from "./terminal-room";
import { TerminalRoom } from "./terminal-room";
import { unready, useTold } from "./told";
import { Toolbar } from "./toolbar";
import type { Watched } from "./watch";
import { NOTHING_YET, ownName, turnsNow } from "./watch";

const UNCONNECTED: RoomState = { watched: NOTHING_YET, broker: { state: "connecting" } };
const NOBODY: Watched["turns"] = new Map();
const WIDE = "(min-width: 1080px)";
const WIDER = "(min-width: 1360px)";

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
  const [isHolding, setHolding] = useState(false);
  const [isComposing, setComposing] = useState(false);
  const [hasLog, setHasLog] = useState(() => window.matchMedia(WIDE).matches);
  const [hasCommands, setHasCommands] = useState(() => window.matchMedia(WIDER).matches);
  const host = useRef<HTMLDivElement>(null);
  const composer = useRef<HTMLTextAreaElement>(null);
  const logButton = useRef<HTMLButtonElement>(null);
  const room = useRef<TerminalRoom | null>(null);
  const isSignedOut = useIsSignedOut(broker.state === "lost");
  const { proposals, requests, holds, terminals, commands, ending } = useTold(watched.log);

  // With the page itself: whatever is pressed on it finds its room.
  useLayoutEffect(() => {
    if (!host.current) return undefined;
    const opened = new TerminalRoom(session.id, host.current, setState, {
      onPasteOfLines: setPasted,
      onLink: setLink,
      onTitle: setTitle,
      onSize: (cols, rows) => setSize({ cols, rows }),
      onLeave: () => {
        const report = document.querySelector<HTMLElement>(`#${REPORT_ID} [tabindex="-1"]`);
        const isComposerOpen = composer.current?.closest("[hidden]") === null;
        (report ?? (isComposerOpen ? composer : logButton).current)?.focus();
      },
    });
    room.current = opened;
    opened.screen.focus();
    return () => opened.close();
  }, [session.id]);
  const presence = watched.presence ?? session.presence;
  const over = banner(presence, now, ending);
  const isEnded = isOver(presence);
  const away = useAwayReports(session.id, watched.log, {
    ask: awayReports,
    isHere: tone(presence) === "here",
    opensAlone: !isEnded,
  });
  const closeReport = () => {
    away.close();
    if (document.activeElement?.closest(`#${REPORT_ID}`)) room.current?.screen.focus();
  };
  const news = useNews(session.id);
  const take = useRef(news.take);
  take.current = news.take;
  useEffect(() => followSessions({ onNews: (one) => take.current(one) }), []);
  const grant = watched.grant ?? summarized(session);
  const isCut = broker.state === "lost" || isOutOfReach(presence) || isEnded;
  const isStale = isCut || grant.standing === "revoked";
  // Four sessions are four tabs: which one is not live must be seen from the others.
  useTitle(`${isStale ? "(not live) " : ""}${session.host.name} · Jumpseat`, news.board);

  const heldOff = isEnded ? null : grantBanner(grant);
  const isHeldOff = grant.standing !== "live"; // proposals can wait for somebody who is away
  const { declined, shown } = watched;
  const person = ownName(watched);
  const want = (wanted: Want) => room.current?.want(wanted);
  const ask = (what: Requestable): AskProps => ({
    what,
    isAsked: requests.some(
      (one) => one.person === person && one.what === what && one.state === "open",
    ),
    declined:
      declined?.want.type === "request" && declined.want.what === what ? declined.message : null,
    onAsk: () => want({ type: "request", by: "", what }),
  });
  const mayAsk = !isEnded && grant.standing !== "revoked";
  const mayPropose = mayAsk && grant.standing !== "expired";
  const isComposerOpen =
    mayPropose && (grant.mode === "approve" || (grant.mode === "control" && isComposing));
  const hasAsked = proposals.length > 0 || requests.length > 0;
  const hasSide = hasLog || hasCommands || hasAsked || away.isOpen;
  const shape =
    `live-page${hasSide ? " with-side" : ""}${hasCommands ? " with-commands" : ""}` +
    (away.isOpen ? " with-report" : "");
  return (
    <div class={shape}>
      <TopBar aside={<NotifyButton />}>
        <h1 class="live-name">
          {session.host.name} <span class="quiet">{session.case.title}</span>
        </h1>
      </TopBar>
      <StatusBar
        session={session}
        watched={watched}
        presence={presence}
        grant={grant}
        now={now}
        onReport={() => away.open(null)}
      />
      <main class="terminal-area">
        <NewsBand news={news} now={now} />
        <Tabs
          watched={watched}
          facts={terminals}
          turns={isStale ? NOBODY : turnsNow(watched)}
          ask={mayPropose && allows(grant.mode, "approve") ? ask("terminal") : null}
          onChoose={(terminal, isEntered) => {
            room.current?.choose(terminal);
            if (isEntered) room.current?.screen.focus();
          }}
        />
        <HoldsBand holds={holds} declined={declined} now={now} canLift={mayAsk} onWant={want} />
        {heldOff && (
          <p
            class="grant-banner"
            role="alert"
            data-banner={grant.standing === "live" ? "paused" : grant.standing}
          >
            <strong>{heldOff.title}</strong> <span>{heldOff.more}</span>
          </p>
        )}
        <div
          class="terminal-frame"
          id={PANEL_ID}
          role="tabpanel"
          aria-label={shown === null ? "Terminal" : terminalName(shown, terminals)}
          data-stale={isStale}
        >
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
        </div>
        <div hidden={!isComposerOpen}>
          <Composer
            terminal={shown ?? ""}
            unready={unready(
              shown,
              isHeldOff ? (heldOff?.title ?? null) : null,
              watched.terminals,
              terminals,
            )}
            own={proposals.filter((one) => one.person === person)}
            declined={declined}
            field={composer}
            onWant={want}
          />
        </div>
        <Desk
          notice={watched.notice}
          asks={isEnded ? [] : requestable(grant).map(ask)}
          isComposing={grant.mode === "control" && mayPropose ? isComposing : null}
          onCompose={() => setComposing(!isComposing)}
          onHold={mayAsk ? () => setHolding(true) : null}
        />
      </main>
      {hasSide && (
        <div class="side">
          {away.isOpen && (
            <AwayPanel away={{ ...away, close: closeReport }} sessionId={session.id} now={now} />
          )}
          {hasAsked && (
            <ProposalsPanel
              proposals={proposals}
              requests={requests}
              person={person}
              declined={declined}
              now={now}
              onWant={want}
            />
          )}
          {hasCommands && (
            <CommandPanel
              sessionId={session.id}
              told={commands}
              terminals={terminals}
              time={now - (commands.began ?? now)}
              onJump={null}
            />
          )}
          {hasLog && <LogPanel log={watched.log} />}
        </div>
      )}
      <p class="unseen" role="status">
        {away.isOpen && !away.isAsked ? "An away report is open beside the terminal." : ""}
      </p>
      <Toolbar
        size={size}
        title={title}
        sessionId={session.id}
        isTyping={!isCut && keysRefused(grant) === null}
        hasReport={away.isOpen}
        onReport={() => (away.isOpen ? closeReport() : away.open(null))}
        hasCommands={hasCommands}
        onCommands={() => setHasCommands(!hasCommands)}
        hasLog={hasLog}
        logButton={logButton}
        onLog={() => setHasLog(!hasLog)}
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
      {isHolding && (
        <HoldDialog
          holds={holds}
          declined={declined}
          onWant={want}
          onClose={() => setHolding(false)}
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
