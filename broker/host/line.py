"""What stands on the line that is entered at a prompt, as the screen tells it. Pure.

From a prompt to Enter it keeps what is printed, and reads it when the line is entered; at all other
times it keeps no more than the end of what was printed last. What it can't tell it does not guess:
None. Keys are not kept: what was not shown, such as a password, is in no line.

The prompt ends where the cursor is when the first key is pressed. Where keys came before the
prompt, the prompts that were seen till then tell it. Who redraws the prompt elsewhere (a list of
completions, a cleared screen) draws the same one, so the line begins behind the lowest of them.
"""

from __future__ import annotations

import re
from typing import List, NamedTuple, Optional, Tuple

from broker.host.rows import Cells, Rows, Unknown

_MOST_BYTES = 64 * 1024
"""Printed while one line is edited: fish prints some 200 bytes a key."""
_BEFORE_BYTES = 2048
_MOST_MODES = 64
_MOST_PROMPTS = 8
_MOST_CHARACTERS = 500
_ENTER = re.compile(rb"[\r\n]")
_NEW_LINE = re.compile(rb"\r?\n")
_GIVEN_UP = b"\x03"
_DONE = b"\r\n\x03\x04"
_MOVES = re.compile(rb"(?:[\r\b]|\x1b[78=>]|\x1b[(-/][0-~]|\x1b\[[0-?]*[ -/]*[@-~])*")
_LEFT = re.compile(rb"\n(?:\r|\x1b\(B|\x1b\[[0-9;]*m)*\x1b\[\?[0-9;]*l\Z")
_CUT = re.compile(rb"\x1b(?:[(-/]|\[[0-?]*[ -/]*)?")
_ASKED = re.compile(r"(?:[$#>:?\])\u00bb\u276f]\s?|(?:\.\.\.|%) )\Z")
_SEQUENCE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[(-/]?.)")
_PYTHON = re.compile(r">>> |In \[[0-9]+\]: ")
_ONWARD = re.compile(r" *\.\.\.:? ")
"""What Python shows before the further rows of what it reads, as wide as its prompt."""
_PLAIN_KEYS = re.compile(rb"[\x20-\xff\b\r\n]*")  # with Backspace, which is 7f or 08


class _Prompt(NamedTuple):
    """The row in which the cursor waits for the first key: what is left of it, and right of it."""

    left: Cells
    right: Cells


_Found = Tuple[int, _Prompt]
"""A prompt, and in which row it stands."""


class _Line:
    """One line, while it is edited."""

    def __init__(self, before: bytes, *, announced: bool, suggests: bool, early: bool) -> None:
        start = before.rfind(b"\r") + 1  # the last place where the column is known
        # The kernel shows early keys before the prompt; only who edits the line shows them again.
        self.lost = not start or (early and not announced)
        """What it shows can't be told any more."""
        self.announced = announced
        self.suggests = suggests
        self.early = early
        """Keys for it came before its prompt."""
        self.printed = bytearray(before[start:])
        self.prompt_end: Optional[int] = None
        self.pressed = self.simple = self.whole = False
        self.plain = True

    def keep(self, data: bytes) -> None:
        if not (self.lost or self.whole):
            self.printed += data
            if len(self.printed) > _MOST_BYTES:
                self.lose()

    def lose(self) -> None:
        self.lost = True
        self.printed = bytearray()


class LineWatch:
    """One terminal's. Feed it all output and all keys, in order, and where prompts begin and end.

    ``told`` are the lines that were entered since it was last emptied; None: one that it can't
    tell.
    """

    def __init__(self, cols: int) -> None:
        self.told: List[Optional[str]] = []
        self._cols = cols
        self._before = b"\r"
        self._line: Optional[_Line] = None
        self._ending: Optional[_Entered] = None
        """A line that was entered, until its editor has left its last row."""
        self._enters = self._inside = 0
        """Enter was pressed so often for lines that are not told; within one line, it seems."""
        self._more = self._early = False
        """Enter was pressed, keys were typed, for a line whose prompt is not there yet."""
        self._prompts: List[_Prompt] = []

    @property
    def reading(self) -> bool:
        """Somebody reads a line, at a prompt."""
        return self._line is not None

    @property
    def asked(self) -> bool:
        """What was printed last looks like a prompt, or a question."""
        last = self._before[max(self._before.rfind(b"\n"), self._before.rfind(b"\r")) + 1 :]
        return _ASKED.search(_SEQUENCE.sub(b"", last).decode("utf-8", "replace")) is not None

    @property
    def coming(self) -> bool:
        """A line was entered and is not told yet."""
        return self._ending is not None or (self._enters > 0 and (self.reading or self._more))

    def printed(self, data: bytes) -> None:
        """Take in output."""
        if self._ending is not None:
            if self._ending.left(data):
                self.told.append(self._ending.text)
                self._ending = None
        elif self._line is not None and self._enters and not self._line.announced:
            found = _NEW_LINE.search(data)
            if found is not None:
                self._line.keep(data[: found.start()])
                self.end()
                data = data[found.start() :]
        if self._line is not None:
            self._line.keep(data)
        else:
            whole = len(data) >= _BEFORE_BYTES
            self._before = data if whole else (self._before + data)[-_BEFORE_BYTES:]

    def begin(self, *, announced: bool = True, suggests: bool = False) -> None:
        """Somebody begins to read a line: what was printed last is the prompt, or it comes now.

        ``announced``: and says when it has the line (``end``); else the next new line is the end.
        ``suggests``: until Enter it may show more than the line.
        """
        if self._ending is not None:
            self._ending = None
            self.told.append(None)
        before = self._before if self._line is None else bytes(self._line.printed)
        self._line = _Line(before, announced=announced, suggests=suggests, early=self._early)
        self._early = self._more = False

    def typed(self, keys: bytes, *, settled: bool) -> None:
        """Take in keys; a paste is one. ``settled``: nothing was typed or printed for a while.

        Keys that a program reads, while nobody reads a line, are to be passed too.
        """
        enters = len(_ENTER.findall(keys, keys.rfind(_GIVEN_UP) + 1))
        line = self._line
        if line is None:
            self._early = keys[-1:] not in _DONE
            self._enters += enters
            return
        if settled and not line.pressed:
            self._enters = 0
            if not (line.early or line.lost):
                line.prompt_end = len(line.printed)
                line.simple = True
        line.pressed = True
        if _GIVEN_UP in keys:
            self._enters = self._inside = 0
            if not line.announced:
                self.end()
        if settled:  # fish goes on with a block, or with an empty line
            self._inside = self._enters
        line.plain &= _PLAIN_KEYS.fullmatch(keys) is not None
        line.simple &= line.plain and self._enters + enters <= 1
        if enters and not line.announced:
            alone = settled and len(keys) == 1
            line.whole = alone and not line.suggests  # what is printed from here on is not the line
            if not (line.plain or alone):
                line.lose()  # the next new line may be these keys'
        if enters or self._enters > self._inside:
            self._early = keys[-1:] not in _DONE
        self._enters += enters

    def end(self) -> None:
        """Whoever read the line has it, or gave it up."""
        line, self._line = self._line, None
        if line is None:
            return
        self._before = bytes(line.printed[-_BEFORE_BYTES:])
        if not self._enters:
            return
        self._enters, self._inside = max(0, self._enters - self._inside - 1), 0
        self._more = self._enters > 0
        entered = None if line.lost else self._read(line)
        if entered is not None and line.announced and not entered.over:
            self._ending = entered  # zsh says it before it goes to the line's end
        else:
            self.told.append(None if entered is None else entered.text)
        if not line.announced:  # each Enter ends a line; where the next began is not known
            self.told += [None] * self._enters
            self._enters = 0

    def resized(self, cols: int) -> None:
        """The terminal has another width, or height."""
        self._cols = cols
        self.lose()

    def forget(self) -> None:
        """What was entered until now is not asked for: somebody else tells."""
        self.told = []
        self._line = self._ending = None
        self._enters = self._inside = 0
        self._more = False

    def lose(self) -> None:
        """Whatever line is read now can't be told."""
        if self._line is not None:
            self._line.lose()

    def _read(self, line: _Line) -> Optional[_Entered]:
        rows = Rows(self._cols)
        printed = bytes(line.printed)
        blank: Optional[_Found] = None
        try:
            if line.prompt_end is not None:
                rows.printed(printed[: line.prompt_end])
                row = rows.at(rows.row)
                prompt = _Prompt(row[: rows.col], row[rows.col :])
                if _text(prompt.left).strip():
                    self._learn(prompt)
                elif line.announced and line.simple:
                    blank = rows.row, prompt
            rows.printed(printed[line.prompt_end or 0 :])
        except Unknown:
            return None
        return _Entered(rows, self._prompts, blank, line)

    def _learn(self, prompt: _Prompt) -> None:
        others = [one for one in self._prompts if one.left != prompt.left]
        self._prompts = [prompt, *others[: _MOST_PROMPTS - 1]]


class _Entered:
    """A line that was entered, on the rows that show it."""

    def __init__(
        self, rows: Rows, prompts: List[_Prompt], blank: Optional[_Found], line: _Line
    ) -> None:
        self.rows = rows
        self._prompts = prompts
        self._blank = blank
        """Where it began, if there was no prompt."""
        self._line = line
        self._gone = _LEFT.search(line.printed[-_MOST_MODES:]) is not None
        self._rest = b""

    @property
    def over(self) -> bool:
        """Whether the editor has gone to the row below the line."""
        return self._gone or self.rows.row > max(self.rows.shown, default=self.rows.row)

    def left(self, data: bytes) -> bool:
        """Whether what is printed next leaves these rows, after more moves on them."""
        data = self._rest + data
        moves = _MOVES.match(data)
        end = moves.end() if moves else 0
        self._rest = data[end:]
        try:
            self.rows.printed(data[:end])
        except Unknown:
            self._line.lose()
        return bool(self._rest) and _CUT.fullmatch(self._rest) is None

    @property
    def text(self) -> Optional[str]:
        """What stands behind the prompt."""
        rows, line = self.rows, self._line
        found = self._blank or _found(rows, self._prompts)
        if found is None or rows.cut or line.lost:
            return None
        top, prompt = found
        start = len(prompt.left)
        python = _PYTHON.fullmatch(_text(prompt.left)) is not None
        last = rows.row - 1 if self._gone else rows.row  # bash may leave old rows below
        bottom = max((row for row in rows.shown if row <= max(last, top)), default=top)
        if not (line.announced or line.whole) and (
            top != bottom or bottom != rows.shown[-1] or _text(rows.at(bottom)[-2:]).strip()
        ):
            return None  # the new line may be the editor's, which had no room
        if not _taken_away(rows, top, start, prompt.right):
            return None
        lines = [""]
        for at in range(top, bottom + 1):
            row = rows.at(at)
            if at == top:
                row = row[start:]
            elif not rows.full(at - 1):
                if python and _ONWARD.fullmatch(_text(row[:start])):
                    margin = start
                else:
                    margin = next((col for col, cell in enumerate(row) if cell is not None), 0)
                lines.append(" " * (margin - start))  # fish moves it below the first line
                row = row[margin:]
            text = _unbroken(row)
            if text is None or (at < bottom and self._unsure(at)):
                return None
            lines[-1] += text
        if len(lines) > 1 and (line.simple or not line.announced):
            return None  # something else was printed meanwhile
        whole = "\n".join(one.rstrip() for one in lines).strip("\n")
        return whole if len(whole) <= _MOST_CHARACTERS else whole[:_MOST_CHARACTERS] + " …"

    def _unsure(self, at: int) -> bool:
        """Whether nobody can tell what ends a row: a blank, a new line, or no room for more."""
        row, following = self.rows.at(at), self.rows.at(at + 1)
        if row[-1] is None:
            return row[-2] is not None and following[0] is not None and at not in self.rows.wrapped
        return row[-1] == " " and following[1] == ""


def _found(rows: Rows, prompts: List[_Prompt]) -> Optional[_Found]:
    """The lowest row that begins with one of these."""
    longest_first = sorted(prompts, key=lambda one: -len(one.left))
    for at in reversed(rows.shown):
        if at - 1 in rows.wrapped:
            continue
        for prompt in longest_first:
            left = _text(prompt.left)
            if _text(rows.at(at)[: len(prompt.left)]) == left:
                return at, prompt
    return None


def _taken_away(rows: Rows, top: int, start: int, right: Cells) -> bool:
    """Take away what stood right of the prompt; False where that can't be told from the line."""
    row = rows.at(top)
    shown = [start + col for col, cell in enumerate(right) if (cell or " ").strip()]
    if not shown:
        return True
    if all(row[col] == right[col - start] for col in shown):
        for col in range(shown[0], shown[-1] + 1):
            row[col] = None
        return True
    over = bool((row[shown[-1]] or " ").strip())  # the line came to it, or it has changed
    return not over or (rows.full(top) and rows.at(top + 1)[0] is not None)


def _unbroken(row: Cells) -> Optional[str]:
    """The text of a row; None where it has a hole: then it is not all of one line.

    A single cell may be one: zsh skips a blank that it knows to be there.
    """
    end = 1 + max((col for col, cell in enumerate(row) if (cell or " ").strip()), default=-1)
    while end < len(row) and row[end] is not None:
        end += 1
    broken = any(one is None and next_one is None for one, next_one in zip(row, row[1:end]))
    return None if broken else _text(row[:end])


def _text(row: Cells) -> str:
    return "".join(" " if cell is None else cell for cell in row)
