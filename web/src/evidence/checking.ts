/** What a page's session is worth as evidence, checked in this browser. */

import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../api";
import { asApiError } from "../pages/frame";
import { CannotCheck } from "./keys";
import type { Verification } from "./verify";
import { verify } from "./verify";

/** The evidence of a session, wherever it lies. */
export interface Evidence {
  readonly session: string;
  /** As they were before any stream was loaded, or it would seem too short. Throws ApiError. */
  readonly receipts: () => Promise<Uint8Array>;
  /** All streams that are there, and their sizes in bytes. */
  readonly streams: ReadonlyMap<string, number>;
  /** A stream's bytes, those that are replayed. Throws ApiError. */
  readonly stream: (name: string) => Promise<Uint8Array<ArrayBuffer>>;
}

export type Checked =
  | { readonly state: "checking" }
  | { readonly state: "large"; readonly bytes: number; readonly check: () => void }
  | { readonly state: "judged"; readonly found: Verification }
  | { readonly state: "cannot" }
  | { readonly state: "failed"; readonly error: ApiError };

/** More than this is loaded and checked only if somebody wants it. */
const MOST_BYTES = 64 * 1024 * 1024;

/** `trusted`: fingerprints, comma-separated; null: they are not known yet. */
export function useChecked(evidence: Evidence, trusted: string | null): Checked {
  const [checked, setChecked] = useState<Checked>({ state: "checking" });
  const [isWanted, want] = useState(false);
  const bytes = [...evidence.streams.values()].reduce((sum, size) => sum + size, 0);
  const waits = bytes > MOST_BYTES && !isWanted;
  useEffect(() => {
    if (trusted === null || waits) return undefined;
    let isCurrent = true;
    check(evidence, new Set(trusted.split(","))).then(
      (found) => isCurrent && setChecked({ state: "judged", found }),
      (problem: unknown) => {
        if (!isCurrent) return;
        if (problem instanceof CannotCheck) setChecked({ state: "cannot" });
        else setChecked({ state: "failed", error: asApiError(problem) });
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [evidence, trusted, waits]);
  return waits ? { state: "large", bytes, check: () => want(true) } : checked;
}

const GONE: ReadonlySet<number> = new Set([404, 410]);

async function check(evidence: Evidence, trusted: ReadonlySet<string>): Promise<Verification> {
  const receipts = await evidence.receipts();
  const streams = new Map<string, Uint8Array>();
  for (const name of evidence.streams.keys()) {
    try {
      streams.set(name, await evidence.stream(name));
    } catch (problem) {
      // Not there, or not any more: what that means, the receipts say.
      if (!(problem instanceof ApiError && GONE.has(problem.status))) throw problem;
    }
  }
  return verify(evidence.session, receipts, streams, trusted);
}
