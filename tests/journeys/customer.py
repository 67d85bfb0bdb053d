"""A customer: a home of their own, a terminal, and the real ``jumpseat grant`` in it."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from broker.recording import session_log
from tests.journeys import processes, terminal
from tests.journeys.broker import JUMPSEAT
from tests.journeys.terminal import Terminal
from tests.journeys.waiting import until


class Customer:
    """One customer on one host.

    ``program`` is how they run Jumpseat. The folders of ``home`` take the places of the host's.
    """

    def __init__(
        self, home: Path, env: Mapping[str, str], program: Sequence[str] = (JUMPSEAT,)
    ) -> None:
        self.program = tuple(program)
        self.state = home / "state"
        self._commands = 0
        home.mkdir()
        self.env = {
            **env,
            "HOME": str(home),
            "JUMPSEAT_STATE_DIR": str(self.state),
            "JUMPSEAT_RUNTIME_DIR": str(home / "run"),
        }
        self.mark = f"{env[processes.MARK]}-{home.name}."
        self.env[processes.MARK] = self.mark
        self.terminal: Terminal
        self.session = ""
        self._earlier: set[str] = set()

    async def asks(self, *arguments: str, size: tuple[int, int] = (80, 24)) -> Terminal:
        """Run ``jumpseat ARGUMENTS`` in a new terminal."""
        self.terminal = Terminal(size)
        await self.terminal.run([*self.program, *arguments], self.env)
        return self.terminal

    async def grants(
        self, code: str, url: str, *options: str, size: tuple[int, int] = (80, 24)
    ) -> str:
        """Grant, consent, and wait for the shell and for the link; the session's id.

        The host's state is read, and its other terminals are looked at, only where ``options`` say
        so: most tests have two cores for other things.
        """
        quiet = [one for one in ("--drift", "--others") if one not in options]
        off = [word for one in quiet for word in (one, "off")]
        seat = await self.asks("grant", code, "--broker", url, *off, *options, size=size)
        await seat.expect('Type "I agree"')
        seat.type("I agree\n")
        await seat.expect("`exit` ends it.")
        known = {path.parent.name for path in self.state.glob("*/session.json")}
        (self.session,) = known - self._earlier
        self._earlier |= known
        await self.at_shell()
        await self.until_logged("link_up")
        return self.session

    async def at_shell(self) -> None:
        """Wait for the shell's prompt, and that it answers; keys typed earlier may get lost."""
        await self.terminal.expect(re.compile(rb"[$#] "))
        await self.runs("true")

    async def runs(self, command: str) -> None:
        """Type a command and wait until it has ended."""
        self._commands += 1
        # The quotes keep the echo of the line from being taken for its output.
        self.terminal.type(f"{command}; echo 'done'-{self._commands}.\n")
        await self.terminal.expect(f"done-{self._commands}.")

    async def command(self, *arguments: str) -> tuple[int, str, str]:
        """Run ``jumpseat ARGUMENTS`` as from another shell: exit status, output, errors."""
        return await terminal.run([*self.program, *arguments], self.env)

    async def does(self, *arguments: str) -> str:
        """Run ``jumpseat ARGUMENTS``, which must succeed; what it printed."""
        status, out, err = await self.command(*arguments)
        assert status == 0, err
        return out

    async def status(self) -> Any:  # noqa: ANN401 - JSON is anything
        """What ``jumpseat status --json`` tells."""
        return json.loads(await self.does("status", "--json"))

    def names(self) -> list[str]:
        """The session's streams on this host."""
        folder = self.state / self.session
        return sorted(path.name for path in folder.iterdir() if path.suffix in {".cast", ".log"})

    def stream(self, name: str) -> bytes:
        """A stream as it is on this host now."""
        return (self.state / self.session / name).read_bytes()

    def log(self, run: int = 1) -> list[session_log.Entry]:
        """A run's session log."""
        whole = self.stream(f"run-{run}.log").decode().splitlines(keepends=True)
        return [session_log.decode(line) for line in whole if line.endswith("\n")]

    def logged(self, event: str, run: int = 1) -> list[session_log.Entry]:
        """The entries of one kind."""
        return [entry for entry in self.log(run) if entry["event"] == event]

    async def until_logged(self, event: str, times: int = 1, run: int = 1) -> session_log.Entry:
        """Wait until an event is in the session log so many times; the last."""
        await until(lambda: len(self.logged(event, run)) >= times, f"{times} x {event}")
        return self.logged(event, run)[times - 1]

    def parts(self, name: str) -> list[processes.Process]:
        """The processes of this host that run as ``jumpseat NAME``."""
        found = {one.pid: one for one in processes.marked(self.mark) if name in one.argv}
        # What one of them has just forked has its parent's arguments until it runs its own program.
        # One that has ended since has no parent any more, and is none of them.
        return [one for one in found.values() if one.parent not in found and one.running]

    def part(self, name: str) -> processes.Process:
        """The one that does."""
        (found,) = self.parts(name)
        return found

    async def close(self) -> None:
        """End the session if there is one, see it delivered, and close the terminal."""
        if self.session and self.parts("recorder"):
            await self.command("end")
            await until(lambda: not self.parts("recorder"), "the recorder to end")
        if hasattr(self, "terminal"):
            await self.terminal.close()
