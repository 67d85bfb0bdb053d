/** Why a host was not there, in words (broker/recording/causes.py has the codes). Pure. */

import { clock, duration } from "./clock";
import { visible } from "./visible";

const WORDS: Readonly<Record<string, string>> = {
  reconnected: "disconnected by the customer",
  rebooted: "the host was rebooted",
  "recorder-stopped": "the recorder was stopped",
  asleep: "the host slept",
  frozen: "the recorder stood still",
  "uplink-stopped": "the uplink was stopped",
  "broker-restarted": "the broker was restarted",
  "network lost": "the network was lost",
  "disk-full": "the host's disk was full",
};

/** What the code says; one of a newer host, as it is. */
export function causeWords(code: string): string {
  return WORDS[code] ?? visible(code.replaceAll("-", " "));
}

/** These happen at once: what lasted is that the link was gone. */
const MOMENTARY: ReadonlySet<string> = new Set(["rebooted", "broker-restarted"]);

/** A stretch in which the host was not there; Unix seconds. */
export interface Absence {
  readonly cause: string;
  readonly since: number;
  readonly until: number;
}

/** `the host slept from 12:04 to 13:10`; a short one: `the host slept for 40 s at 12:04`. */
export function absenceWords({ cause, since, until }: Absence, now: number): string {
  const says = MOMENTARY.has(cause) ? `${causeWords(cause)}: link lost` : causeWords(cause);
  const from = clock(since, now);
  if (until - since < 120) return `${says} for ${duration(until - since)} at ${from}`;
  return `${says} from ${from} to ${clock(until, now)}`;
}
