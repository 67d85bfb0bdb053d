/** What became of the customer's acts: the log tells, or the host declines, or nothing comes. Pure. */

import type { Grant } from "../grant";
import type { Proposal } from "../proposals";
import type { Wish } from "./act";
import type { Note } from "./notes";
import { isNoted } from "./notes";

/** How long an answer may take before the page says that there is none, in milliseconds. */
export const ANSWER_WITHIN = 5_000;

export const NO_ANSWER =
  "No answer from the host. What you pressed may not have reached it; at its terminal it works.";

/** `busy`: nobody has answered yet; otherwise `says` tells what came of it. */
export interface Asked {
  readonly wish: Wish;
  /** Milliseconds of the clock that `expire` is told. */
  readonly since: number;
  readonly isBusy: boolean;
  readonly says: string;
}

/** What the log has told, as far as acts change it. */
export interface Settled {
  readonly grant: Grant | null;
  readonly proposals: readonly Proposal[];
  readonly notes: readonly Note[];
  readonly isEnded: boolean;
}

/** Acts under way and those that came to nothing, by what they are about. */
export class Acts {
  all: ReadonlyMap<string, Asked> = new Map();

  begin(wish: Wish, now: number): void {
    this.put({ wish, since: now, isBusy: true, says: "" });
  }

  /** An act went nowhere, for a reason that is known at once. */
  fail(wish: Wish, says: string): void {
    this.put({ wish, since: 0, isBusy: false, says });
  }

  /** The host declined something. It doesn't say what: whatever is under way may be meant. */
  decline(why: string): void {
    const says = `Not done: ${why.replace(/[.]$/, "")}.`;
    this.change((one) => (one.isBusy ? { ...one, isBusy: false, says } : one));
  }

  /** What has waited too long has no answer. */
  expire(now: number): void {
    this.change((one) =>
      one.isBusy && now - one.since >= ANSWER_WITHIN
        ? { ...one, isBusy: false, says: NO_ANSWER }
        : one,
    );
  }

  /** The log has told something: what it settles is over, whatever was said of it before. */
  settle(by: Settled): void {
    this.change((one) => (isSettled(one.wish, by) ? null : one));
  }

  private put(one: Asked): void {
    this.all = new Map(this.all).set(about(one.wish), one);
  }

  private change(how: (one: Asked) => Asked | null): void {
    const changed = [...this.all].flatMap(([key, one]) => {
      const after = how(one);
      return after === null ? [] : [[key, after] as const];
    });
    const isSame =
      changed.length === this.all.size && changed.every(([key, one]) => this.all.get(key) === one);
    if (!isSame) this.all = new Map(changed);
  }
}

/** What an act is about: letting run and refusing are about the same proposal. */
export function about(wish: Wish): string {
  return "proposal" in wish ? `proposal ${wish.proposal}` : wish.do;
}

function isSettled(wish: Wish, { grant, proposals, notes, isEnded }: Settled): boolean {
  if (isEnded) return true;
  switch (wish.do) {
    case "approve":
    case "refuse": {
      const last = proposals.findLast(({ id }) => id === wish.proposal);
      return last !== undefined && last.state !== "waiting";
    }
    case "note":
      return isNoted(wish, notes);
    case "take_back":
      return grant !== null && grant.standing !== "live";
    case "revoke":
      return grant?.standing === "revoked";
    case "end":
      return false;
  }
}
