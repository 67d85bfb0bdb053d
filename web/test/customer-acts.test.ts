import { describe, expect, it } from "vitest";
import { Signer } from "../src/customer/act";
import { BadLink, derive, digest, readKey, sign } from "../src/customer/key";

// Made with Python: base64.urlsafe_b64encode(key).rstrip(b"="), hmac.new(key, …, "sha256").
const KEYS = [
  {
    key: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
    view: "269cffdeff7f00f3cdc1ad299c038b8706c3080e1d1e1b1e85bdcf463d7feec8",
    mac: "5ac816f2b26f8b772d3d15e44290a53adf9b25077b2e00160c0340210b421b34",
  },
  {
    key: "4ir03v4GX9HCQlwfAwBcTMDAG-zU05LfKnCMZXVfYK0",
    view: "83268d523d75ec3f8bdd8af556bfc94943201048d30c2d572b6b13ff59d3e797",
    mac: "6a7b410ec2ea265d12e4b3c1d5ed4d2692cf0fe21bd07c3b21085972d9d522ed",
  },
] as const;
const REFUSAL =
  '{"session":"s1","run":2,"n":1700000000000,"do":"refuse","proposal":"7","text_sha256":"","word":"später"}';

describe("a page's link", () => {
  it.each(KEYS)("gives the token and the signatures that Python gives: $key", async (one) => {
    const { viewToken, actKey } = await derive(readKey(`#${one.key}`));
    expect(viewToken).toBe(one.view);
    const wish = { do: "refuse", proposal: "7", word: "später" } as const;
    expect(await new Signer("s1", actKey).sign(2, wish, 1_700_000_000_000)).toEqual({
      type: "act",
      action: REFUSAL,
      mac: one.mac,
    });
  });

  it("keeps the key that signs to itself", async () => {
    const { actKey } = await derive(readKey(KEYS[0].key));
    await expect(crypto.subtle.exportKey("raw", actKey)).rejects.toThrow();
  });

  it.each([
    ["", "missing"],
    ["#", "missing"],
    ["#AAECAwQ", "7 characters in place of 43"],
    [`#${KEYS[0].key}A`, "44 characters"],
    [`#${KEYS[0].key.slice(0, 42)}.`, "characters that no link has"],
    [`#${KEYS[0].key.slice(0, 42)}ä`, "characters that no link has"],
  ])("%s is refused", (fragment, why) => {
    expect(() => readKey(fragment)).toThrow(BadLink);
    expect(() => readKey(fragment)).toThrow(why);
  });
});

describe("an act", () => {
  const signer = async () => new Signer("s1", (await derive(readKey(KEYS[0].key))).actKey);

  it("to approve names the text by its digest, as UTF-8", async () => {
    const text = "zpool status\necho “ok”";
    const sha256 = "2345bb9dee40259154c5d093636216012b9a3cb425a3d174e7262768e0741d90";
    expect(await digest(text)).toBe(sha256);
    const act = await (await signer()).sign(1, { do: "approve", proposal: "r1-3", text }, 5);
    expect(JSON.parse(act.action)).toEqual({
      session: "s1",
      run: 1,
      n: 5,
      do: "approve",
      proposal: "r1-3",
      text_sha256: sha256,
      word: "",
    });
  });

  it("has a greater number than the one before, whatever the clock does", async () => {
    const one = await signer();
    const acts = await Promise.all(
      [5000, 5000, 4000, 6000].map((now) => one.sign(1, { do: "take_back" }, now)),
    );
    const numbers = acts.map(({ action }) => (JSON.parse(action) as { n: number }).n);
    expect(numbers).toEqual([5000, 5001, 5002, 6000]);
  });

  it("is signed over its text", async () => {
    const { actKey } = await derive(readKey(KEYS[0].key));
    const act = await new Signer("s1", actKey).sign(1, { do: "end" }, 5);
    expect(act.mac).toBe(await sign(actKey, act.action));
    expect(act.mac).not.toBe(await sign(actKey, act.action.replace("end", "revoke")));
  });
});
