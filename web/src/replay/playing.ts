/** The recording that a replay shows, and its player. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { ApiError } from "../api";
import { asApiError } from "../pages/frame";
import type { Place } from "./player";
import { ReplayPlayer } from "./player";
import type { Recording } from "./recording";
import { readRecording } from "./recording";
import type { Source } from "./source";

/** How often the page looks where the player is. */
const LOOK_MS = 200;

/** A recording, as far as it is held. */
export function useRecording(source: Source, terminal: string | null) {
  const [recording, setRecording] = useState<Recording | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  useEffect(() => {
    if (terminal === null) return undefined;
    let isCurrent = true;
    source
      .stream(terminal)
      .then((bytes) => readRecording(terminal, bytes))
      .then(
        (found) => {
          if (!isCurrent) return; // another one was chosen meanwhile
          setRecording(found);
          setError(null);
        },
        (problem: unknown) => isCurrent && setError(asApiError(problem)),
      );
    return () => {
      isCurrent = false;
    };
  }, [source, terminal]);
  return { recording, error };
}

/** The player on its stage, and where it is. The same recording, made anew, goes on where it was. */
export function usePlayer(
  stage: { readonly current: HTMLDivElement | null },
  recording: Recording | null,
  skipsIdle: boolean,
  stopAt: number | null,
) {
  const stop = useRef(stopAt);
  stop.current = stopAt;
  const [player, setPlayer] = useState<ReplayPlayer | null>(null);
  const [time, setTime] = useState(0);
  const [bar, setBar] = useState<Place | null>(null);
  const last = useRef<{ terminal: string; time: number } | null>(null);
  const next = useRef<number | null>(null);

  useEffect(() => {
    if (!stage.current || !recording) return undefined;
    const { terminal } = recording;
    const was = last.current?.terminal === terminal ? last.current.time : null;
    const made = new ReplayPlayer(recording, stage.current, skipsIdle, next.current ?? was);
    next.current = null;
    setPlayer(made);
    let before = Infinity;
    const look = window.setInterval(() => {
      const place = made.progressBar();
      setBar((old) => (old?.left === place?.left && old?.width === place?.width ? old : place));
      if (made.time === null) return;
      const end = stop.current;
      // Played over its end, not sent beyond it.
      const played = made.pace.toPlayer(made.time) - made.pace.toPlayer(before);
      if (end !== null && before < end && made.time >= end && played < 1) made.pause();
      before = made.time;
      setTime(made.time);
      last.current = { terminal, time: made.time };
    }, LOOK_MS);
    return () => {
      window.clearInterval(look);
      made.dispose();
    };
  }, [stage, recording, skipsIdle]);

  // Until it plays the player covers its screen; whoever jumps wants to see it.
  const showScreen = () => stage.current?.classList.add("sought");
  return {
    player,
    time,
    bar,
    seek: (t: number) => {
      showScreen();
      player?.seek(t);
    },
    seekNext: (t: number) => {
      showScreen();
      next.current = t;
    },
  };
}
