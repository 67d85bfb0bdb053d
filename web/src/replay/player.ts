/** The asciinema player on our page: made anew for each recording and setting. */

import { create } from "asciinema-player";
import type { Player as AsciinemaPlayer } from "asciinema-player";
import "asciinema-player/dist/bundle/asciinema-player.css";
import { Pace } from "./pace";
import type { Recording } from "./recording";

/** Pauses are cut to this when somebody skips idle stretches. */
const IDLE_SECONDS = 2;

export interface Place {
  readonly left: number;
  readonly width: number;
}

/** Times are seconds since the session began, whatever the player's own are. */
export class ReplayPlayer {
  readonly pace: Pace;
  private readonly player: AsciinemaPlayer;
  private seeking = 0;

  constructor(
    recording: Recording,
    private readonly element: HTMLElement,
    skipsIdle: boolean,
    startAt: number,
  ) {
    const idleTimeLimit = skipsIdle ? IDLE_SECONDS : Infinity;
    this.pace = new Pace(recording.times, idleTimeLimit);
    this.player = create({ data: recording.text }, element, {
      controls: true,
      fit: "both",
      idleTimeLimit,
      preload: true,
      terminalFontFamily: 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
      theme: "jumpseat",
    });
    // Not by the player's startAt, which is off inside a pause that is skipped.
    this.seek(startAt);
  }

  /** Null until the player has loaded and is where it was sent. */
  get time(): number | null {
    return this.seeking > 0 ? null : this.pace.toSession(this.player.getCurrentTime());
  }

  seek(time: number): void {
    this.seeking += 1;
    const done = () => (this.seeking -= 1);
    this.player.seek(this.pace.toPlayer(time)).then(done, done);
  }

  pause(): void {
    void this.player.pause();
  }

  /** Where the player's own progress bar is, in pixels from the left of its element. */
  progressBar(): Place | null {
    const bar = this.element.querySelector(".ap-progressbar .ap-bar")?.getBoundingClientRect();
    if (!bar || bar.width === 0) return null;
    return { left: bar.left - this.element.getBoundingClientRect().left, width: bar.width };
  }

  dispose(): void {
    this.player.dispose();
  }
}
