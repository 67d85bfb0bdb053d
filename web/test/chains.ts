/** A broker's keys and its chains of receipts, as tests need them. */

import { createHash, createPrivateKey, createPublicKey, sign } from "node:crypto";

export const SESSION = "s1";
const PKCS8_ED25519 = Buffer.from("302e020100300506032b657004220420", "hex");

const hash = (data: string | Uint8Array) => createHash("sha256").update(data);

/** A signing key, the same for the same seed. */
export class Key {
  private readonly key;
  readonly public: string;
  readonly fingerprint: string;

  constructor(seed: number) {
    const der = Buffer.concat([PKCS8_ED25519, Buffer.alloc(32, seed)]);
    this.key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    const raw = createPublicKey(this.key).export({ format: "der", type: "spki" }).subarray(-32);
    this.public = raw.toString("base64url");
    this.fingerprint = `SHA256:${hash(raw).digest("base64").replace(/=+$/, "")}`;
  }

  sign(message: string): string {
    return sign(null, Buffer.from(message), this.key).toString("base64url");
  }

  certify(next: Key, since = 1): object {
    const message = `jumpseat key 1\n${next.public}\n${since}`;
    return { public: next.public, since, signature: this.sign(message) };
  }
}

export const [ONE, TWO, THREE] = [new Key(1), new Key(2), new Key(3)];

export type Fields = Readonly<Record<string, unknown>>;

/** Writes receipts, right or wrong, a second apart. */
export class Signer {
  file = "";
  key = ONE;
  private n = 0;
  private previous = "";
  private time = 1_700_000_000_000;
  private readonly ends: Record<string, number> = {};

  /** `fields` may give anything another value than it should have. */
  says(kind: string, fields: Fields = {}): this {
    const [n, time] = [++this.n, (this.time += 1000)];
    const { previous, key } = this;
    const body = { n, previous, session: SESSION, key: key.fingerprint, time, kind, ...fields };
    return this.line(JSON.stringify(sorted(body)));
  }

  line(body: string): this {
    const line = `${this.key.sign(`jumpseat receipt 1\n${body}`)} ${body}\n`;
    this.previous = hash(line).digest("hex");
    this.file += line;
    return this;
  }

  begins = () => this.says("began", { public: this.key.public });
  links = () => this.says("linked", { run: 1, t: 0 });

  holds(stream: string, data: string): this {
    this.ends[stream] = Buffer.byteLength(data);
    const sha256 = hash(data).digest("hex");
    return this.says("receipt", { stream, offset: this.ends[stream], sha256 });
  }

  completes(streams: Fields = this.ends): this {
    return this.says("complete", { streams });
  }

  rotates(to: Key, certificates: readonly object[] = [this.key.certify(to)]): this {
    this.key = to;
    return this.says("key", { public: to.public, certificates });
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields.map(([key, one]) => [key, sorted(one)]));
}
