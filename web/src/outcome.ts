/** How a command ended, in words. Pure. */

import { took } from "./clock";

/** `running`, `ended`, `stopped` (by Ctrl-Z), `lost` (its terminal went first), `inferred`. */
export interface Ended {
  readonly over: string;
  /** As `$?` has it: 128+n for signal n; null where the shell can't say. */
  readonly status: number | null;
}

export interface Outcome {
  readonly text: string;
  readonly tone: "ok" | "failed" | "running" | "attention" | "quiet";
}

/** Those that have the same number on every Linux; others differ from machine to machine. */
const SIGNALS: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  5: "SIGTRAP",
  6: "SIGABRT",
  8: "SIGFPE",
  9: "SIGKILL",
  11: "SIGSEGV",
  13: "SIGPIPE",
  14: "SIGALRM",
  15: "SIGTERM",
};

/** `exit 1`, `SIGINT (130)`, `stopped`, `running 12 s`, `lost`. `seconds`: how long it runs. */
export function outcome({ over, status }: Ended, seconds: number): Outcome {
  switch (over) {
    case "running":
      return { text: `running ${took(seconds)}`, tone: "running" };
    case "stopped":
      return { text: "stopped", tone: "attention" };
    case "lost":
      return { text: "lost", tone: "attention" };
    case "inferred":
      return { text: "", tone: "quiet" };
    default:
      if (status === null) return { text: "ended", tone: "quiet" };
      return { text: statusWords(status), tone: status === 0 ? "ok" : "failed" };
  }
}

/** `exit 0`, `SIGKILL (137)`. */
export function statusWords(status: number): string {
  const signal = SIGNALS[status - 128];
  return signal === undefined ? `exit ${status}` : `${signal} (${status})`;
}

export function hasFailed({ over, status }: Ended): boolean {
  return over === "ended" && status !== null && status !== 0;
}
