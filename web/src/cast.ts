/**
 * Reads a terminal's recording (asciicast v2, NDJSON) as it grows. Pure.
 *
 * Bytes may be cut anywhere: inside a line, inside a character. A reader starts at the beginning of
 * the recording, where the header stands, or at the whole line at which a snapshot ends.
 */

import { Lines } from "./lines";
import { BadShape, dictionary, parse, text, whole } from "./shape";

export interface Size {
  readonly cols: number;
  readonly rows: number;
}

/** What a terminal is to do next, in order. */
export type Step =
  { readonly kind: "output"; readonly text: string } | ({ readonly kind: "resize" } & Size);

/** Larger windows are refused: the protocol carries u16, and a grid of these is already 16 M cells. */
const MAX_SIDE = 4096;

export class CastReader {
  private readonly lines = new Lines();
  private isAtHeader: boolean;

  /** `offset`: where in the recording the first byte stands. */
  constructor(offset: number) {
    this.isAtHeader = offset === 0;
  }

  /**
   * Take in the next bytes and give what they tell a terminal, neighbouring outputs joined.
   *
   * The bytes come from a machine that is not ours: a line that makes no sense is passed over and
   * costs no other.
   */
  feed(data: Uint8Array): Step[] {
    const steps: Step[] = [];
    let output: string[] = [];
    const flush = () => {
      if (output.length > 0) steps.push({ kind: "output", text: output.join("") });
      output = [];
    };
    for (const line of this.lines.feed(data)) {
      const step = this.read(line);
      if (step?.kind === "output") output.push(step.text);
      if (step?.kind === "resize") {
        flush();
        steps.push(step);
      }
    }
    flush();
    return steps;
  }

  private read(line: string): Step | null {
    const isHeader = this.isAtHeader;
    this.isAtHeader = false;
    try {
      return isHeader ? { kind: "resize", ...readHeader(line) } : readStep(line);
    } catch {
      return null;
    }
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

/** What a line after the first tells a terminal; null for markers and whatever else there may be. */
function readStep(line: string): Step | null {
  const event: unknown = parse(line);
  if (!Array.isArray(event)) return null;
  const [code, content] = [text(event[1]), text(event[2])];
  if (code === "o") return { kind: "output", text: content };
  const size = code === "r" ? readSize(content) : null;
  return size && { kind: "resize", ...size };
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
