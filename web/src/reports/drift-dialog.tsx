/** How the host differs between any two of its fingerprints. */

import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { ApiError } from "../api";
import { driftBetween } from "../api";
import type { DriftBetween } from "../away";
import { changes, fingerprintWords } from "../away";
import { clock } from "../clock";
import { Problem, asApiError } from "../pages/frame";
import type { Compared } from "../stretch";
import { DriftList, Limits } from "./drift-list";

interface Props {
  readonly sessionId: string;
  /** Unix time of the session's zero. */
  readonly began: number;
  readonly now: number;
  /** What to compare first. */
  readonly first: Compared;
  readonly onClose: () => void;
}

export function DriftDialog({ sessionId, began, now, first, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { found, error, choose } = useDrift(sessionId, first);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      class="drift-dialog"
      aria-labelledby="drift-heading"
      data-drift
      data-from={found?.from}
      data-to={found?.to}
      onClose={onClose}
    >
      <header>
        <h2 id="drift-heading">Changes between two fingerprints</h2>
        <button type="button" data-action="close-drift" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </header>
      {error !== null && <Problem error={error} />}
      {found !== null && found.fingerprints.length < 2 && (
        <p class="quiet">There are no two fingerprints of this host yet.</p>
      )}
      {found !== null && found.fingerprints.length >= 2 && (
        <>
          <p class="drift-ends">
            <Fingerprints
              label="From"
              chosen={found.from}
              onChoose={(from) => choose({ from, to: found.to })}
              {...{ found, began, now }}
            />
            <Fingerprints
              label="To"
              chosen={found.to}
              onChoose={(to) => choose({ from: found.from, to })}
              {...{ found, began, now }}
            />
          </p>
          {error === null && (
            <div class="drift-found" data-changes={changes(found)} role="status">
              {changes(found) === 0 && <p class="quiet">No change was found.</p>}
              <DriftList of={found} began={began} now={now} />
              <Limits limits={found.limits} />
            </div>
          )}
        </>
      )}
    </dialog>
  );
}

interface FingerprintsProps {
  readonly label: string;
  readonly found: DriftBetween;
  readonly chosen: number;
  readonly began: number;
  readonly now: number;
  readonly onChoose: (n: number) => void;
}

function Fingerprints({ label, found, chosen, began, now, onChoose }: FingerprintsProps) {
  const id = useId();
  return (
    <span class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={chosen}
        onChange={(event) => onChoose(Number(event.currentTarget.value))}
      >
        {found.fingerprints.map(({ n, why, t }) => (
          <option key={n} value={n}>
            {n}: {fingerprintWords(why)}, {clock(began + t, now)}
          </option>
        ))}
      </select>
    </span>
  );
}

/** The drift last found stands until another one is: what was chosen wrongly is told beside it. */
function useDrift(sessionId: string, first: Compared) {
  const [found, setFound] = useState<DriftBetween | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [chosen, choose] = useState(first.between ?? null);
  useEffect(() => {
    let isCurrent = true;
    driftBetween(sessionId, chosen).then(
      (drift) => {
        if (!isCurrent) return;
        setFound(drift);
        setError(null);
      },
      (problem: unknown) => {
        if (!isCurrent) return;
        setError(asApiError(problem));
        if (chosen !== null) setFound((was) => was && { ...was, ...chosen });
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [sessionId, chosen]);
  return { found, error, choose };
}
