/** The fragment of a replay's address, as it changes. */

import { useEffect, useState } from "preact/hooks";
import type { Compared, Moment, Stretch } from "../stretch";
import { readDrift, readMoment, readStretch } from "../stretch";

/** What the page's address asks for: a place to replay, or the comparison of fingerprints. */
export function useFragment() {
  const [stretch, setStretch] = useState<Stretch | null>(null);
  const [moment, setMoment] = useState<Moment | null>(null);
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
        setMoment(readMoment(window.location.hash));
      }
    };
    look();
    window.addEventListener("hashchange", look);
    return () => window.removeEventListener("hashchange", look);
  }, []);
  return { stretch, moment, compared, compare };
}
