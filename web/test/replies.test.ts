import headless from "@xterm/headless";
import { describe, expect, it } from "vitest";
import { isFocusReport, swallowQuestions } from "../src/live/replies";

/** What an emulator answers to `output`, and its screen's first line. */
async function ask(output: string, isFiltered: boolean): Promise<{ said: string; screen: string }> {
  const terminal = new headless.Terminal({ allowProposedApi: true, cols: 20, rows: 4 });
  if (isFiltered) swallowQuestions(terminal.parser);
  let said = "";
  terminal.onData((data) => (said += data));
  await new Promise<void>((done) => terminal.write(output, done));
  return { said, screen: terminal.buffer.active.getLine(0)?.translateToString(true) ?? "" };
}

const ANSWERED = [
  ["DA1", "\x1b[c"],
  ["DA2", "\x1b[>c"],
  ["DSR", "\x1b[5n"],
  ["CPR", "\x1b[6n"],
  ["DECXCPR", "\x1b[?6n"],
  ["DECRQM, private", "\x1b[?25$p"],
  ["DECRQM, ANSI", "\x1b[4$p"],
  ["DECRQSS", "\x1bP$qm\x1b\\"],
] as const;

const UNANSWERED = [
  ["DA3", "\x1b[=c"],
  ["XTVERSION", "\x1b[>q"],
  ["XTGETTCAP", "\x1bP+q544e\x1b\\"],
  ["title", "\x1b[21t"],
  ["palette", "\x1b]4;1;?\x1b\\"],
  ["foreground", "\x1b]10;?\x07"],
  ["background", "\x1b]11;?\x07"],
  ["clipboard", "\x1b]52;c;?\x07"],
] as const;

describe("terminal replies", () => {
  it.each(ANSWERED)("an emulator left alone answers %s", async (_name, question) => {
    expect((await ask(question, false)).said).not.toBe("");
  });

  it.each([...ANSWERED, ...UNANSWERED])("a viewer's never answers %s", async (_name, question) => {
    expect(await ask(`a${question}b`, true)).toEqual({ said: "", screen: "ab" });
  });

  it("questions cut in two are swallowed as well", async () => {
    const terminal = new headless.Terminal({ allowProposedApi: true });
    swallowQuestions(terminal.parser);
    let said = "";
    terminal.onData((data) => (said += data));
    terminal.write("\x1b[");
    await new Promise<void>((done) => terminal.write("6n", done));
    expect(said).toBe("");
  });

  it("keys go through", async () => {
    const terminal = new headless.Terminal({ allowProposedApi: true });
    swallowQuestions(terminal.parser);
    let said = "";
    terminal.onData((data) => (said += data));
    terminal.input("ls\r");
    await new Promise<void>((done) => terminal.write("\x1b[c", done));
    expect(said).toBe("ls\r");
  });

  it("a report of the window's focus is told from keys", () => {
    expect(isFocusReport("\x1b[I")).toBe(true);
    expect(isFocusReport("\x1b[O")).toBe(true);
    expect(isFocusReport("\x1b[A")).toBe(false);
  });
});
