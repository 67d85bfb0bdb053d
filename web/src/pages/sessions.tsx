/** The first page: what goes on, what is over, and inviting a customer. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { ApiError, Session } from "../api";
import { me, streamUrl } from "../api";
import { isOver, lately } from "../presence";
import { runAndTerminal } from "../log";
import { Evidence, PresenceLine, Problem, TopBar, When, asApiError, useNow } from "./frame";
import { InvitePanel } from "./invite";
import type { NewsBoard } from "./news-band";
import { NewsBand, useNews, useTitle } from "./news-band";
import { NotifyButton } from "./notify";
import { followSessions } from "./sessions-feed";

export function SessionsPage() {
  const now = useNow();
  const news = useNews(null);
  useTitle("Jumpseat", news.board);
  const { sessions, isLost, hasAnswer, error } = useSessions(news.take);
  const live = sessions.filter((one) => !isPast(one));
  const over = sessions.filter(isPast);
  return (
    <>
      <TopBar aside={<NotifyButton />} />
      <main class="sessions-page">
        <div class="sessions">
          <NewsBand news={news} now={now} />
          {error !== null && <Problem error={error} />}
          {isLost && error === null && (
            <p class="problem" role="alert" data-broker="lost">
              Connection to the broker lost; trying again. What you see may be out of date.
            </p>
          )}
          <section aria-labelledby="live-heading">
            <h1 id="live-heading">Sessions</h1>
            {live.length === 0 ? (
              <p class="empty">
                {hasAnswer ? "No session at present. Invite a customer to begin one." : "Loading …"}
              </p>
            ) : (
              <ul class="session-list">
                {live.map((one) => (
                  <LiveSession key={one.id} session={one} now={now} />
                ))}
              </ul>
            )}
          </section>
          {over.length > 0 && (
            <section aria-labelledby="over-heading">
              <h2 id="over-heading">Ended</h2>
              <ul class="session-list over">
                {over.map((one) => (
                  <EndedSession key={one.id} session={one} now={now} />
                ))}
              </ul>
            </section>
          )}
        </div>
        <InvitePanel now={now} />
      </main>
    </>
  );
}

const isPast = (one: Session) => isOver(one.presence) || one.deleted !== null;

function LiveSession({ session, now }: { session: Session; now: number }) {
  const was = lately(session.presence, now);
  return (
    <li class="session" data-session={session.id}>
      <div class="session-main">
        <a class="session-name" href={`/sessions/${session.id}`}>
          {session.host.name}
        </a>
        <PresenceLine presence={session.presence} now={now} />
        {was !== null && (
          <span class="lately" data-lately={session.presence.last?.cause}>
            {was}
          </span>
        )}
        <p class="session-case">
          {session.case.title} <span class="quiet">· invited by {session.engineer}</span>
        </p>
      </div>
      <dl class="session-facts">
        <div>
          <dt>Mode</dt>
          <dd data-standing={session.standing}>
            {session.mode}
            {session.standing !== "live" && `, ${session.standing.replace("-", " ")}`}
          </dd>
        </div>
        <div>
          <dt>Granted until</dt>
          <dd>
            <When at={session.until} now={now} />
          </dd>
        </div>
        <div>
          <dt>Watching</dt>
          <dd>{session.viewers.length > 0 ? session.viewers.join(", ") : "nobody"}</dd>
        </div>
        <div>
          <dt>Evidence</dt>
          <dd>
            <Evidence of={session} />
          </dd>
        </div>
      </dl>
      <div class="session-actions">
        <a class="button primary" href={`/sessions/${session.id}`}>
          Open
        </a>
        <a class="button" href={`/sessions/${session.id}/replay`}>
          Replay
        </a>
      </div>
    </li>
  );
}

function EndedSession({ session, now }: { session: Session; now: number }) {
  const casts = session.streams.filter((one) => one.name.endsWith(".cast"));
  return (
    <li class="session" data-session={session.id}>
      <div class="session-main">
        <a class="session-name" href={`/sessions/${session.id}/replay`}>
          {session.host.name}
        </a>
        <PresenceLine presence={session.presence} now={now} />
        <p class="session-case">
          {session.case.title}{" "}
          <span class="quiet">
            · began <When at={session.created} now={now} /> · <Evidence of={session} />
          </span>
        </p>
        <AtRest session={session} now={now} />
      </div>
      <div class="session-actions">
        <a class="button" href={`/sessions/${session.id}/replay`}>
          Replay
        </a>
        {casts.map((cast) => (
          <a key={cast.name} class="button" href={streamUrl(session.id, cast.name, "download")}>
            {casts.length === 1 ? ".cast" : `${runAndTerminal(cast.name)} .cast`}
          </a>
        ))}
      </div>
    </li>
  );
}

/** What has become of its streams at the broker since it ended. */
function AtRest({ session, now }: { session: Session; now: number }) {
  const { deleted, imported, kept, sealed } = session;
  if (deleted !== null)
    return (
      <p class="session-case" data-at-rest="deleted">
        Deleted <When at={deleted.at} now={now} /> by {deleted.by}: {deleted.why}
      </p>
    );
  return (
    <>
      {imported !== null && (
        <p class="session-case quiet" data-at-rest="imported">
          Imported <When at={imported} now={now} />
        </p>
      )}
      {kept !== null && (
        <p class="session-case" data-at-rest="kept">
          Kept since <When at={kept.since} now={now} />, says {kept.by}: {kept.why}
        </p>
      )}
      {sealed !== null && sealed.length > 0 && (
        <p class="session-case quiet" data-at-rest="sealed" title={sealed.join("\n")}>
          encrypted
        </p>
      )}
    </>
  );
}

function useSessions(onNews: NewsBoard["take"]) {
  const take = useRef(onNews);
  take.current = onNews;
  const [byId, setById] = useState<ReadonlyMap<string, Session>>(new Map());
  const [isLost, setLost] = useState(false);
  const [hasAnswer, setAnswer] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  useEffect(() => {
    const told = (problem: unknown) => {
      const failure = asApiError(problem);
      if (failure.isSignedOut) setError(failure);
    };
    return followSessions({
      onSession: (one) => {
        setAnswer(true);
        setById((before) => new Map(before).set(one.id, one));
      },
      onNews: (news) => take.current(news),
      onLive: () => {
        setLost(false);
        setAnswer(true);
      },
      onLost: () => {
        setLost(true);
        // A refused websocket doesn't say why; the API does.
        me().catch(told);
      },
    });
  }, []);
  const sessions = useMemo(() => [...byId.values()].sort((a, b) => b.created - a.created), [byId]);
  return { sessions, isLost, hasAnswer, error };
}
