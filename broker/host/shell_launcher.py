"""Turns a fresh process into the shell of a terminal; run from its source by ``pty.start_shell``.

It stands between fork and exec, where neither threads nor a forked copy of the recorder should
be: it takes the terminal on its standard input as its controlling one and becomes the shell.
"""

import fcntl
import json
import os
import signal
import sys
import termios


def become_shell(argv: "list[str]", program: str, cwd: str) -> None:
    """Never returns. Signals are set back: what we, or who started us, ignore, a shell must not."""
    for signum in signal.valid_signals():
        if signal.getsignal(signum) == signal.SIG_IGN:
            signal.signal(signum, signal.SIG_DFL)
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    try:
        os.chdir(cwd)
    except OSError:
        os.chdir("/")
    os.execv(program, argv)  # noqa: S606 - the user's own shell, by its path


if __name__ == "__main__":
    become_shell(*json.loads(sys.argv[1]))
