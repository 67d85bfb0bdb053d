/** What the console's pages have in common: the bar at the top, times, evidence, problems. */

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Session } from "../api";
import { ApiError, me, signOut } from "../api";
import { clock, utc } from "../clock";
import type { Presence } from "../presence";
import { tone, words } from "../presence";

interface TopBarProps {
  readonly children?: ComponentChildren;
  /** What stands beside the engineer's name. */
  readonly aside?: ComponentChildren;
}

export function TopBar({ children, aside }: TopBarProps) {
  const [name, setName] = useState("");
  useEffect(() => {
    // A page that needs the name to work asks for itself and tells what went wrong.
    me().then(
      (who) => setName(who.name),
      () => undefined,
    );
  }, []);
  const leave = () => {
    signOut().then(
      () => window.location.assign("/sign-in"),
      () => window.location.assign("/sign-in"),
    );
  };
  return (
    <header class="top-bar">
      <a class="brand" href="/">
        <img src="/assets/sign-in-icon.svg" alt="" width="22" height="22" />
        Jumpseat
      </a>
      <div class="top-bar-middle">{children}</div>
      {name !== "" && (
        <div class="who">
          <a class="top-link" href="/search">
            Search
          </a>
          {aside}
          <span>{name}</span>
          <button type="button" class="plain" onClick={leave}>
            Sign out
          </button>
        </div>
      )}
    </header>
  );
}

/** The time now, in Unix seconds, anew each second. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now() / 1000);
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now() / 1000), 1000);
    return () => window.clearInterval(timer);
  }, []);
  return now;
}

/** An instant, as the clock here shows it; UTC on hovering. */
export function When({ at, now }: { at: number; now: number }) {
  return (
    <time dateTime={new Date(at * 1000).toISOString()} title={utc(at)}>
      {clock(at, now)}
    </time>
  );
}

export function PresenceLine({ presence, now }: { presence: Presence; now: number }) {
  return (
    <span class={`presence ${tone(presence)}`} data-presence={presence.state}>
      {words(presence, now)}
    </span>
  );
}

type Recorder = Pick<Session, "protected" | "recorder" | "shell">;

/** How strong the recording is as evidence. No page may hide that it is weaker. */
export function Evidence({ of: { protected: isProtected, recorder, shell } }: { of: Recorder }) {
  if (isProtected === null)
    return (
      <span class="evidence" data-evidence="unknown">
        recorder not heard from yet
      </span>
    );
  const who = `The recorder runs as ${recorder?.user ?? "?"}, the shell as ${shell?.user ?? "?"}`;
  if (isProtected)
    return (
      <span
        class="evidence protected"
        data-evidence="protected"
        title={`${who}, who can't change what is recorded.`}
      >
        protected
      </span>
    );
  return (
    <span
      class="evidence weaker"
      data-evidence="weaker"
      title={`${who}, who could change what is recorded.`}
    >
      recorded as the customer's own user: weaker evidence
    </span>
  );
}

/** What went wrong, in words; a way to sign in where that is the reason. */
export function Problem({ error }: { error: ApiError }) {
  return (
    <p class="problem" role="alert">
      {error.isSignedOut
        ? "You are not signed in, or no longer. Open a sign-in link from whoever runs the broker."
        : error.message}
    </p>
  );
}

/** Any failure as an ApiError, which is what pages show. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError(
    0,
    "failed",
    error instanceof Error ? error.message : "Something went wrong.",
  );
}
