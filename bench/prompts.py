"""What our hooks add to a prompt: the same shell with and without them, in turns.

A round is Enter on a line of a builtin, to the next prompt. The shell is at a terminal of its own;
nothing of the recorder is between.
"""

import os
import pty
import shutil
import signal
import statistics
import tempfile
import time
from pathlib import Path

from broker.host.hold_file import patterns_path, write_patterns
from broker.host.holds import Holds
from broker.host.marks import new_nonce
from broker.host.shells.start import HoldsAt, Start, holds_at, start, write

ROUNDS = 300
_WARM_UP = 20
_PROMPT = "ready$ "
_EDITOR = b"\x1b[?2004h"
_FILES = {
    ".bashrc": f"PS1='{_PROMPT}'\n",
    ".zshrc": f"PS1='{_PROMPT}'\n",
    ".config/fish/config.fish": f"""
function fish_prompt; echo -n '{_PROMPT}'; end
function fish_greeting; end
set -g fish_autosuggestion_enabled 0
""",
}


class Shell:
    """A shell at a terminal."""

    def __init__(self, program: str, env: dict[str, str], begin: Start) -> None:
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            os.chdir(env["HOME"])
            os.execve(program, [program, *begin.arguments], {**env, **begin.env})  # noqa: S606
        self._until_prompt()

    def _until_prompt(self) -> None:
        seen = b""
        while _EDITOR not in seen or _PROMPT.encode() not in seen:
            seen += os.read(self._terminal, 65536)

    def round(self) -> float:
        """Seconds from Enter to the next prompt."""
        os.write(self._terminal, b":")
        time.sleep(0.002)
        os.read(self._terminal, 65536)
        began = time.perf_counter()
        os.write(self._terminal, b"\r")
        self._until_prompt()
        return time.perf_counter() - began

    def close(self) -> None:
        """End it."""
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._terminal)


def _measure(program: str, env: dict[str, str], holds: HoldsAt) -> None:
    begin = start(program, env, holds, new_nonce(), login=False)
    write(holds, begin)
    plain, hooked = Shell(program, env, Start()), Shell(program, env, begin)
    took: dict[Shell, list[float]] = {plain: [], hooked: []}
    for number in range(_WARM_UP + ROUNDS):
        for shell, times in took.items():
            seconds = shell.round() * 1000
            if number >= _WARM_UP:
                times.append(seconds)
    without, with_us = (statistics.median(times) for times in took.values())
    for shell in took:
        shell.close()
    name = f"a prompt of {Path(program).name}, p50"
    added = f"{with_us - without:.2f} ms added"
    print(
        f"{name:<34}{without:>9.2f}{with_us:>9.2f} {'ms':<5}{with_us / without:>7.2f}  {added:<16}"
        "under 2 ms",
        flush=True,
    )


def main() -> None:
    """Every shell that this machine has."""
    print(f"{'':<34}{'without':>9}{'ours':>9} {'':<5}{'ratio':>7}  {'':<16}aim")
    with tempfile.TemporaryDirectory(prefix="prompts-") as name:
        folder = Path(name)
        for path, text in _FILES.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        # Else fish begins a process that makes them.
        (folder / ".local/share/fish/generated_completions").mkdir(parents=True)
        env = {"PATH": os.environ["PATH"], "HOME": name, "TERM": "xterm", "LANG": "C.UTF-8"}
        write_patterns(patterns_path(folder, "s1"), Holds())
        for shell in ("bash", "zsh", "fish"):
            program = shutil.which(shell)
            if program is not None:
                _measure(program, env, holds_at(folder, "s1"))


if __name__ == "__main__":
    main()
