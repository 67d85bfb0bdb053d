/**
 * The live terminal: xterm.js, fed with steps of a recording and never with more than it can take.
 *
 * It has exactly the recording's size and is fitted into its room by the size of its letters. It
 * answers no questions (replies.ts) and follows no link by itself.
 */

import { Unicode11Addon } from "@xterm/addon-unicode11";
import type { ITheme } from "@xterm/xterm";
import { Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import type { Step } from "../cast";
import type { Size } from "./fit";
import { READABLE, fittingFontSize, scaleToFit } from "./fit";
import { isFocusReport, swallowQuestions } from "./replies";

/** Characters handed to xterm and not parsed yet. It gets sluggish above half a million. */
const HANDED_MOST = 256 * 1024;
/** Characters that wait here. Beyond it a fresh snapshot costs less than catching up. */
const WAITING_MOST = 4 * 1024 * 1024;

const SCROLLBACK_LINES = 5_000;

/** xterm lays its scroll bar over the right edge of its element; it gets room of its own there. */
const SCROLLBAR_PX = 14;

const THEME: ITheme = {
  background: "#10151b",
  foreground: "#d7dee6",
  cursor: "#7cc4a4",
  cursorAccent: "#10151b",
  selectionBackground: "#3b5570",
  black: "#1d2733",
  red: "#e06c6c",
  green: "#7cc48a",
  yellow: "#d9b662",
  blue: "#6ca6e0",
  magenta: "#b98bdb",
  cyan: "#63bfc4",
  white: "#d7dee6",
  brightBlack: "#66788c",
  brightRed: "#f28b8b",
  brightGreen: "#9bdda8",
  brightYellow: "#ecd08a",
  brightBlue: "#93c1f0",
  brightMagenta: "#d2afec",
  brightCyan: "#8adade",
  brightWhite: "#f4f7fa",
};

type Work = Step | { kind: "snapshot"; cols: number; rows: number; data: Uint8Array };

export interface ScreenEvents {
  /** Keys, a paste or the mouse: bytes for the customer's terminal. */
  readonly onInput: (data: Uint8Array) => void;
  /** Somebody typed where typing is off. */
  readonly onKeyRefused: () => void;
  readonly onPasteOfLines: (text: string) => void;
  readonly onLink: (url: string) => void;
  readonly onTitle: (title: string) => void;
  readonly onSize: (cols: number, rows: number) => void;
  /** Too far behind: what waited is dropped, and a fresh snapshot is wanted. */
  readonly onOverflow: () => void;
  /** Ctrl+F6: hand the keyboard back to the page. */
  readonly onLeave: () => void;
}

export class Screen {
  private readonly terminal: Terminal;
  private readonly observer: ResizeObserver;
  private waiting: Work[] = [];
  private waitingSize = 0;
  private handedSize = 0;
  private isReadable = false;
  private cursorRow = 0;

  constructor(
    private readonly room: HTMLElement,
    private readonly events: ScreenEvents,
  ) {
    this.terminal = new Terminal({
      allowProposedApi: true, // unicode11 is registered through the proposed `unicode` API
      cols: 80,
      rows: 24,
      cursorBlink: false,
      disableStdin: true,
      fontFamily: 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
      fontSize: READABLE,
      scrollback: SCROLLBACK_LINES,
      theme: THEME,
      linkHandler: {
        activate: (_event, url) => events.onLink(url),
        allowNonHttpProtocols: false,
      },
    });
    this.terminal.loadAddon(new Unicode11Addon());
    this.terminal.unicode.activeVersion = "11";
    swallowQuestions(this.terminal.parser);
    this.terminal.onData((data) => {
      if (!isFocusReport(data)) events.onInput(new TextEncoder().encode(data));
    });
    this.terminal.onBinary((data) => {
      events.onInput(Uint8Array.from(data, (one) => one.charCodeAt(0)));
    });
    this.terminal.onCursorMove(() => this.follow());
    this.terminal.onTitleChange((title) => events.onTitle(printable(title)));
    this.terminal.attachCustomKeyEventHandler((event) => this.onKey(event));
    this.terminal.open(room);
    room.addEventListener("paste", this.onPaste, { capture: true });
    this.observer = new ResizeObserver(() => this.fit());
    this.observer.observe(room);
    this.fit();
  }

  /** Show the screen as it was at some offset; what waited until now is dropped. */
  reset(cols: number, rows: number, data: Uint8Array): void {
    this.waiting = [];
    this.waitingSize = 0;
    this.enqueue({ kind: "snapshot", cols, rows, data });
  }

  play(steps: readonly Step[]): void {
    for (const step of steps) this.enqueue(step);
  }

  setTyping(isAllowed: boolean): void {
    this.terminal.options.disableStdin = !isAllowed;
  }

  setScreenReader(isOn: boolean): void {
    this.terminal.options.screenReaderMode = isOn;
  }

  /** Scroll at a readable size rather than fit everything. */
  setReadable(isReadable: boolean): void {
    this.isReadable = isReadable;
    this.room.dataset["readable"] = String(isReadable);
    this.fit();
    this.cursorRow = 0;
    this.room.scrollTop = 0;
    this.follow();
  }

  focus(): void {
    this.terminal.focus();
  }

  paste(text: string): void {
    this.terminal.paste(text);
    this.terminal.focus();
  }

  dispose(): void {
    this.observer.disconnect();
    this.room.removeEventListener("paste", this.onPaste, { capture: true });
    this.waiting = [];
    this.terminal.dispose();
  }

  private enqueue(work: Work): void {
    this.waiting.push(work);
    this.waitingSize += sizeOf(work);
    this.pump();
    if (this.waitingSize > WAITING_MOST) {
      this.waiting = [];
      this.waitingSize = 0;
      this.events.onOverflow();
    }
  }

  // Output is handed over up to a mark. A change of size is not part of xterm's own queue, so it
  // waits until everything before it is parsed.
  private pump(): void {
    for (let next = this.waiting[0]; next !== undefined; next = this.waiting[0]) {
      if (next.kind === "output" ? this.handedSize > HANDED_MOST : this.handedSize > 0) return;
      this.waiting.shift();
      this.waitingSize -= sizeOf(next);
      if (next.kind === "output") {
        this.hand(next.text);
      } else {
        if (next.kind === "snapshot") this.terminal.reset();
        this.terminal.resize(next.cols, next.rows);
        this.events.onSize(next.cols, next.rows);
        if (next.kind === "snapshot") this.hand(next.data);
        this.fit();
      }
    }
  }

  private hand(data: string | Uint8Array): void {
    const size = data.length;
    this.handedSize += size;
    this.terminal.write(data, () => {
      this.handedSize -= size;
      this.pump();
    });
  }

  private fit(): void {
    const screen = this.terminal.element?.querySelector<HTMLElement>(".xterm-screen");
    const room = { width: this.room.clientWidth - SCROLLBAR_PX, height: this.room.clientHeight };
    if (!screen || !this.terminal.element || room.width <= 0 || room.height <= 0) return;
    const measure = (): Size => ({ width: screen.offsetWidth, height: screen.offsetHeight });
    const setFontSize = (size: number) => {
      if (this.terminal.options.fontSize !== size) this.terminal.options.fontSize = size;
    };
    if (this.isReadable) {
      setFontSize(READABLE);
    } else {
      // Cells are rounded to whole pixels, so the first answer may be off by a little.
      for (let round = 0; round < 3; round += 1)
        setFontSize(fittingFontSize(measure(), this.terminal.options.fontSize ?? READABLE, room));
    }
    const size = measure();
    const scale = this.isReadable ? 1 : scaleToFit(size, room);
    const style = this.terminal.element.style;
    style.width = `${size.width + SCROLLBAR_PX}px`;
    style.height = `${size.height}px`;
    style.transform = scale < 1 ? `scale(${scale})` : "";
    style.marginLeft = `${Math.max(0, (room.width - size.width * scale) / 2)}px`;
  }

  // Where the view scrolls, it goes with the cursor, unless somebody has scrolled away from it.
  private follow(): void {
    const rowBefore = this.cursorRow;
    const { cursorX, cursorY } = this.terminal.buffer.active;
    this.cursorRow = cursorY;
    const screen = this.terminal.element?.querySelector<HTMLElement>(".xterm-screen");
    if (!this.isReadable || !screen) return;
    const width = screen.offsetWidth / this.terminal.cols;
    const height = screen.offsetHeight / this.terminal.rows;
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = this.room;
    const topBefore = rowBefore * height;
    if (topBefore < scrollTop || topBefore >= scrollTop + clientHeight) return;
    const [left, top] = [cursorX * width, cursorY * height];
    this.room.scrollLeft = Math.min(left, Math.max(scrollLeft, left + 2 * width - clientWidth));
    this.room.scrollTop = Math.min(top, Math.max(scrollTop, top + height - clientHeight));
  }

  private onKey(event: KeyboardEvent): boolean {
    if (event.key === "F6" && event.ctrlKey) {
      if (event.type === "keydown") this.events.onLeave();
      return false;
    }
    if (this.terminal.options.disableStdin !== true) return true;
    // Nothing can be typed, so the page keeps its own keys: Tab moves on, copying copies.
    const isCopying = (event.ctrlKey || event.metaKey) && this.terminal.hasSelection();
    const wouldType = event.key.length === 1 || TYPING_KEYS.has(event.key);
    if (event.type === "keydown" && wouldType && !isCopying) this.events.onKeyRefused();
    return event.shiftKey && event.key.startsWith("Page"); // scrolls
  }

  private readonly onPaste = (event: ClipboardEvent): void => {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    const isTyping = this.terminal.options.disableStdin !== true;
    if (isTyping && !/[\r\n]/.test(text)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (isTyping) this.events.onPasteOfLines(text);
    else this.events.onKeyRefused();
  };
}

const TYPING_KEYS: ReadonlySet<string> = new Set(["Enter", "Backspace", "Delete", "Escape"]);

function sizeOf(work: Work): number {
  if (work.kind === "output") return work.text.length;
  return work.kind === "snapshot" ? work.data.length : 0;
}

/** Text from a terminal without control characters and bidirectional overrides. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "").slice(0, 200);
}
