/** Cuts bytes that arrive in pieces into lines of text. A piece may end inside a character. */
export class Lines {
  private readonly utf8 = new TextDecoder();
  private rest = "";

  /** Take in bytes; the lines that are now whole, without their ends. */
  feed(data: Uint8Array): string[] {
    const lines = (this.rest + this.utf8.decode(data, { stream: true })).split("\n");
    this.rest = lines.pop() ?? "";
    return lines;
  }
}
