/**
 * What the address of a replay asks for: a stretch, `#since=T&until=T&terminal=NAME`, a moment,
 * `#at=T&terminal=NAME`, or two fingerprints to compare, `#drift` or `#drift=N-M`. Pure.
 */

export interface Stretch {
  /** Seconds since the session began. */
  readonly since: number;
  /** Null: to the end of what is held. */
  readonly until: number | null;
  /** The recording to show; null: whichever was open. */
  readonly terminal: string | null;
}

export function stretchHash({ since, until, terminal }: Stretch): string {
  const fields = new URLSearchParams({ since: String(since) });
  if (until !== null) fields.set("until", String(until));
  if (terminal !== null) fields.set("terminal", terminal);
  return `#${fields.toString()}`;
}

/** The stretch that a fragment names, or null where it names none. */
export function readStretch(hash: string): Stretch | null {
  const fields = new URLSearchParams(hash.replace(/^#/, ""));
  const [since, until] = [time(fields, "since"), time(fields, "until")];
  if (since === null) return null;
  return {
    since,
    until: until !== null && until > since ? until : null,
    terminal: fields.get("terminal"),
  };
}

export interface Moment {
  /** Seconds since the session began; a replay begins a little before it. */
  readonly at: number;
  /** The recording to show; null: whichever was open. */
  readonly terminal: string | null;
}

export function momentHash({ at, terminal }: Moment): string {
  const fields = new URLSearchParams({ at: String(at) });
  if (terminal !== null) fields.set("terminal", terminal);
  return `#${fields.toString()}`;
}

/** The moment that a fragment names, or null where it names none. */
export function readMoment(hash: string): Moment | null {
  const fields = new URLSearchParams(hash.replace(/^#/, ""));
  const at = time(fields, "at");
  return at === null ? null : { at, terminal: fields.get("terminal") };
}

function time(fields: URLSearchParams, name: string): number | null {
  const found = fields.get(name);
  const t = found === null || found === "" ? NaN : Number(found);
  return Number.isFinite(t) ? t : null;
}

/** Where a session is replayed; null: on this page. */
export function replayUrl(session: string | null): string {
  return session === null ? "" : `/sessions/${encodeURIComponent(session)}/replay`;
}

/** Two fingerprints by number; neither: the first and the last. */
export interface Compared {
  readonly between?: { readonly from: number; readonly to: number };
}

/** `read`: two numbers, or null for the first and the last fingerprint. */
export function driftHash(read: readonly number[] | null): string {
  return read === null ? "#drift" : `#drift=${read.join("-")}`;
}

/** Which fingerprints a fragment has compared; null: none. */
export function readDrift(hash: string): Compared | null {
  const found = /^#drift(?:=(\d+)-(\d+))?$/.exec(hash);
  if (found === null) return null;
  const [, from, to] = found;
  return from === undefined || to === undefined
    ? {}
    : { between: { from: Number(from), to: Number(to) } };
}
