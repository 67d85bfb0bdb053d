/**
 * When the customer, or the host, was not there, as the session log tells it
 * (broker/recording/absences.py). Pure; times are seconds since the session began.
 */

import type { Entry } from "./log";

/** `until` null: it goes on. */
export interface Span {
  readonly since: number;
  readonly until: number | null;
}

/** Nobody left: another terminal of the customer took the seat. */
const SEAT_TAKEN = "seat taken";

/** Reads a session's log, entry by entry, all runs in order. */
export class Absences {
  private readonly found: { since: number; until: number | null }[] = [];
  private readonly open = new Set<"away" | "disconnected" | "link-lost">();

  take(entry: Entry): void {
    switch (entry.event) {
      case "detached":
        if (entry.why !== SEAT_TAKEN) this.begin("away", entry.t);
        return;
      case "attached":
        this.end(["away"], entry.t);
        return;
      case "link_lost":
        this.begin("link-lost", entry.since);
        return;
      case "disconnected":
        this.end(["link-lost"], entry.t);
        this.begin("disconnected", entry.t);
        return;
      case "link_up":
        this.end(["link-lost", "disconnected"], entry.t);
        return;
      case "stood_still":
        this.add(entry);
        return;
      case "gap":
        if (entry.cause !== "recorder-stopped" && entry.cause !== "rebooted") return;
        this.add(entry);
        // The next run begins with an empty seat and no link.
        this.begin("away", entry.since);
        this.begin("link-lost", entry.since);
        return;
      case "ended":
        this.end(["away", "disconnected", "link-lost"], entry.t);
        return;
      default:
    }
  }

  /** Whether one was on then; asked when the whole log was taken: a loss is told late. */
  covers(t: number): boolean {
    return this.found.some(({ since, until }) => since <= t && (until === null || t <= until));
  }

  private begin(kind: "away" | "disconnected" | "link-lost", since: number): void {
    if (this.open.has(kind)) return;
    this.open.add(kind);
    this.add({ since, until: null });
  }

  private end(kinds: readonly ("away" | "disconnected" | "link-lost")[], t: number): void {
    const had = this.open.size;
    for (const kind of kinds) this.open.delete(kind);
    const last = this.found.at(-1);
    if (had > 0 && this.open.size === 0 && last) last.until = t;
  }

  private add({ since, until }: Span): void {
    let last = this.found.at(-1);
    if (!last || (last.until !== null && last.until < since)) {
      last = { since, until: null };
      this.found.push(last);
    }
    const before = last.until;
    last.since = Math.min(last.since, since);
    last.until = this.open.size > 0 ? null : Math.max(until ?? since, before ?? 0);
  }
}
