/** The customer's acts on their page, signed so that the broker, which carries them, can make none. */

import type { Act } from "../wire";
import { digest, sign } from "./key";

/** What the customer wants done. */
export type Wish =
  | { readonly do: "approve"; readonly proposal: string; readonly text: string }
  | { readonly do: "refuse"; readonly proposal: string; readonly word: string }
  /** `after`: how many notes there were before; what is told of them after that may be this one. */
  | { readonly do: "note"; readonly word: string; readonly after: number }
  | { readonly do: "take_back" | "end" | "revoke" };

const DAY = 86_400_000;

/** Signs one session's acts, each with a greater number than the one before. */
export class Signer {
  private last = 0;

  constructor(
    private readonly session: string,
    private readonly actKey: CryptoKey,
  ) {}

  /** Go on with numbers that are greater by a day: another page of the customer's is ahead. */
  skip(): void {
    this.last += DAY;
  }

  /** `run`: the recorder's present run; `now`: Unix milliseconds. */
  async sign(run: number, wish: Wish, now: number): Promise<Act> {
    this.last = Math.max(now, this.last + 1);
    const n = this.last;
    const action = JSON.stringify({
      session: this.session,
      run,
      n,
      do: wish.do,
      proposal: "proposal" in wish ? wish.proposal : "",
      text_sha256: wish.do === "approve" ? await digest(wish.text) : "",
      word: "word" in wish ? wish.word : "",
    });
    return { type: "act", action, mac: await sign(this.actKey, action) };
  }
}
