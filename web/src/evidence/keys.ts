/** The broker's keys: Ed25519 by WebCrypto, their fingerprints, and bytes as text. */

import { sha256 } from "./sha256";

/** Bytes in base64url without padding; null where the text isn't the one encoding of any. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return null;
  const bytes = fromBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
  return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_") === text ? bytes : null;
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length); // whole recordings come this way
  for (let at = 0; at < bytes.length; at++) bytes[at] = characters.charCodeAt(at);
  return bytes;
}

/** Without padding. */
function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replace(/=+$/, "");
}

/** `SHA256:` and so on, as people are shown a key. */
export function fingerprint(key: Uint8Array): string {
  return `SHA256:${toBase64(sha256(key))}`;
}

/** This browser can't check Ed25519 signatures, or not on this page. */
export class CannotCheck extends Error {
  constructor() {
    super("This browser can't check Ed25519 signatures here.");
    this.name = "CannotCheck";
  }
}

/** Whether it is the key's signature of the message. Throws CannotCheck. */
export async function isSigned(
  key: Uint8Array<ArrayBuffer>,
  message: string,
  signature: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  if (!(await canCheck())) throw new CannotCheck();
  if (isOfSmallOrder(key)) return false;
  try {
    const imported = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify(
      "Ed25519",
      imported,
      signature,
      new TextEncoder().encode(message),
    );
  } catch {
    // Not a point of the curve: no key that could have signed anything.
    return false;
  }
}

/** The y of the points of order 1, 2, 4 and 8, little-endian; of two, in another encoding too. */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]);

/** Such a key signs anything with the same bytes. Some implementations of WebCrypto take them. */
function isOfSmallOrder(key: Uint8Array): boolean {
  const y = Uint8Array.from(key);
  y[31] = (y[31] ?? 0) & 0x7f;
  return SMALL_ORDER.has(Array.from(y, (byte) => byte.toString(16).padStart(2, "0")).join(""));
}

let able: Promise<boolean> | null = null;

/** `crypto.subtle` is not there on plain http, and Ed25519 not in old browsers. */
function canCheck(): Promise<boolean> {
  able ??= (async () => {
    try {
      await crypto.subtle.importKey("raw", TEST_KEY, "Ed25519", false, ["verify"]);
      return true;
    } catch {
      return false;
    }
  })();
  return able;
}

/** A key that every implementation takes: that of the first test vector of RFC 8032. */
const TEST_KEY = Uint8Array.from(
  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a".match(/../g) ?? [],
  (byte) => parseInt(byte, 16),
);
