/**
 * Keys that follow refused ones at once belong to the same line: the rest of a line whose beginning
 * was not sent may be another command. So they are refused too, until there is a pause. Pure.
 */

export const PAUSE_MS = 1_000;

export class Burst {
  private until = -Infinity;

  /** Keys at `now` (milliseconds) were refused. */
  refused(now: number): void {
    this.until = now + PAUSE_MS;
  }

  /** Whether keys at `now` go on what was refused; they are refused then. */
  continues(now: number): boolean {
    const goesOn = now < this.until;
    if (goesOn) this.refused(now);
    return goesOn;
  }
}
