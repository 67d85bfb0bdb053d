/**
 * The key in a page's link, and what is derived from it: the token that opens the page, and the key
 * that signs the customer's acts. The broker sees the first and never the second. Needs nothing of
 * a browser but WebCrypto.
 */

const KEY_CHARACTERS = 43;

/** The link is not whole; the message is for people. */
export class BadLink extends Error {}

/** Read the key, 32 bytes, from a link's fragment. Throws BadLink. */
export function readKey(fragment: string): Uint8Array<ArrayBuffer> {
  const key = fragment.replace(/^#/, "");
  if (key === "") throw new BadLink("The link's end, from # on, is missing.");
  if (key.length !== KEY_CHARACTERS)
    throw new BadLink(
      `The link's end, after the #, has ${key.length} characters in place of ${KEY_CHARACTERS}.`,
    );
  if (!/^[A-Za-z0-9_-]+$/.test(key))
    throw new BadLink("The link's end, after the #, has characters that no link has.");
  const decoded = atob(key.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(decoded, (one) => one.charCodeAt(0));
}

export interface Derived {
  /** Opens the page. Lower-case hex. */
  readonly viewToken: string;
  /** Signs acts; can't be read out again. */
  readonly actKey: CryptoKey;
}

export async function derive(key: Uint8Array<ArrayBuffer>): Promise<Derived> {
  const link = await signer(key);
  const view = await hmac(link, "jumpseat page view");
  return { viewToken: hex(view), actKey: await signer(await hmac(link, "jumpseat page act")) };
}

/** The HMAC-SHA256 of a text's UTF-8, in lower-case hex. */
export async function sign(key: CryptoKey, text: string): Promise<string> {
  return hex(await hmac(key, text));
}

/** The SHA-256 of a text's UTF-8, in lower-case hex. */
export async function digest(text: string): Promise<string> {
  return hex(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

function signer(key: BufferSource): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}

function hmac(key: CryptoKey, text: string): Promise<ArrayBuffer> {
  return crypto.subtle.sign("HMAC", key, new TextEncoder().encode(text));
}

function hex(bytes: ArrayBuffer): string {
  return Array.from(new Uint8Array(bytes), (one) => one.toString(16).padStart(2, "0")).join("");
}
