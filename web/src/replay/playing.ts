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
  // Where it is, or will be once that recording is on its stage.
  const at = useRef<{ terminal: string; time: number } | null>(null);
  const playing = useRef<{ terminal: string; player: ReplayPlayer } | null>(null);

  useEffect(() => {
    if (!stage.current || !recording) return undefined;
    const { terminal } = recording;
    // Without a place to be at: at the first event, which in a later run comes late.
    const time = at.current?.terminal === terminal ? at.current.time : (recording.times[0] ?? 0);
    const made = new ReplayPlayer(recording, stage.current, skipsIdle, time);
    at.current = { terminal, time };
    playing.current = { terminal, player: made };
    setPlayer(made);
    let before = Infinity;
    let looked = performance.now();
    const look = window.setInterval(() => {
      const place = made.progressBar();
      setBar((old) => (old?.left === place?.left && old?.width === place?.width ? old : place));
      if (made.time === null) return;
      const end = stop.current;
      const now = performance.now();
      // A busy machine looks late.
      const passed = (now - looked) / 1000;
      if (end !== null && made.pace.hasPlayedOver(end, before, made.time, passed)) made.pause();
      before = made.time;
      looked = now;
      setTime(made.time);
      if (at.current?.terminal === terminal) at.current.time = made.time;
    }, LOOK_MS);
    return () => {
      playing.current = null;
      window.clearInterval(look);
      made.dispose();
    };
  }, [stage, recording, skipsIdle]);

  /** Go to a recording's moment: at once where that one is played, otherwise once it is. */
  const seek = (terminal: string, time: number) => {
    // Until it plays the player covers its screen; whoever jumps wants to see it.
    stage.current?.classList.add("sought");
    at.current = { terminal, time };
    if (playing.current?.terminal === terminal) playing.current.player.seek(time);
  };
  return { player, time, bar, seek };
}
