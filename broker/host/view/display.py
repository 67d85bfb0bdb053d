"""All that is printed on the customer's terminal, in its order: output, notices, title, panels.

A panel covers the screen; what the shell prints meanwhile is held back, up to a bound.
"""

from __future__ import annotations

import re
from typing import Callable, List, Optional, Tuple

from broker.host.columns import plain
from broker.host.redraw import RESET
from broker.host.view.notices import Notices
from broker.host.view.panel import Sheet, painted
from broker.host.view.printed import Printed
from broker.host.view.printer import Printer

HELD_BYTES = 256 * 1024
LAST_SECONDS = 1.0
"""At the end, a terminal that takes nothing for so long is given up."""
_TITLE_CHARACTERS = 200
_KEEP_TITLE, _OLD_TITLE = b"\x1b[22;2t", b"\x1b[23;2t"
_OPEN, _CLOSE = b"\x1b[?1049h", b"\x1b[?1049l"
_MODES_OFF = (
    b"\x1b[?1l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?1005l\x1b[?1006l\x1b[?1015l"
    b"\x1b[?2004l\x1b[?25h\x1b>\x1b[0m"
)
_CLEAR = b"\x1b[H\x1b[2J"
_MODES_RESET = RESET[len(_CLOSE) :]
# How a redraw of a full screen begins. On the terminal where that screen is still up it must not
# go by the first one: what that shows is to be there when the program ends.
_STEP_BACK = re.compile(rb"\A" + re.escape(RESET + _CLEAR) + rb"\x1b\[\?(?:1049|1047|47)h")
_OLD_KEYBOARD = b"\x1b[=0;1u\x1b[>4;0m"


class Display:
    """The screen in front of the customer.

    ``covers``: whether this kind of terminal has a second screen for panels; without, what they
    covered has to be drawn again.
    """

    def __init__(
        self,
        printer: Printer,
        size: Callable[[], Tuple[int, int]],
        clock: Callable[[], float],
        prefix: str,
        *,
        covers: bool,
    ) -> None:
        self._printer = printer
        self._size = size
        self._clock = clock
        self._covers = covers
        self._printed = Printed(clock())
        self._notices = Notices(prefix)
        self._title = b""
        self._held: List[Optional[bytes]] = []
        self._held_bytes = 0
        self._panel: Optional[Sheet] = None
        self._over_program = False
        self._undrawn = False
        self._uncovered = self._redrawn = False
        printer.write(_KEEP_TITLE)

    @property
    def full(self) -> bool:
        """Whether no more output should come for now."""
        return self._printer.full or self._held_bytes > HELD_BYTES

    @property
    def settled(self) -> bool:
        """Whether the terminal has taken all that was printed: the customer can have seen it."""
        return self._printer.queued == 0

    @property
    def shown(self) -> Optional[Sheet]:
        """The panel, if there is one."""
        return self._panel

    # --- what terminals print ---------------------------------------------------------------

    def begin(self) -> None:
        """What is printed from here on is a terminal's from its beginning, or drawn anew."""
        self._output(None)

    def show(self, data: bytes) -> None:
        """Print what a terminal has printed."""
        self._output(data)

    def _output(self, data: Optional[bytes]) -> None:
        """Print, or hold back; None for a new beginning."""
        if self._panel is not None:
            self._held.append(data)
            self._held_bytes += len(data or b"")
        elif data is None:
            self._redrawn, self._uncovered = self._uncovered and self._printed.full_screen, False
            self._printed = Printed(self._clock(), new_keyboard=self._printed.new_keyboard)
        else:
            ready = self._printed.feed(data, self._clock())
            if self._redrawn and ready:
                self._redrawn = False
                ready = _STEP_BACK.sub(_MODES_RESET + _CLEAR, ready, count=1)
            self._printer.write(ready)
            if self._printed.retitled:
                self._print_title()

    # --- what we print ----------------------------------------------------------------------

    def bell(self) -> None:
        """Say that a key did nothing."""
        if not self.full:
            self._printer.write(b"\x07")

    def title(self, text: str) -> None:
        """Set the title of the window; what programs set is set back to it."""
        self._title = plain(text, _TITLE_CHARACTERS).encode("utf-8", "replace")
        self._print_title()

    def _print_title(self) -> None:
        if self._title and not self._printed.in_string and not self._printer.full:
            self._printer.write(b"\x1b]2;" + self._title + b"\x07")

    def notice(self, kind: str, text: str) -> None:
        """Tell the customer when it is the moment; ``kind`` as ``Notice`` has it."""
        self._notices.add(kind, text, self._clock())

    def answering(self) -> None:
        """The customer looks at what is asked."""
        self._notices.answering()

    def look(self) -> None:
        """Print what had to wait, and the notices whose moment it is."""
        if self._undrawn and not self._printer.full:
            self.redraw()
        if self._panel is None:
            self._printer.write(self._notices.due(self._printed, self._size()[0], self._clock()))

    def wake_at(self) -> Optional[float]:
        """When to ``look`` again, if nothing is printed until then."""
        return self._notices.wake_at(self._printed) if self._panel is None else None

    # --- panels -----------------------------------------------------------------------------

    def draw(self, sheet: Sheet) -> None:
        """Show a sheet over everything, in place of the last one."""
        if self._panel is None:
            self._over_program = self._printed.full_screen or not self._covers
            self._printer.write(b"" if self._over_program else _OPEN)
        self._panel = sheet
        self._undrawn = self._printer.full
        if not self._undrawn:
            self._printer.write(painted(sheet.drawn(*self._size())))

    def redraw(self) -> None:
        """The window has changed, or had no room: draw the panel again, if there is one."""
        if self._panel is not None:
            self.draw(self._panel)

    def uncover(self) -> bool:
        """Take the panel away; whether the recorder has to draw what it covered."""
        if self._panel is None:
            return False
        self._panel, self._undrawn = None, False
        self._printer.write(self._uncovering())
        held, self._held, self._held_bytes = self._held, [], 0
        for data in held:
            self._output(data)
        self._uncovered = self._over_program
        return self._over_program

    def _uncovering(self) -> bytes:
        cursor = b"\x1b[?25h" if self._printed.cursor_shown else b"\x1b[?25l"
        return cursor if self._over_program else b"\x1b[0m" + _CLOSE + cursor

    def end(self) -> None:
        """Leave the terminal as it was before, as far as it takes that."""
        self.uncover()
        modes = RESET + b"\x1b[?1004l" if self._printed.full_screen else _MODES_OFF
        keyboard = _OLD_KEYBOARD if self._printed.new_keyboard else b""
        self._printer.write(keyboard + modes + _OLD_TITLE)
        self._printer.close(LAST_SECONDS)
