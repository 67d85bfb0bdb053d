"""``jumpseat demo``: the whole of it on one machine, with you as the customer and the engineer."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from broker.cli.failure import Failed

_STOP_SECONDS = 10
_CLEAR = "\033[2J\033[H"
_WELCOME = """
  J U M P S E A T   -   a demonstration on this machine

  1. You are the ENGINEER in your browser. Open this link (it works once):

       {link}

  2. You are the CUSTOMER in this terminal. What they would have pasted begins below:
     read the terms, type the consent, and use the shell. The session appears in the
     browser: open it there, and propose a line, say `uptime`.

  3. Here, Ctrl-] and then `a` shows you the line; `r` lets it run. Ctrl-] and then `c`
     lets the engineer type. Ctrl-] and then space takes it all back, and gives it back.

  4. The link of your own page is printed when the shell opens: see it in a second window.

  5. Cut the link from the shell with `jumpseat disconnect`, run something, and come back
     with `jumpseat reconnect`. It is all in the replay. `exit` ends the session.
"""


@click.command("demo")
@click.option(
    "--data",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="The demo broker's data directory.  [default: ~/.local/state/jumpseat-demo]",
)
def command(data: Path | None) -> None:
    """Start a broker on a free port, print the engineer's link, and sit down as the customer.

    Needs a terminal. When the session has ended, the broker goes on for the replay until Enter.
    """
    if not sys.stdin.isatty():
        raise Failed("the demo is for a terminal: you are the customer in it", 2)
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, _leave)  # a window that is closed takes the broker with it
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state")
    with _broker(data or state / "jumpseat-demo") as (url, link, code):
        print(_CLEAR + _WELCOME.format(link=link), flush=True)
        # So that `jumpseat` is a command in the demo's shell too.
        os.environ["PATH"] += os.pathsep + str(Path(sys.executable).parent)
        from broker.host.command import main as at_the_customer  # noqa: PLC0415 - needs no click

        status = at_the_customer(["grant", code, "--broker", url])
        if status == 0:
            input(f"\nThe replay is at {url}; press Enter to stop the broker. ")
    sys.exit(status)


def _leave(number: int, _: object) -> None:
    sys.exit(128 + number)


@contextmanager
def _broker(data: Path) -> Iterator[tuple[str, str, str]]:
    """A broker of our own, while the block runs: its URL, a sign-in link, an invitation's code."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    at = ["--data", str(data), "--json"]
    with (data / "broker.log").open("a") as log:
        process = subprocess.Popen(
            [*_JUMPSEAT, "serve", "--listen", "127.0.0.1:0", *at, "--engineer", "engineer"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,  # Ctrl-C is for the shell of the demo
        )
    try:
        ready = _first_json(process)
        invited = json.loads(
            subprocess.check_output([*_JUMPSEAT, "invite", "--case", "A demonstration", *at])
        )
        yield ready["url"], ready["sign_in"], invited["code"]
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


_JUMPSEAT = [sys.executable, "-I", "-m", "broker.cli"]


def _first_json(process: "subprocess.Popen[str]") -> dict[str, Any]:
    text = ""
    for line in process.stdout or ():
        text += line
        if line == "}\n":
            told: dict[str, Any] = json.loads(text)
            return told
    raise Failed("the broker did not start; see broker.log in its data directory")
