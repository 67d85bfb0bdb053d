/** The customer's page: what is going on at their host, and a hand on it from wherever they are. */

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { LogLine } from "../log";
import { loginWords, runAndTerminal, terminalNumber } from "../log";
import { isOutOfReach, isOver, tone } from "../presence";
import { useAwayReports } from "../reports/following";
import type { Terminals } from "../terminals";
import { terminalsAfter } from "../terminals";
import { useNow } from "../pages/frame";
import { NOTHING_YET } from "../live/watch";
import type { Wish } from "./act";
import { Away, OtherReports } from "./away";
import { Final } from "./final";
import { History } from "./history";
import type { Opening } from "./opening";
import { useOpening } from "./opening";
import { Holds, Requests } from "./requests";
import type { RoomState } from "./room";
import { CustomerRoom, UNTOLD } from "./room";
import { reports } from "./sign-in";
import { Top } from "./top";

const RENEW_MS = 15_000;

const UNCONNECTED: RoomState = {
  watched: NOTHING_YET,
  told: UNTOLD,
  broker: { state: "connecting" },
  asked: new Map(),
};

export function CustomerPage({ session, fragment }: { session: string; fragment: string }) {
  const opening = useOpening(session, fragment);
  if (opening.state === "open") return <OpenPage {...opening} />;
  return (
    <main class="card" data-opening={opening.state === "failed" ? opening.kind : "opening"}>
      <h1>
        <img src="/assets/sign-in-icon.svg" alt="" width="28" height="28" /> Jumpseat
      </h1>
      {opening.state === "opening" ? (
        <p role="status">Opening the session …</p>
      ) : (
        <div role="alert">
          <p>
            <strong>{opening.title}</strong>
          </p>
          <p class="quiet">{opening.more}</p>
        </div>
      )}
    </main>
  );
}

function OpenPage({ session, signer, renew }: Extract<Opening, { state: "open" }>) {
  const now = useNow();
  const [state, setState] = useState(UNCONNECTED);
  const screen = useRef<HTMLDivElement>(null);
  const room = useRef<CustomerRoom | null>(null);
  const { watched, told, broker } = state;

  // With the page itself: whatever is pressed on it finds its room.
  useLayoutEffect(() => {
    if (!screen.current) return undefined;
    const opened = new CustomerRoom(session.id, screen.current, signer, setState);
    room.current = opened;
    return () => opened.close();
  }, [session.id, signer]);
  const isOpen = useRenewal(broker.state === "lost", renew);

  const presence = watched.presence ?? session.presence;
  const ended = told.ended ?? (isOver(presence) ? { at: presence.since, why: "" } : null);
  const isEnded = ended !== null;
  const away = useAwayReports(session.id, watched.log, {
    ask: reports,
    isHere: tone(presence) === "here",
    opensAlone: !isEnded,
  });
  const waiting = told.proposals.filter((one) => one.state === "waiting").length;
  useEffect(() => {
    document.title = `${waiting > 0 ? `(${waiting}) ` : ""}${session.host.name} · Jumpseat`;
  }, [waiting, session.host.name]);
  const isRevoked = watched.grant?.standing === "revoked";
  const isStale = broker.state === "lost" || isOutOfReach(presence) || isEnded || isRevoked;
  const onWish = (wish: Wish) => room.current?.wish(wish);
  const hasSeveral = watched.terminals.length > 1;
  return (
    <div class="customer-page">
      <Top
        session={session}
        state={state}
        presence={presence}
        ended={ended}
        now={now}
        onWish={onWish}
      />
      {!isOpen && (
        <p class="problem" role="alert" data-link="signed-out">
          This link opens the session no more: nobody is signed in here. On the host, jumpseat status
          shows the link as it is now.
        </p>
      )}
      {!isEnded && <Final state={state} onWish={onWish} />}
      <main>
        {!isEnded && (
          <Requests
            proposals={told.proposals}
            requests={told.requests}
            notHere={whyNotHere(state)}
            hasSeveralTerminals={hasSeveral}
            asked={state.asked}
            now={now}
            onWish={onWish}
          />
        )}
        <Away {...{ away, state, isEnded, now, onWish }} />
        <Holds holds={told.holds} />
        <section
          class="screen"
          aria-labelledby="screen-heading"
          data-stale={isStale}
        >
          <ScreenBar
            terminals={watched.terminals}
            log={watched.log}
            shown={watched.shown}
            onChoose={(terminal) => room.current?.choose(terminal)}
            onReadable={(isOn) => room.current?.setReadable(isOn)}
          />
          <div class="terminal-frame">
            <div
              ref={screen}
              class="terminal-room"
              role="group"
              aria-label={`Terminal of ${session.host.name}, to look at`}
            />
          </div>
        </section>
        <OtherReports away={away} now={now} />
      </main>
      <History log={watched.log} now={now} />
    </div>
  );
}

const NOT_LIVE = {
  "taken-back": "you have taken back",
  expired: "the time is up",
  revoked: "you have revoked the grant",
} as const;

/** Why nothing can be run from this page now; empty where it can. */
function whyNotHere({ watched }: RoomState): string {
  const standing = watched.grant?.standing ?? "live";
  if (standing !== "live") return `Nothing runs now: ${NOT_LIVE[standing]}.`;
  if (watched.started?.grant.page === "approve") return "";
  return "You granted this page to look, refuse and stop. To let something run, at the terminal: the prefix key (Ctrl-] where you have not chosen another) and a.";
}

interface ScreenBarProps {
  readonly terminals: readonly string[];
  readonly log: readonly LogLine[];
  readonly shown: string | null;
  readonly onChoose: (terminal: string) => void;
  readonly onReadable: (isOn: boolean) => void;
}

function ScreenBar({ terminals, log, shown, onChoose, onReadable }: ScreenBarProps) {
  const [isReadable, setReadable] = useState(false);
  const told = useMemo(() => log.reduce<Terminals>(terminalsAfter, new Map()), [log]);
  const isOneRun = new Set(terminals.map((name) => name.split(".")[0])).size < 2;
  const label = (name: string): string => {
    const login = told.get(name)?.login ?? null;
    if (login !== null) return loginWords(login);
    return isOneRun ? terminalNumber(name) : runAndTerminal(name);
  };
  return (
    <div class="screen-bar">
      <h2 id="screen-heading">{terminals.length > 1 ? "Terminals" : "Terminal"}</h2>
      {terminals.length > 1 && (
        <div class="tabs">
          {terminals.map((name) => (
            <button
              key={name}
              type="button"
              data-terminal={name}
              aria-pressed={name === shown}
              onClick={() => onChoose(name)}
            >
              {label(name)}
            </button>
          ))}
        </div>
      )}
      <button
        type="button"
        class="readable"
        aria-pressed={isReadable}
        onClick={() => {
          setReadable(!isReadable);
          onReadable(!isReadable);
        }}
      >
        Larger
      </button>
    </div>
  );
}

/** Whether the link still opens the page: asked again and again while the connection is lost. */
function useRenewal(isLost: boolean, renew: () => Promise<boolean>): boolean {
  const [isOpen, setOpen] = useState(true);
  useEffect(() => {
    if (!isLost) {
      setOpen(true);
      return undefined;
    }
    const ask = () => void renew().then(setOpen);
    ask();
    const timer = window.setInterval(ask, RENEW_MS);
    return () => window.clearInterval(timer);
  }, [isLost, renew]);
  return isOpen;
}
