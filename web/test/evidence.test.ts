import { createHash, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { fingerprint, isSigned } from "../src/evidence/keys";
import { Sha256 } from "../src/evidence/sha256";
import { verify } from "../src/evidence/verify";
import { ONE, SESSION, Signer, THREE, TWO } from "./chains";

const [LOG, CAST] = ["run-1.log", "run-1.terminal-1.cast"] as const;
const STARTED = '{"t":0,"event":"started","session":"s1"}\n';
const ENDED = `${STARTED}{"t":9,"event":"ended"}\n`;
const STREAMS = { [LOG]: ENDED, [CAST]: "header\nhello\n" };
const TRUSTED = [ONE.fingerprint];

type Texts = Readonly<Record<string, string>>;

const bytes = (texts: Texts) =>
  new Map(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)]));

const honest = () =>
  new Signer().begins().links().holds(LOG, STARTED).holds(CAST, STREAMS[CAST]).holds(LOG, ENDED);

async function judged(
  { file }: { file: string },
  streams: Texts = STREAMS,
  trusted: readonly string[] = TRUSTED,
  ciphertexts: Texts = {},
) {
  const found = await verify(
    SESSION,
    Buffer.from(file),
    bytes(streams),
    new Set(trusted),
    bytes(ciphertexts),
  );
  const places = found.findings.map((one) => [one.code, one.stream, one.offset, one.line]);
  return { ...found, places };
}

describe("what the broker held to the end", () => {
  it("is verified", async () => {
    const found = await judged(honest().completes());
    expect(found).toMatchObject({
      verdict: "VERIFIED",
      findings: [],
      keys: TRUSTED,
      trusted: true,
      receipts: 6,
      until: 1_700_000_006_000,
      complete: true,
    });
  });

  it("is so by a key on either side of a rotation", async () => {
    const receipts = honest().rotates(TWO).completes();
    for (const key of [ONE, TWO])
      expect((await judged(receipts, STREAMS, [key.fingerprint])).verdict).toBe("VERIFIED");
    const since = [ONE.certify(TWO), TWO.certify(THREE)];
    expect((await judged(honest().rotates(THREE, since).completes())).verdict).toBe("VERIFIED");
  });

  it.each([
    [{ ...STREAMS, [LOG]: ENDED.replace("event", "Event") }, ["digest", LOG, 41, 3]],
    [{ ...STREAMS, [LOG]: ENDED.replace("ended", "Ended") }, ["digest", LOG, 65, 5]],
    [{ ...STREAMS, [LOG]: ENDED.replace("s1", "s2") }, ["session", LOG, 0, 0]],
    [{ ...STREAMS, [LOG]: ENDED.replace("{", "") }, ["session", LOG, 0, 0]],
    [{ ...STREAMS, [LOG]: STARTED }, ["stream-short", LOG, 41, 5]],
    [{ [LOG]: ENDED }, ["stream-missing", CAST, 0, 4]],
    [{ ...STREAMS, [LOG]: `${ENDED}more\n` }, ["complete", LOG, 65, 0]],
    [{ ...STREAMS, "run-2.log": STARTED }, ["complete", "run-2.log", 0, 0]],
  ])("is rejected where it was changed", async (streams, place) => {
    const found = await judged(honest().completes(), streams);
    expect(found.places).toEqual([place]);
    expect(found.verdict).toBe("REJECTED");
  });
});

describe("what nothing contradicts", () => {
  it("is unanchored where no receipt speaks for it", async () => {
    const found = await judged(honest(), { ...STREAMS, [LOG]: `${ENDED}more\n` });
    expect(found.verdict).toBe("UNANCHORED");
    expect(found.places).toEqual([
      ["beyond-receipts", LOG, 65, 0],
      ["not-complete", "", 0, 0],
    ]);
    expect((await judged({ file: "" })).places).toEqual([
      ["beyond-receipts", LOG, 0, 0],
      ["beyond-receipts", CAST, 0, 0],
      ["no-receipts", "", 0, 0],
    ]);
  });

  it("is unanchored where nobody knows the key", async () => {
    const found = await judged(honest().completes(), STREAMS, [TWO.fingerprint]);
    expect(found).toMatchObject({ verdict: "UNANCHORED", trusted: false });
    expect(found.places).toEqual([["untrusted-key", "", 0, 0]]);
  });

  it("may have been deleted: whoever kept a copy can have it judged", async () => {
    const receipts = honest().completes().says("deleted", { by: "retention", why: "a year" });
    expect((await judged(receipts, {})).places).toEqual([["deleted", "", 0, 7]]);
    const changed = { ...STREAMS, [CAST]: "header\nHello\n" };
    expect((await judged(receipts, changed)).places).toEqual([
      ["digest", CAST, 13, 4],
      ["deleted", "", 0, 7],
    ]);
  });

  it("may be encrypted", async () => {
    const sha256 = createHash("sha256").update("cipher").digest("hex");
    const fields = { stream: CAST, size: 6, sha256, recipients: ["age1x"] };
    const receipts = honest().completes().says("sealed", fields);
    const log = { [LOG]: ENDED };
    const told = async (text: string) =>
      (await judged(receipts, log, TRUSTED, { [CAST]: text })).places;
    expect(await told("cipher")).toEqual([["sealed", CAST, 0, 0]]);
    expect(await told("ciphes")).toEqual([["sealed-digest", CAST, 0, 7]]);
    expect((await judged(receipts)).verdict).toBe("VERIFIED");
  });
});

describe("a line that is wrong", () => {
  const began = () => new Signer().begins();
  const held = () => began().holds(CAST, "header\n");
  const sha256 = "a".repeat(64);
  const torn = held().file.slice(0, -1);
  const canonical = JSON.stringify({ kind: "linked" });

  it.each<[string, { file: string }, string, number]>([
    ["torn", { file: torn }, "malformed", 2],
    ["not in the one encoding", began().line(` ${canonical}`), "malformed", 2],
    ["with a field more", began().says("linked", { run: 1, t: 0, more: 1 }), "malformed", 2],
    ["with a field less", began().says("linked", { run: 1 }), "malformed", 2],
    ["with a number that isn't whole", began().says("linked", { run: 1, t: 0.5 }), "malformed", 2],
    ["with one too large", began().says("linked", { run: 1, t: 2 ** 53 }), "malformed", 2],
    ["with a stream that can't be", began().holds("../x", "x"), "malformed", 2],
    ["too long a text", began().says("deleted", { by: "x".repeat(1001), why: "" }), "malformed", 2],
    ["half a character", began().says("deleted", { by: "\ud800", why: "" }), "malformed", 2],
    ["not base64", { file: `!${began().file.slice(1)}` }, "malformed", 1],
    ["of another number", began().says("linked", { run: 1, t: 0, n: 3 }), "chain", 2],
    ["after another", began().says("linked", { run: 1, t: 0, previous: sha256 }), "chain", 2],
    ["of another session", began().says("linked", { run: 1, t: 0, session: "s2" }), "session", 2],
    ["from before", began().says("linked", { run: 1, t: 0, time: 5 }), "time", 2],
    ["that begins twice", began().begins(), "order", 2],
    ["that doesn't begin", new Signer().links(), "order", 1],
    ["after the end", held().completes().links(), "order", 4],
    ["after the tombstone", began().says("deleted", { by: "", why: "" }).links(), "order", 3],
    ["of another key", began().says("linked", { run: 1, t: 0, key: TWO.fingerprint }), "key", 2],
    ["that nobody vouched for", began().rotates(TWO, [THREE.certify(TWO)]), "key", 2],
    ["that vouches for another", began().rotates(TWO, [ONE.certify(THREE)]), "key", 2],
    ["of a key that was gone", began().rotates(TWO).rotates(ONE), "key", 3],
    ["that goes back", held().holds(CAST, "head"), "offset", 3],
    ["that forgets a stream", held().completes({}), "complete", 3],
    ["that knows of more", held().completes({ [CAST]: 8 }), "complete", 3],
  ])("is found: %s", async (_, receipts, code, line) => {
    const found = await judged(receipts, {});
    expect(found.places).toEqual([[code, "", 0, line]]);
    expect(found.verdict).toBe("REJECTED");
  });

  it("may be signed by another: a key's last line speaks for all of them", async () => {
    const lines = honest().completes().file.split("\n");
    const [first = "", last = ""] = [lines[0], lines[5]];
    lines[5] = first.slice(0, 86) + last.slice(86);
    expect((await judged({ file: lines.join("\n") })).places).toEqual([["signature", "", 0, 6]]);
    const forger = honest();
    forger.key = TWO;
    forger.says("linked", { run: 1, t: 0, key: ONE.fingerprint });
    forger.key = ONE;
    forger.rotates(TWO).completes();
    expect((await judged(forger)).places).toEqual([["signature", "", 0, 6]]);
  });

  it("takes empty streams at the end as there", async () => {
    const receipts = honest().completes({ [LOG]: 65, [CAST]: 13, "run-2.log": 0 });
    expect((await judged(receipts)).verdict).toBe("VERIFIED");
    expect((await judged(receipts, { ...STREAMS, "run-2.log": "" })).verdict).toBe("VERIFIED");
  });
});

describe("SHA-256", () => {
  it("is that of others, wherever the data is cut", () => {
    for (const size of [0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 1000]) {
      const data = randomBytes(size);
      const hash = new Sha256();
      for (let at = 0; at < size; at += 37) hash.update(data.subarray(at, at + 37));
      expect(hash.hex()).toBe(createHash("sha256").update(data).digest("hex"));
      expect(hash.update(data).hex()).toBe(
        createHash("sha256").update(data).update(data).digest("hex"),
      );
    }
  });

  it("names keys as ssh does", () => {
    expect(fingerprint(Buffer.from(ONE.public, "base64url"))).toBe(ONE.fingerprint);
  });
});

describe("a signature", () => {
  const message = Buffer.from("hello");
  const signature = () => new Uint8Array(Buffer.from(ONE.sign("hello"), "base64url"));
  const key = new Uint8Array(Buffer.from(ONE.public, "base64url"));

  it("is the key's, or is not", async () => {
    expect(await isSigned(key, message.toString(), signature())).toBe(true);
    expect(await isSigned(key, "hallo", signature())).toBe(false);
  });

  it("is never that of a key that signs anything", async () => {
    const neutral = new Uint8Array(32).fill(0).with(0, 1);
    const forged = new Uint8Array(64).with(0, 1);
    expect(await isSigned(neutral, "hello", forged)).toBe(false);
    expect(await isSigned(new Uint8Array(32).fill(0xff), "hello", forged)).toBe(false);
  });
});
