/** One line of the receipts: what it must look like, by docs/evidence.md. Pure. */

import { fromBase64Url } from "./keys";

/** A form that a value has or has not; no value is changed on the way. */
type Form = (value: unknown) => boolean;

const MOST_BYTES = 64 * 1024;
const MOST_CHARACTERS = 1000;

const whole: Form = (value) =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
const positive: Form = (value) => whole(value) && value !== 0;
/** Half a surrogate pair has no encoding in UTF-8. */
const text: Form = (value) =>
  typeof value === "string" &&
  Array.from(value).length <= MOST_CHARACTERS &&
  !/\p{Surrogate}/u.test(value);
const like =
  (pattern: RegExp): Form =>
  (value) =>
    typeof value === "string" && pattern.test(value);
const encoded =
  (size: number): Form =>
  (value) =>
    typeof value === "string" && fromBase64Url(value)?.length === size;
const list =
  (form: Form): Form =>
  (value) =>
    Array.isArray(value) && value.every(form);
const exactly =
  (fields: Readonly<Record<string, Form>>): Form =>
  (value) =>
    isObject(value) &&
    Object.keys(value).length === Object.keys(fields).length &&
    Object.entries(fields).every(([name, form]) => Object.hasOwn(value, name) && form(value[name]));

const STREAM = /^run-([1-9][0-9]{0,4})\.(?:log|terminal-([1-9][0-9]{0,2})\.cast)$/;
const stream = like(STREAM);
const digest = like(/^[0-9a-f]{64}$/);
const sizes: Form = (value) =>
  isObject(value) &&
  Object.entries(value).every(([name, size]) => stream(name) && whole(size));

const certificate = exactly({ public: encoded(32), since: whole, signature: encoded(64) });

const EVERY = {
  n: whole,
  previous: like(/^(?:[0-9a-f]{64})?$/),
  session: text,
  key: like(/^SHA256:[A-Za-z0-9+/]{43}$/),
  time: whole,
  kind: text,
};
const KINDS: Readonly<Record<Statement["kind"], Form>> = {
  began: exactly({ ...EVERY, public: encoded(32) }),
  linked: exactly({ ...EVERY, run: whole, t: whole }),
  receipt: exactly({ ...EVERY, stream, offset: positive, sha256: digest }),
  key: exactly({
    ...EVERY,
    public: encoded(32),
    certificates: (value) => list(certificate)(value) && (value as unknown[]).length > 0,
  }),
  complete: exactly({ ...EVERY, streams: sizes }),
  sealed: exactly({
    ...EVERY,
    stream,
    size: whole,
    sha256: digest,
    recipients: list(text),
  }),
  deleted: exactly({ ...EVERY, by: text, why: text }),
};

export interface Certificate {
  readonly public: string;
  readonly since: number;
  readonly signature: string;
}

/** What a line says, of each kind. */
export type Statement = {
  readonly n: number;
  readonly previous: string;
  readonly session: string;
  readonly key: string;
  readonly time: number;
} & (
  | { readonly kind: "began"; readonly public: string }
  | { readonly kind: "linked"; readonly run: number; readonly t: number }
  | {
      readonly kind: "receipt";
      readonly stream: string;
      readonly offset: number;
      readonly sha256: string;
    }
  | { readonly kind: "key"; readonly public: string; readonly certificates: Certificate[] }
  | { readonly kind: "complete"; readonly streams: Readonly<Record<string, number>> }
  | {
      readonly kind: "sealed";
      readonly stream: string;
      readonly size: number;
      readonly sha256: string;
      readonly recipients: string[];
    }
  | { readonly kind: "deleted"; readonly by: string; readonly why: string }
);

export type Of<K extends Statement["kind"]> = Extract<Statement, { readonly kind: K }>;

export interface Line {
  readonly statement: Statement;
  readonly body: string;
  readonly signature: Uint8Array<ArrayBuffer>;
}

/** Read one line, its end included; null where its form is wrong. */
export function readLine(bytes: Uint8Array): Line | null {
  if (bytes.length > MOST_BYTES || bytes.at(-1) !== 0x0a) return null;
  try {
    const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    const [, signed, body] = /^([^ ]{86}) (.*)\n$/s.exec(utf8.decode(bytes)) ?? [];
    if (signed === undefined || body === undefined) return null;
    const signature = fromBase64Url(signed);
    const value: unknown = JSON.parse(body);
    if (signature === null || !isObject(value)) return null;
    const kind = value["kind"];
    if (typeof kind !== "string" || !isKind(kind) || !KINDS[kind](value)) return null;
    if (encode(value) !== body) return null;
    // Its kind's form has just been checked, field by field.
    return { statement: value as unknown as Statement, body, signature };
  } catch {
    return null;
  }
}

/** Which run's stream it is, and of which terminal; 0: its log. Other names are zeros. */
export function parseStream(name: string): { readonly run: number; readonly terminal: number } {
  const [, run, terminal] = STREAM.exec(name) ?? [];
  return { run: Number(run ?? 0), terminal: Number(terminal ?? 0) };
}

function isKind(kind: string): kind is Statement["kind"] {
  return Object.hasOwn(KINDS, kind);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The one encoding. What it is given has come from JSON and holds no numbers but whole ones. */
function encode(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(encode).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const fields = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${encode(value[key])}`);
  return `{${fields.join(",")}}`;
}
