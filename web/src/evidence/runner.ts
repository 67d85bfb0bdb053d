/**
 * The verifier on its own: reads cases from standard input, one JSON object a line, and prints what
 * it makes of each, in order. So its answers can be compared with those of `jumpseat verify`.
 *
 * `{session, receipts: base64, streams: {name: base64}, trusted: [fingerprint]}`, and where streams
 * are there encrypted, `ciphertexts: {name: base64}`.
 */

import { createInterface } from "node:readline";
import { list, map, object, optional, parse, text } from "../shape";
import { fromBase64 } from "./keys";
import type { Files } from "./verify";
import { verify } from "./verify";

const caseShape = object({
  session: text,
  receipts: text,
  streams: map(text),
  ciphertexts: optional(map(text)),
  trusted: list(text),
});

const decoded = (files: ReadonlyMap<string, string>): Files =>
  new Map(Array.from(files, ([name, data]) => [name, fromBase64(data)]));

for await (const line of createInterface({ input: process.stdin })) {
  const { session, receipts, streams, ciphertexts, trusted } = caseShape(parse(line));
  const found = await verify(
    session,
    fromBase64(receipts),
    decoded(streams),
    new Set(trusted),
    decoded(ciphertexts ?? new Map<string, string>()),
  );
  process.stdout.write(`${JSON.stringify(found)}\n`);
}
