/** The receipts of a session, read as a chain: up to the first line that is wrong. */

import type { Line, Of, Statement } from "./statements";
import { readLine } from "./statements";
import { fingerprint, fromBase64Url, isSigned } from "./keys";
import { Sha256 } from "./sha256";

/** Why a line is wrong. */
export interface Broken {
  readonly code: string;
  readonly says: string;
  /** Its number; the first is 1. */
  readonly line: number;
}

export class Chain {
  /** How many lines are right. */
  lines = 0;
  /** Time of the last of them, Unix milliseconds; null: there is none. */
  until: number | null = null;
  /** Fingerprints of the keys that signed, in order. */
  readonly keys: string[] = [];
  readonly receipts = new Map<string, Of<"receipt">[]>();
  readonly sealed = new Map<string, Of<"sealed">>();
  /** The streams of the whole session and their sizes; null: nobody said so. */
  complete: ReadonlyMap<string, number> | null = null;
  /** The tombstone, where there is one. */
  deleted: Of<"deleted"> | null = null;
  private previous = "";
  private key: Uint8Array<ArrayBuffer> = new Uint8Array();
  /** The last line of each key. */
  private readonly last: { key: Uint8Array<ArrayBuffer>; line: Line; number: number }[] = [];

  constructor(readonly session: string) {}

  /** Read a whole file; what is wrong with it, or null. Throws CannotCheck. */
  async read(file: Uint8Array): Promise<Broken | null> {
    for (let at = 0; at < file.length; ) {
      const newline = file.indexOf(0x0a, at);
      const end = newline === -1 ? file.length : newline + 1;
      const broken = await this.take(file.subarray(at, end));
      if (broken !== null) return { ...broken, line: this.lines + 1 };
      at = end;
    }
    for (const { key, line, number } of this.last) {
      if (!(await isSigned(key, `jumpseat receipt 1\n${line.body}`, line.signature)))
        return { code: "signature", says: "The signature is not the key's.", line: number };
    }
    return null;
  }

  private async take(bytes: Uint8Array): Promise<Omit<Broken, "line"> | null> {
    const line = readLine(bytes);
    if (line === null) return wrong("malformed", "The line is not one of a receipts file.");
    const { statement } = line;
    const broken =
      this.place(statement) ?? (await this.signer(statement)) ?? this.content(statement);
    if (broken !== null) return broken;
    this.lines += 1;
    this.until = statement.time;
    this.previous = new Sha256().update(bytes).hex();
    this.last[this.keys.length - 1] = { key: this.key, line, number: this.lines };
    return null;
  }

  private place({ n, previous, session, time, kind }: Statement) {
    if (n !== this.lines + 1 || previous !== this.previous)
      return wrong("chain", "The line doesn't follow from the one before it.");
    if (session !== this.session)
      return wrong("session", "The line is of another session.");
    if (time < (this.until ?? 0))
      return wrong("time", "The line's time is before that of the line before it.");
    const mayStand =
      this.deleted === null &&
      (kind === "began") === (this.lines === 0) &&
      (this.complete === null ? kind !== "sealed" : AFTER_COMPLETE.has(kind));
    return mayStand ? null : wrong("order", `A line of kind "${kind}" may not stand here.`);
  }

  /** Checks the key, and takes a new one over. */
  private async signer(statement: Statement) {
    const { key, kind } = statement;
    if (kind !== "began" && kind !== "key")
      return key === this.keys.at(-1) ? null : wrong("key", "The line names another key.");
    const next = fromBase64Url(statement.public) ?? new Uint8Array();
    if (key !== fingerprint(next)) return wrong("key", "The line names a key and brings another.");
    if (this.keys.includes(key)) return wrong("key", "The key has signed before.");
    if (kind === "key" && !(await this.isCertified(statement)))
      return wrong("key", "The new key is not certified by the one before it.");
    this.key = next;
    this.keys.push(key);
    return null;
  }

  private async isCertified({ public: to, certificates }: Of<"key">) {
    let signer = this.key;
    for (const { public: next, since, signature } of certificates) {
      const signed = fromBase64Url(signature) ?? new Uint8Array();
      if (!(await isSigned(signer, `jumpseat key 1\n${next}\n${since}`, signed))) return false;
      signer = fromBase64Url(next) ?? new Uint8Array();
    }
    return certificates.at(-1)?.public === to;
  }

  private content(statement: Statement) {
    switch (statement.kind) {
      case "receipt": {
        const { stream, offset } = statement;
        const before = this.receipts.get(stream) ?? [];
        if (offset <= (before.at(-1)?.offset ?? 0))
          return wrong("offset", `An earlier receipt for ${stream} went as far.`);
        before.push(statement);
        this.receipts.set(stream, before);
        return null;
      }
      case "complete": {
        const streams = new Map(Object.entries(statement.streams));
        const agrees =
          [...this.receipts.keys()].every((name) => streams.has(name)) &&
          [...streams].every(([name, size]) => size === this.end(name));
        if (!agrees)
          return wrong("complete", "The session's streams are not those of the receipts.");
        this.complete = streams;
        return null;
      }
      case "sealed":
        this.sealed.set(statement.stream, statement);
        return null;
      case "deleted":
        this.deleted = statement;
        return null;
      default:
        return null;
    }
  }

  /** Up to where the receipts cover a stream, in bytes. */
  end(stream: string): number {
    return this.receipts.get(stream)?.at(-1)?.offset ?? 0;
  }
}

const AFTER_COMPLETE: ReadonlySet<string> = new Set(["sealed", "key", "deleted"]);

function wrong(code: string, says: string): Omit<Broken, "line"> {
  return { code, says };
}
