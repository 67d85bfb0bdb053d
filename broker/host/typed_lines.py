"""What is typed at one terminal: at which prompt, by whom, and what line it became.

Where a shell tells its commands, its marks decide; elsewhere, what the screen shows is told, as
``entered`` entries of the session log.
"""

from __future__ import annotations

from typing import Callable, Dict, List, Optional, Protocol

from broker.host.command_events import CommandEvents, Told
from broker.host.entered import Entered
from broker.host.line import LineWatch
from broker.host.marks import Mark
from broker.host.prompt import PromptWatch
from broker.host.replies import without_replies
from broker.host.secret_prompt import SecretPrompt
from broker.host.shares import Shares

QUIET_SECONDS = 0.2
"""A shell that does not announce its prompts is at one when it has printed nothing for so long."""
SETTLED_SECONDS = 0.05
"""All of a prompt, and all that was typed, is shown when nothing happened for so long."""
_EDITING_SHELLS = frozenset({"bash", "zsh", "fish"})
_PLAIN_SHELLS = frozenset({"sh", "dash", "ash", "busybox", "ksh", "ksh93", "mksh", "csh", "tcsh"})


class Reader(Protocol):
    """Who reads what is typed: the PTY, and the program in front of it."""

    @property
    def reads_secret(self) -> bool:
        """Whether a line is read and not shown."""

    @property
    def reads_lines(self) -> bool:
        """Whether the kernel edits the line."""

    @property
    def front(self) -> str:
        """The name of the program."""


class TypedLines:
    """One terminal's. Feed it all output, all marks and all keys, in order.

    ``log_entered`` is called with the fields of an ``entered`` entry that is due.
    """

    def __init__(
        self,
        cols: int,
        commands: CommandEvents,
        reader: Reader,
        clock: Callable[[], float],
        mask: Callable[[str], str],
        log_entered: Callable[..., None],
    ) -> None:
        self.typists: List[str] = []
        """Who typed the line that was entered last."""
        self._line = LineWatch(cols)
        self.prompt = PromptWatch(self._line)
        self._commands = commands
        self._reader = reader
        self._clock = clock
        self.mask = mask
        """Takes the secrets out of a text."""
        self._log_entered = log_entered
        self._shares = Shares()
        self._entered = Entered()
        self._secret = SecretPrompt()
        self._printed_at = self._typed_at = 0.0

    # --- output -----------------------------------------------------------------------------

    def printed(self, data: bytes) -> bool:
        """Take in output; whether a line editor has begun to read a line."""
        self._printed_at = self._clock()
        self._secret.printed(data)
        began = self.prompt.printed(data)
        if self._commands.at_prompt:
            self._line.told.clear()  # the shell itself will tell
        elif self._line.told:
            told, self._line.told = self._line.told, []
            self._entered.tell(told, self._clock())
            self.log_due()
        return began

    def marked(self, mark: Mark) -> List[Told]:
        """Take in what a shell says; the entries that it makes."""
        self._line.forget()
        if self._entered.waits:
            self._log()  # before the end of that within which it was entered
        return self._commands.take(mark)

    def resized(self, cols: int) -> None:
        """The terminal has another width, or height."""
        self._line.resized(cols)

    # --- keys -------------------------------------------------------------------------------

    def typed(self, data: bytes, person: str, *, secret: bool) -> None:
        """Take in keys of this person; ``secret``: the kernel says that they are not shown."""
        t = self._clock()
        secret = secret or self._secret.asks
        if not secret:  # how long a password is, is nobody's business
            self._shares.typed(person, data)
        keys = without_replies(data)
        if not keys:
            return
        settled = t - max(self._printed_at, self._typed_at) >= SETTLED_SECONDS
        self._typed_at = t
        if self.prompt.bracketed and self._reader.reads_lines:
            self._line.lose()  # something is asked in its midst: what becomes of it then?
        if not (secret or self._line.reading):
            if self._seems_at_prompt():
                self._line.begin(announced=False)
            elif self._quiet and self._line.asked and not self.prompt.full_screen:
                self._line.begin(announced=False, suggests=not self._reader.reads_lines)
        if self.prompt.typed(keys, settled=settled, ahead=self._ahead):
            self._enter(self._shares.take(), person, t)

    def _enter(self, shares: Dict[str, int], person: str, t: float) -> None:
        self.typists = sorted(shares) or self.typists
        if self._commands.at_prompt:
            self._commands.enter(shares or {person: 0})
            return
        self._commands.enter_elsewhere(shares)
        if self._entered.of_others(shares, t):
            self._log()
        self._entered.enter(shares, t)
        self.log_due()

    def lose(self) -> None:
        """Some of what was typed will not be read."""
        self._line.lose()

    # --- the log ----------------------------------------------------------------------------

    def log_due(self) -> None:
        """Log what was entered and who typed how much of it, if it is time."""
        if self._entered.due(self._clock(), coming=self._coming):
            self._log()

    def finish(self, status: Optional[int]) -> List[Told]:
        """The shell has ended: log what waits; the entries that end its commands."""
        if self._entered.waits:
            self._log()
        return self._commands.close(status)

    @property
    def _coming(self) -> bool:
        return self._line.coming and not self.prompt.full_screen

    def _log(self) -> None:
        fields = self._entered.take(self._clock(), coming=self._coming)
        if "line" in fields:
            fields["line"] = self.mask(str(fields["line"]))
        self._log_entered(**fields)

    # --- the prompt -------------------------------------------------------------------------

    def unready(self, text: str) -> str:
        """Why this text can't be typed and run now, as it is; empty where it can."""
        prompt = self.prompt
        if prompt.full_screen:
            return "a program fills the screen"
        if self._reader.reads_secret:
            return "a password is asked for"
        if prompt.at_prompt:
            if prompt.continued:
                return "the shell waits for the rest of a command: end it, or press Ctrl-C"
        elif not self._seems_at_prompt():
            return "no shell waits for a line"
        elif "\n" in text:
            return "this shell does not take several lines as one"
        if prompt.typed_on:
            return "something is typed on the line: end it with Enter, or clear it with Ctrl-C"
        return ""

    @property
    def _ahead(self) -> bool:
        """What is typed now waits in the kernel for the next prompt, unless Enter comes first."""
        if self.prompt.full_screen or self.prompt.at_prompt:
            return False
        return self._reader.reads_lines or self._reader.front.lstrip("-") in _EDITING_SHELLS

    @property
    def _quiet(self) -> bool:
        """Whoever may wait for a line does not announce it, and prints nothing."""
        return not self.prompt.bracketed and self._clock() - self._printed_at >= QUIET_SECONDS

    def _seems_at_prompt(self) -> bool:
        """For shells that do not announce their prompts."""
        if not self._quiet:
            return False
        front = self._reader.front.lstrip("-")
        if front in _EDITING_SHELLS:
            return not self._reader.reads_lines
        return front in _PLAIN_SHELLS
