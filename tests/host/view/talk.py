"""A dialog with its customer and its recorder, without either."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from broker.host.view.keys import Key, KeyReader
from broker.host.view.panel import Dialog, Drawing, Sheet
from broker.wire.messages import Consent, Consented, Do, Done, Error

T = TypeVar("T")


class Talk(Generic[T]):
    """Runs a dialog. The recorder's answers are given one by one; what it was asked is kept."""

    def __init__(
        self, dialog: Dialog[T], *answers: Done | Error | Consent, size: tuple[int, int] = (80, 24)
    ) -> None:
        self.asked: list[Do | Consented] = []
        self.sheet: Sheet | None = None
        self.over = False
        self.result: T | None = None
        self.answers = list(answers)
        self.size = size
        self._dialog = dialog
        self._go_on(None)

    def _go_on(self, value: Any) -> None:  # noqa: ANN401 - whatever the dialog waits for
        try:
            step = self._dialog.send(value)
            while not isinstance(step, Sheet):
                self.asked.append(step)
                step = self._dialog.send(self.answers.pop(0))
        except StopIteration as end:
            self.over, self.result, self.sheet = True, end.value, None
        else:
            self.sheet = step
            self.drawn()

    def types(self, *keys: bytes) -> Talk[T]:
        """Press keys, each looked at before the next."""
        reader = KeyReader()
        for piece in keys:
            for key in reader.feed(piece) + reader.flush():
                self.press(key)
        return self

    def press(self, key: Key) -> None:
        """Press one key."""
        assert not self.over
        self._go_on(key)

    def drawn(self) -> Drawing:
        """What is shown, once it has been for a moment."""
        assert self.sheet is not None
        self.sheet.pausing = False
        return self.sheet.drawn(*self.size)

    @property
    def text(self) -> str:
        """The same, as text."""
        return "\n".join(text.rstrip() for text, _ in self.drawn().rows)
