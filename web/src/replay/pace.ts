/**
 * Session time and player time. They are the same until somebody skips idle stretches: then the
 * player shortens each pause between two events, and everything marked beside it has to follow.
 * Pure; all times are seconds.
 */

interface Knee {
  readonly session: number;
  readonly player: number;
}

/** A player that is so much further than the time that has passed was sent there. */
const SENT_BEYOND = 1;

export class Pace {
  private readonly knees: Knee[] = [{ session: 0, player: 0 }];
  /** How long the player plays. */
  readonly duration: number;

  /** `times` are those of the recording's events, in order; pauses are cut to `idleLimit`. */
  constructor(times: readonly number[], idleLimit: number) {
    let before: Knee = { session: 0, player: 0 };
    for (const session of times) {
      const pause = session - before.session;
      const here = { session, player: before.player + Math.min(pause, idleLimit) };
      if (pause > idleLimit) this.knees.push(before, here);
      before = here;
    }
    this.duration = before.player;
  }

  toPlayer(session: number): number {
    const at = this.knees.findLastIndex((knee) => knee.session <= session);
    const [knee, next] = [this.knees[at], this.knees[at + 1]];
    if (!knee) return 0;
    const player = knee.player + session - knee.session;
    return Math.min(player, next?.player ?? Infinity, this.duration);
  }

  /** Whether `end` was played over, and not sent beyond, between two looks `passed` seconds apart. */
  hasPlayedOver(end: number, before: number, after: number, passed: number): boolean {
    if (before >= end || after < end) return false;
    return this.toPlayer(after) - this.toPlayer(before) < passed + SENT_BEYOND;
  }

  toSession(player: number): number {
    const knee = this.knees.findLast((one) => one.player <= player);
    return knee ? knee.session + player - knee.player : player;
  }
}
