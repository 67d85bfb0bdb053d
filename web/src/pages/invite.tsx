/** Cases and invitations: the column beside the sessions. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { ApiError, Case, Invitation, NewInvitation } from "../api";
import { cases, createCase, invitations, invite } from "../api";
import { duration } from "../clock";
import { CopyButton } from "./copy-button";
import { Problem, When, asApiError } from "./frame";

const LIVES_MINUTES = [15, 30, 60, 240];
const NEW_CASE = "";

export function InvitePanel({ now }: { now: number }) {
  const [known, setKnown] = useState<readonly Case[]>([]);
  const [open, setOpen] = useState<readonly Invitation[]>([]);
  const [made, setMade] = useState<(NewInvitation & { title: string }) | null>(null);
  const [error, setError] = useState<ApiError | null>(null);

  const load = useCallback(async () => {
    try {
      setKnown(await cases());
      setOpen(await invitations());
      setError(null);
    } catch (problem) {
      setError(asApiError(problem));
    }
  }, []);
  useEffect(() => void load(), [load]);

  return (
    <aside class="invite" aria-labelledby="invite-heading">
      <h2 id="invite-heading">Invite a customer</h2>
      <InviteForm
        known={known}
        onMade={(invitation) => {
          setMade(invitation);
          return load();
        }}
        onError={setError}
      />
      {error !== null && <Problem error={error} />}
      {made !== null && <Made invitation={made} now={now} />}
      <h3>Open invitations</h3>
      <OpenInvitations invitations={open.filter((one) => one.expires > now)} now={now} />
    </aside>
  );
}

interface FormProps {
  readonly known: readonly Case[];
  /** Resolves once `known` has its case. */
  readonly onMade: (invitation: NewInvitation & { title: string }) => Promise<void>;
  readonly onError: (error: ApiError | null) => void;
}

function InviteForm({ known, onMade, onError }: FormProps) {
  const [chosen, setChosen] = useState<string | null>(null);
  const [title, setTitle] = useState("");
  const [minutes, setMinutes] = useState(30);
  const [isBusy, setBusy] = useState(false);
  const caseId = chosen ?? known[0]?.id ?? NEW_CASE;

  const submit = async () => {
    setBusy(true);
    onError(null);
    try {
      const of = known.find((one) => one.id === caseId) ?? (await createCase(title.trim()));
      setChosen(of.id);
      setTitle("");
      await onMade({ ...(await invite(of.id, minutes)), title: of.title });
    } catch (problem) {
      onError(asApiError(problem));
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      {known.length > 0 && (
        <p class="field">
          <label for="case">Case</label>
          <select
            id="case"
            value={caseId}
            onChange={(event) => setChosen(event.currentTarget.value)}
          >
            {known.map((one) => (
              <option key={one.id} value={one.id}>
                {one.title}
              </option>
            ))}
            <option value={NEW_CASE}>New case …</option>
          </select>
        </p>
      )}
      {caseId === NEW_CASE && (
        <p class="field">
          <label for="title">Title of the new case</label>
          <input
            id="title"
            required
            maxLength={200}
            placeholder="4711 pool degraded after upgrade"
            value={title}
            onInput={(event) => {
              setTitle(event.currentTarget.value);
              // Cases that are told of later do not take its place.
              setChosen(NEW_CASE);
            }}
          />
        </p>
      )}
      <p class="field">
        <label for="minutes">The code is good for</label>
        <select
          id="minutes"
          value={minutes}
          onChange={(event) => setMinutes(Number(event.currentTarget.value))}
        >
          {LIVES_MINUTES.map((one) => (
            <option key={one} value={one}>
              {duration(one * 60)}
            </option>
          ))}
        </select>
      </p>
      <button type="submit" class="primary" disabled={isBusy}>
        Create invitation
      </button>
    </form>
  );
}

function Made({ invitation, now }: { invitation: NewInvitation & { title: string }; now: number }) {
  const left = invitation.expires - now;
  const line = useRef<HTMLPreElement>(null);
  return (
    <section class="made" aria-label="New invitation" data-invitation={invitation.id}>
      <p class="quiet">For “{invitation.title}”. Read out the code, or send the line:</p>
      <p class="code" data-field="code">
        {invitation.code}
      </p>
      <pre ref={line} class="line" tabIndex={0} data-field="line">
        {invitation.line}
      </pre>
      <CopyButton text={invitation.line} label="Copy the line" shown={line} />
      <p class="quiet">
        {left > 0 ? (
          <>
            Good once, until <When at={invitation.expires} now={now} /> ({duration(left)} left). It
            is not shown again.
          </>
        ) : (
          "It has expired."
        )}
      </p>
    </section>
  );
}

function OpenInvitations({
  invitations: open,
  now,
}: {
  invitations: readonly Invitation[];
  now: number;
}) {
  if (open.length === 0) return <p class="empty">None.</p>;
  return (
    <ul class="open-invitations">
      {open.map((one) => (
        <li key={one.id} data-invitation={one.id}>
          <span>{one.case.title}</span>
          <span class="quiet">
            {one.engineer}, until <When at={one.expires} now={now} />
          </span>
        </li>
      ))}
    </ul>
  );
}
