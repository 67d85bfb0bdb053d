/** The replay of a session at the broker, running or ended. */

import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import type { ApiError, Session } from "../api";
import { keys, receiptsUrl, streamUrl } from "../api";
import { VerdictBadge } from "../evidence/badge";
import type { Evidence as SignedFor } from "../evidence/checking";
import { useChecked } from "../evidence/checking";
import { Evidence, PresenceLine, Problem, TopBar, asApiError, useNow } from "../pages/frame";
import { isOver } from "../presence";
import { DriftDialog } from "../reports/drift-dialog";
import type { AtBroker } from "./at-broker";
import { openAtBroker, openDeleted } from "./at-broker";
import { useCompared } from "./fragment";
import { Replay } from "./replay";

/** The status of what was there, and is not any more. */
const GONE = 410;

export function ReplayPage({ id }: { id: string }) {
  const [loaded, setLoaded] = useState<AtBroker | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const load = useCallback(async () => {
    try {
      setLoaded(await openAtBroker(id));
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
          {error.status === GONE && <Deleted id={id} />}
          <a href="/">Back to the sessions</a>
        </main>
      )}
      {loaded && error === null && <ReplayAtBroker {...loaded} onReload={load} />}
    </>
  );
}

function ReplayAtBroker({ session, source, onReload }: AtBroker & { onReload: () => Promise<void> }) {
  const now = useNow();
  const { compared, compare } = useCompared();
  const { began } = source.told;
  return (
    <>
      <Replay
        source={source}
        now={now}
        status={
          <>
            <PresenceLine presence={session.presence} now={now} />
            <span>
              <span class="quiet">evidence</span> <Evidence of={session} />{" "}
              <Badge of={source} />
            </span>
          </>
        }
        tools={(terminal) => (
          <>
            <button type="button" data-action="compare" onClick={() => compare({})}>
              Compare fingerprints
            </button>
            {!isOver(session.presence) && (
              <>
                <button type="button" onClick={() => void onReload()}>
                  Load newer
                </button>
                <a class="button" href={`/sessions/${encodeURIComponent(session.id)}`}>
                  Live
                </a>
              </>
            )}
            <Downloads session={session} terminal={terminal} />
          </>
        )}
      />
      {compared !== null && began !== null && (
        <DriftDialog
          sessionId={session.id}
          began={began}
          now={now}
          first={compared}
          onClose={() => compare(null)}
        />
      )}
    </>
  );
}

function Deleted({ id }: { id: string }) {
  const evidence = useMemo(() => openDeleted(id), [id]);
  return (
    <p>
      <span class="quiet">evidence</span> <Badge of={evidence} />
    </p>
  );
}

/** The verdict, by the keys that the broker says are its own. */
function Badge({ of }: { of: SignedFor }) {
  const [trusted, setTrusted] = useState<string | null>(null);
  useEffect(() => {
    keys().then(
      (found) => setTrusted(found.keys.map(({ key }) => key).join(",")),
      () => setTrusted(""),
    );
  }, [of]);
  return (
    <VerdictBadge
      checked={useChecked(of, trusted)}
      trust="Checked in this browser, by the keys that this broker says are its own. Whoever has
        reason to doubt that compares them with what the terms showed."
    />
  );
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
      <a class="button" href={`${receiptsUrl(session.id)}?download`}>
        Receipts
      </a>
    </span>
  );
}
