/** The fragment of a replay's address, as it changes. */

import { useEffect, useState } from "preact/hooks";
import type { Compared, Moment, Stretch } from "../stretch";
import { readDrift, readMoment, readStretch } from "../stretch";

/** The place in the session that the page's address asks for. */
export function usePlace() {
  const [stretch, setStretch] = useState<Stretch | null>(null);
  const [moment, setMoment] = useState<Moment | null>(null);
  useHash((hash) => {
    if (readDrift(hash) !== null) return;
    setStretch(readStretch(hash));
    setMoment(readMoment(hash));
  });
  return { stretch, moment };
}

/** The fingerprints that it asks to compare. */
export function useCompared() {
  const [compared, compare] = useState<Compared | null>(null);
  useHash((hash) => {
    const drift = readDrift(hash);
    if (drift === null) return;
    compare(drift);
    // Or the same link, followed again, would be no change.
    window.history.replaceState(null, "", window.location.pathname);
  });
  return { compared, compare };
}

/** `look` uses nothing that changes. */
function useHash(look: (hash: string) => void): void {
  useEffect(() => {
    const looks = () => look(window.location.hash);
    looks();
    window.addEventListener("hashchange", looks);
    return () => window.removeEventListener("hashchange", looks);
  }, []);
}
