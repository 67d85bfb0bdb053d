/** A stream as a viewer receives it: keeps its place, so that nothing is taken twice or torn. Pure. */
export class Feed {
  /** The offset of the next byte. */
  constructor(public at: number) {}

  /**
   * What is new in an append at `offset`: empty if nothing is, null if something is missing before
   * it, in which case the stream has to be watched again from `at`.
   */
  take(offset: number, data: Uint8Array): Uint8Array | null {
    if (offset > this.at) return null;
    const fresh = data.subarray(Math.min(this.at - offset, data.length));
    this.at += fresh.length;
    return fresh;
  }
}
