"""Real programs in a terminal of their own, and tmux as another emulator of what they print."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.journeys import processes
from tests.journeys.waiting import PATIENCE_SECONDS


def program(
    argv: list[str], keys: list[bytes], cols: int = 100, rows: int = 30, quiet: float = 0.4
) -> list[bytes]:
    """What it prints until it ends or all keys are pressed, as it is read.

    Each key is pressed once it has been quiet for so long, and not because it is kept waiting.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
    env = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "PS1": "$ ", "HISTFILE": ""}
    process = subprocess.Popen(
        ["setsid", "--ctty", *argv], stdin=theirs, stdout=theirs, stderr=theirs, env=env
    )
    os.close(theirs)
    out: list[bytes] = []
    try:
        for key in [b"", *keys]:
            os.write(ours, key)
            end = time.monotonic() + PATIENCE_SECONDS
            while time.monotonic() < end:
                if select.select([ours], [], [], quiet)[0]:
                    out.append(os.read(ours, 4096))
                elif not _wants_to_run(process.pid):
                    break
    except OSError:  # it has ended
        pass
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return out


def _wants_to_run(leader: int) -> bool:
    """Whether anything of its session would do more, if the machine let it."""
    return any(
        one.state in "RD" and leader in (one.pid, one.session) for one in processes.running()
    )


class Tmux:
    """A terminal of this size, of which tmux is the emulator."""

    def __init__(self, folder: Path, cols: int, rows: int) -> None:
        self._socket = folder / "tmux"
        self._folder = folder
        self._cols, self._rows = cols, rows

    def seen(self, printed: bytes) -> list[str]:
        """Its lines from the first one on, wrapped ones joined, after it was printed this."""
        (self._folder / "printed").write_bytes(printed + b"\x1b]2;all of it\x07")
        (self._folder / "conf").write_text("set -g history-limit 100000\nset -g status off\n")
        show = f"stty raw -echo; cat {self._folder / 'printed'}; exec sleep 60"
        size = ["-x", str(self._cols), "-y", str(self._rows)]
        self._tmux("-f", str(self._folder / "conf"), "new-session", "-d", *size, show)
        while self._tmux("display-message", "-p", "#{pane_title}") != "all of it\n":
            time.sleep(0.01)
        return self._tmux("capture-pane", "-p", "-J", "-S", "-").split("\n")

    def close(self) -> None:
        """End it."""
        self._tmux("kill-server")

    def _tmux(self, *words: str) -> str:
        env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}
        done = subprocess.run(
            ["tmux", "-u", "-S", str(self._socket), *words],
            env=env, capture_output=True, text=True, check=True, timeout=20,
        )  # fmt: skip
        return done.stdout


@contextmanager
def tmux(folder: Path, cols: int, rows: int) -> Iterator[Tmux]:
    """A tmux that is gone when the block ends."""
    terminal = Tmux(folder, cols, rows)
    try:
        yield terminal
    finally:
        terminal.close()
