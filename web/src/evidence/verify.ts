/**
 * Verifies a session's streams against its receipts, by docs/evidence.md alone: it shares no code
 * with `jumpseat verify`, so that each checks the other.
 */

import { Chain } from "./chain";
import { Sha256 } from "./sha256";
import { parseStream } from "./statements";

export type Verdict = "VERIFIED" | "UNANCHORED" | "REJECTED";

export interface Finding {
  readonly verdict: Verdict;
  readonly code: string;
  /** A sentence for people. */
  readonly says: string;
  /** The place, where it is in a stream: its name (empty: in none), and a byte in it. */
  readonly stream: string;
  readonly offset: number;
  /** The line of the receipts that says otherwise, from 1; 0: none does. */
  readonly line: number;
}

export interface Verification {
  readonly verdict: Verdict;
  /** What contradicts first; each by stream, then what is of the session as a whole. */
  readonly findings: readonly Finding[];
  /** Fingerprints of the keys that signed, in order. */
  readonly keys: readonly string[];
  /** Whether the user knows one of them. It signed for all lines before its own, and vouched on. */
  readonly trusted: boolean;
  /** How many lines of receipts are right. */
  readonly receipts: number;
  /** The time of the last of them, Unix milliseconds; null: there is none. */
  readonly until: number | null;
  /** Whether the session is complete, by the receipts. */
  readonly complete: boolean;
}

export type Files = ReadonlyMap<string, Uint8Array>;

/**
 * Verify what is held of a session.
 *
 * `streams` are all that are here, `ciphertexts` those that are here encrypted, `trusted` the
 * fingerprints that the user knows to be the broker's. Throws CannotCheck.
 */
export async function verify(
  session: string,
  receipts: Uint8Array,
  streams: Files,
  trusted: ReadonlySet<string>,
  ciphertexts: Files = new Map(),
): Promise<Verification> {
  const chain = new Chain(session);
  const broken = await chain.read(receipts);
  const isTrusted = chain.keys.some((key) => trusted.has(key));
  const found: Finding[] = [];
  if (broken !== null) found.push(finding("REJECTED", broken.code, broken.says, broken));
  else {
    const names = [...streams.keys(), ...ciphertexts.keys(), ...chain.receipts.keys()];
    for (const name of inOrder(names)) {
      const [plain, encrypted] = [streams.get(name), ciphertexts.get(name)];
      if (plain) found.push(...ofStream(chain, name, plain));
      else if (encrypted) found.push(ofCiphertext(chain, name, encrypted));
      else found.push(...ofMissing(chain, name));
    }
    found.push(...ofSession(chain, isTrusted));
  }
  const findings = [
    ...found.filter((one) => one.verdict === "REJECTED"),
    ...found.filter((one) => one.verdict !== "REJECTED"),
  ];
  return {
    verdict: findings[0]?.verdict ?? "VERIFIED",
    findings,
    keys: chain.keys,
    trusted: isTrusted,
    receipts: chain.lines,
    until: chain.until,
    complete: chain.complete !== null,
  };
}

function finding(
  verdict: Verdict,
  code: string,
  says: string,
  { stream = "", offset = 0, line = 0 }: { stream?: string; offset?: number; line?: number } = {},
): Finding {
  return { verdict, code, says, stream, offset, line };
}

/** Each name once, by run and terminal, the log first. */
function inOrder(names: readonly string[]): string[] {
  const parsed = [...new Set(names)].map((name) => ({ name, ...parseStream(name) }));
  parsed.sort((a, b) => a.run - b.run || a.terminal - b.terminal);
  return parsed.map(({ name }) => name);
}

function ofStream(chain: Chain, stream: string, data: Uint8Array): Finding[] {
  const size = data.length;
  const receipts = chain.receipts.get(stream) ?? [];
  const end = chain.end(stream);
  const line = receipts.at(-1)?.n ?? 0;
  if (parseStream(stream).terminal === 0 && namesAnother(data, chain.session)) {
    const says = `${stream} does not say that it is of this session.`;
    return [finding("REJECTED", "session", says, { stream })];
  }
  if (size < end) {
    const says = `Of ${stream} the broker held ${end} bytes, and ${size} are here.`;
    return [finding("REJECTED", "stream-short", says, { stream, offset: size, line })];
  }
  const hash = new Sha256();
  let hashed = 0;
  for (const { offset, sha256, n } of receipts) {
    hash.update(data.subarray(hashed, offset));
    hashed = offset;
    if (hash.hex() !== sha256) {
      const says = `${stream} is not what the broker held.`;
      return [finding("REJECTED", "digest", says, { stream, offset, line: n })];
    }
  }
  const whole = chain.complete === null ? Infinity : (chain.complete.get(stream) ?? 0);
  if (size > whole) {
    const says = `${stream} is longer than it was when the session was complete.`;
    return [finding("REJECTED", "complete", says, { stream, offset: whole })];
  }
  if (size === end) return [];
  const says = `No receipt speaks for ${stream} from byte ${end} on.`;
  return [finding("UNANCHORED", "beyond-receipts", says, { stream, offset: end })];
}

/** Whether a log's first line is whole and doesn't name this session. */
function namesAnother(log: Uint8Array, session: string): boolean {
  const newline = log.indexOf(0x0a);
  if (newline === -1) return false;
  try {
    const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    const first: unknown = JSON.parse(utf8.decode(log.subarray(0, newline)));
    return (first as { session?: unknown } | null)?.session !== session;
  } catch {
    return true;
  }
}

function ofCiphertext(chain: Chain, stream: string, data: Uint8Array): Finding {
  const sealed = chain.sealed.get(stream);
  const digest = new Sha256().update(data).hex();
  if (sealed?.size !== data.length || sealed.sha256 !== digest) {
    const says = `${stream} is encrypted, and not as the broker encrypted it.`;
    return finding("REJECTED", "sealed-digest", says, { stream, line: sealed?.n ?? 0 });
  }
  const to = sealed.recipients.join(", ");
  const says = `${stream} is encrypted to ${to}: what is in it was not looked at.`;
  return finding("UNANCHORED", "sealed", says, { stream });
}

function ofMissing(chain: Chain, stream: string): Finding[] {
  if (chain.deleted !== null) return [];
  const line = chain.receipts.get(stream)?.at(-1)?.n ?? 0;
  return [finding("REJECTED", "stream-missing", `${stream} is not here.`, { stream, line })];
}

/** What keeps the session as a whole from being verified. */
function ofSession(chain: Chain, isTrusted: boolean): Finding[] {
  if (chain.lines === 0) {
    const says = "There are no receipts: no broker says that it held any of this.";
    return [finding("UNANCHORED", "no-receipts", says)];
  }
  const found: Finding[] = [];
  if (chain.deleted !== null) {
    const { by, why, n } = chain.deleted;
    const says = `The broker's copy was deleted by ${by}: ${why}`;
    found.push(finding("UNANCHORED", "deleted", says, { line: n }));
  } else if (chain.complete === null) {
    const says =
      "Nobody has said that the session is complete: it may go on, its end may not have reached " +
      "the broker, or receipts may be missing at the end.";
    found.push(finding("UNANCHORED", "not-complete", says));
  }
  if (!isTrusted) {
    const says =
      `The receipts are signed by ${chain.keys.at(-1) ?? ""}. ` +
      "Nobody has said here that this is the broker's key.";
    found.push(finding("UNANCHORED", "untrusted-key", says));
  }
  return found;
}
