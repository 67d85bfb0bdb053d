/**
 * Reads a terminal's recording (asciicast v2, NDJSON) as it grows. Pure.
 *
 * Bytes may be cut anywhere: inside a line, inside a character. A reader starts at the beginning of
 * the recording, where the header stands, or at the whole line at which a snapshot ends.
 */

import { Lines } from "./lines";
import { BadShape, dictionary, number, parse, text, whole } from "./shape";

export interface Size {
  readonly cols: number;
  readonly rows: number;
}

/** What a terminal is to do next, in order. */
export type Step =
  | { readonly kind: "output"; readonly text: string }
  | ({ readonly kind: "resize" } & Size);

/** Larger windows are refused: the protocol carries u16, and a grid of these is already 16 M cells. */
const MAX_SIDE = 4096;

export class CastReader {
  private readonly lines = new Lines();
  private header: Size | null = null;
  private lineNumber = 0;

  /** `offset`: where in the recording the first byte stands. */
  constructor(private readonly offset: number) {}

  /**
   * Take in the next bytes and give what they tell a terminal, neighbouring outputs joined.
   *
   * Throws BadShape, naming the line (counted from where this reader began).
   */
  feed(data: Uint8Array): Step[] {
    const steps: Step[] = [];
    let output: string[] = [];
    const flush = () => {
      if (output.length > 0) steps.push({ kind: "output", text: output.join("") });
      output = [];
    };
    for (const line of this.lines.feed(data)) {
      this.lineNumber += 1;
      if (this.offset === 0 && this.header === null) {
        this.header = readHeader(line);
        steps.push({ kind: "resize", ...this.header });
        continue;
      }
      const event = readEvent(line, this.lineNumber);
      if (event.code === "o") output.push(event.text);
      if (event.code === "r") {
        const size = readSize(event.text);
        if (size === null) continue;
        flush();
        steps.push({ kind: "resize", ...size });
      }
    }
    flush();
    return steps;
  }
}

/** Read the first line of a recording: the size that it begins with. Throws BadShape. */
export function readHeader(line: string): Size {
  const head = dictionary(parse(line, "line 1"), "line 1");
  if (head["version"] !== 2) throw new BadShape("line 1.version", "2");
  return {
    cols: side(whole(head["width"], "line 1.width")),
    rows: side(whole(head["height"], "line 1.height")),
  };
}

export interface Event {
  readonly t: number;
  readonly code: string;
  readonly text: string;
}

/** Read a line after the first. Throws BadShape. */
export function readEvent(line: string, lineNumber: number): Event {
  const where = `line ${lineNumber}`;
  const event = parse(line, where);
  if (!Array.isArray(event)) throw new BadShape(where, "[time, code, text]");
  return {
    t: number(event[0], `${where}[0]`),
    code: text(event[1], `${where}[1]`),
    text: text(event[2], `${where}[2]`),
  };
}

/** The size that an `r` event names, or null where it makes no sense. */
export function readSize(size: string): Size | null {
  const found = /^(\d{1,5})x(\d{1,5})$/.exec(size);
  const [cols, rows] = [Number(found?.[1]), Number(found?.[2])];
  return cols > 0 && rows > 0 ? { cols: side(cols), rows: side(rows) } : null;
}

function side(cells: number): number {
  return Math.min(Math.max(cells, 1), MAX_SIDE);
}
