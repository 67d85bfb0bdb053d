/**
 * SHA-256 (FIPS 180-4) that goes on: a receipt is the digest of a prefix, and a stream has one
 * every few seconds. WebCrypto digests a whole, and would read the beginning again for each. Pure.
 */

const ROUND = Uint32Array.from(
  [
    "428a2f98 71374491 b5c0fbcf e9b5dba5 3956c25b 59f111f1 923f82a4 ab1c5ed5",
    "d807aa98 12835b01 243185be 550c7dc3 72be5d74 80deb1fe 9bdc06a7 c19bf174",
    "e49b69c1 efbe4786 0fc19dc6 240ca1cc 2de92c6f 4a7484aa 5cb0a9dc 76f988da",
    "983e5152 a831c66d b00327c8 bf597fc7 c6e00bf3 d5a79147 06ca6351 14292967",
    "27b70a85 2e1b2138 4d2c6dfc 53380d13 650a7354 766a0abb 81c2c92e 92722c85",
    "a2bfe8a1 a81a664b c24b8b70 c76c51a3 d192e819 d6990624 f40e3585 106aa070",
    "19a4c116 1e376c08 2748774c 34b0bcb5 391c0cb3 4ed8aa4a 5b9cca4f 682e6ff3",
    "748f82ee 78a5636f 84c87814 8cc70208 90befffa a4506ceb bef9a3f7 c67178f2",
  ].flatMap((row) => row.split(" ").map((word) => parseInt(word, 16))),
);
const START = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];
const BLOCK = 64;

export class Sha256 {
  private readonly state = Uint32Array.from(START);
  private readonly schedule = new Uint32Array(BLOCK);
  /** What has come since the last whole block. */
  private readonly rest = new Uint8Array(BLOCK);
  private restLength = 0;
  private length = 0;

  update(data: Uint8Array): this {
    let at = 0;
    this.length += data.length;
    if (this.restLength > 0) {
      at = Math.min(BLOCK - this.restLength, data.length);
      this.rest.set(data.subarray(0, at), this.restLength);
      this.restLength += at;
      if (this.restLength < BLOCK) return this;
      this.compress(this.rest, 0);
    }
    for (; at + BLOCK <= data.length; at += BLOCK) this.compress(data, at);
    this.restLength = data.length - at;
    this.rest.set(data.subarray(at));
    return this;
  }

  /** The digest of all so far; more may follow. */
  digest(): Uint8Array {
    const end = new Uint8Array(this.restLength < BLOCK - 8 ? BLOCK : 2 * BLOCK);
    end.set(this.rest.subarray(0, this.restLength));
    end[this.restLength] = 0x80;
    new DataView(end.buffer).setBigUint64(end.length - 8, BigInt(this.length) * 8n);
    const before = this.state.slice();
    for (let at = 0; at < end.length; at += BLOCK) this.compress(end, at);
    const digest = new Uint8Array(32);
    const view = new DataView(digest.buffer);
    this.state.forEach((word, index) => view.setUint32(index * 4, word));
    this.state.set(before);
    return digest;
  }

  hex(): string {
    return Array.from(this.digest(), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  private compress(data: Uint8Array, at: number): void {
    const w = this.schedule;
    const view = new DataView(data.buffer, data.byteOffset + at, BLOCK);
    for (let i = 0; i < 16; i++) w[i] = view.getUint32(i * 4);
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15] ?? 0;
      const y = w[i - 2] ?? 0;
      const low = turn(x, 7) ^ turn(x, 18) ^ (x >>> 3);
      const high = turn(y, 17) ^ turn(y, 19) ^ (y >>> 10);
      w[i] = (w[i - 16] ?? 0) + low + (w[i - 7] ?? 0) + high;
    }
    const state = this.state;
    let a = state[0] ?? 0;
    let b = state[1] ?? 0;
    let c = state[2] ?? 0;
    let d = state[3] ?? 0;
    let e = state[4] ?? 0;
    let f = state[5] ?? 0;
    let g = state[6] ?? 0;
    let h = state[7] ?? 0;
    for (let i = 0; i < 64; i++) {
      const high = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
      const one = (h + high + ((e & f) ^ (~e & g)) + (ROUND[i] ?? 0) + (w[i] ?? 0)) | 0;
      const low = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
      const two = (low + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + one) | 0;
      d = c;
      c = b;
      b = a;
      a = (one + two) | 0;
    }
    state[0] = (state[0] ?? 0) + a;
    state[1] = (state[1] ?? 0) + b;
    state[2] = (state[2] ?? 0) + c;
    state[3] = (state[3] ?? 0) + d;
    state[4] = (state[4] ?? 0) + e;
    state[5] = (state[5] ?? 0) + f;
    state[6] = (state[6] ?? 0) + g;
    state[7] = (state[7] ?? 0) + h;
  }
}

function turn(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

export function sha256(data: Uint8Array): Uint8Array {
  return new Sha256().update(data).digest();
}
