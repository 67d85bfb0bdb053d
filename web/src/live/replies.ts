/**
 * Keeps a viewer's emulator silent. A terminal answers questions (who are you, where is the cursor,
 * which colour is that), and what it answers is typed. Only the customer's own terminal may do so:
 * answers from viewers would land in the shell as keys. So each question is swallowed here, before
 * the emulator sees it. specs.md section 6 lists them.
 */

/** What this needs of xterm's parser; the browser's and the headless terminal both have it. */
export interface Parser {
  registerCsiHandler(id: Id, handler: () => boolean): unknown;
  registerDcsHandler(id: Id, handler: () => boolean): unknown;
  registerOscHandler(code: number, handler: (data: string) => boolean): unknown;
}

interface Id {
  readonly prefix?: string;
  readonly intermediates?: string;
  readonly final: string;
}

const CSI_QUESTIONS: readonly Id[] = [
  { final: "c" }, // DA1
  { prefix: ">", final: "c" }, // DA2
  { prefix: "=", final: "c" }, // DA3
  { final: "n" }, // DSR, CPR
  { prefix: "?", final: "n" }, // DECXCPR and other private reports
  { intermediates: "$", final: "p" }, // DECRQM, ANSI modes
  { prefix: "?", intermediates: "$", final: "p" }, // DECRQM, private modes
  { prefix: ">", final: "q" }, // XTVERSION
  { final: "x" }, // DECREQTPARM
  { final: "t" }, // window reports
  { prefix: "?", final: "u" }, // keyboard protocol
];

const DCS_QUESTIONS: readonly Id[] = [
  { intermediates: "$", final: "q" }, // DECRQSS
  { intermediates: "+", final: "q" }, // XTGETTCAP
];

/** OSC codes that set a colour, or with `?` in place of one, ask for it. */
const COLOUR_CODES: readonly number[] = [4, 5, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19];

/** OSC codes that reach for what isn't the screen: clipboard (52) and fonts (50). */
const REFUSED_CODES: readonly number[] = [50, 52];

export function swallowQuestions(parser: Parser): void {
  const swallow = () => true;
  for (const id of CSI_QUESTIONS) parser.registerCsiHandler(id, swallow);
  for (const id of DCS_QUESTIONS) parser.registerDcsHandler(id, swallow);
  for (const code of COLOUR_CODES) parser.registerOscHandler(code, (data) => data.includes("?"));
  for (const code of REFUSED_CODES) parser.registerOscHandler(code, swallow);
}

/** Whether data from the emulator tells of the window's focus (mode 1004), which nobody typed. */
export function isFocusReport(data: string): boolean {
  return data === "\x1b[I" || data === "\x1b[O";
}
