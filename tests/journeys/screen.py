"""What a screen shows after bytes were printed on it."""

import avt


class Screen:
    """A terminal emulator, for looking."""

    def __init__(self, cols: int = 80, rows: int = 24) -> None:
        self._vt = avt.Vt(cols, rows)

    def show(self, printed: bytes) -> "Screen":
        """Print."""
        self._vt.feed_str(printed.decode("utf-8", "replace"))
        return self

    def resize(self, cols: int, rows: int) -> "Screen":
        """Change the window."""
        self._vt.resize(cols, rows)
        return self

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        return self._vt.size

    @property
    def lines(self) -> list[str]:
        """The rows, without trailing blanks."""
        return [line.text.rstrip() for line in self._vt.view()]

    @property
    def text(self) -> str:
        """The rows as one text."""
        return "\n".join(self.lines).rstrip("\n")
