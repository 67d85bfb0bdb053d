"""The customer's command line, the same from an installed package and from jumpseat.pyz.

Plain argparse: this runs where nothing can be installed. Facts go to standard output (``--json``
for programs), what went wrong to standard error in one line; the exit status says what kind it
was: 2 misuse, 3 no such session here, 4 broker not reachable, 5 refused, 1 anything else.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

from broker import __version__
from broker.host import sessions
from broker.host.consent import plain
from broker.host.failures import Failed, Misused, NotFound
from broker.host.granting import Wanted, broker_url, grant, seconds_of
from broker.host.invocation import spoken
from broker.host.session_file import load
from broker.host.terminal import Left, TerminalView
from broker.recording.grant import Away, Mode
from broker.recording.timeline import duration

_DELIVER_SECONDS = 10.0
_COMMANDS = {
    "status": "tell the facts of the session",
    "disconnect": "cut the link to the broker; the shell and the recording go on",
    "reconnect": "let the link be made again",
    "end": "end the session: its shells are hung up, its records closed and delivered",
}


def main(argv: List[str]) -> int:
    """Run one command; its exit status."""
    if argv and argv[0] in _PROCESSES:
        return _PROCESSES[argv[0]](argv[1:])
    args = _parser().parse_args(argv)
    run: Callable[[argparse.Namespace], int] = args.run
    try:
        return run(args)
    except Failed as failure:
        print(f"jumpseat: {failure}", file=sys.stderr)
        return failure.status
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jumpseat",
        description="The customer's side of Jumpseat: grant a seat at a terminal of this host, "
        "see what it is used for, take it back.",
    )
    parser.add_argument("--version", action="version", version=f"jumpseat {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    one = commands.add_parser(
        "grant",
        help="show the terms of an invitation, and on consent open a recorded shell",
        description="Show the terms of an invitation and, on typed consent, open a recorded "
        "shell here. With sudo the recorder runs as root and the shell as you.",
    )
    one.add_argument("code", metavar="CODE", help="the invitation's code")
    one.add_argument(
        "--broker", required=True, type=_checked(broker_url), metavar="URL", help="whose code it is"
    )
    one.add_argument(
        "--mode",
        type=Mode,
        choices=list(Mode),
        default=Mode.WATCH,
        metavar="MODE",
        help="what the engineer may do: watch (the default) or control",
    )
    one.add_argument(
        "--for",
        dest="seconds",
        type=_checked(seconds_of),
        metavar="TIME",
        help="how long, as 30m or 1h30m; 2h unless told, and never more than the broker allows",
    )
    one.add_argument(
        "--away",
        type=Away,
        choices=list(Away),
        default=Away.PAUSE,
        metavar="POLICY",
        help="when you leave the terminal: pause (the default) holds the engineer's typing off, "
        "continue does not, end ends the session",
    )
    one.set_defaults(run=_grant)

    one = commands.add_parser("reattach", help="take the seat of a running session again")
    _add_session(one)
    one.set_defaults(run=_reattach)

    for name, text in _COMMANDS.items():
        one = commands.add_parser(name, help=text, description=text.capitalize() + ".")
        _add_session(one)
        one.add_argument("--json", action="store_true", help="print the facts as JSON")
        one.set_defaults(run=_do, command=name)
    return parser


def _add_session(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--session", metavar="ID", help="which one, where several are live")


def _checked(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Let argparse print what ``read`` has to say of a bad value."""

    def checked(text: str) -> Any:  # noqa: ANN401 - whatever the reader gives
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return checked


def _grant(args: argparse.Namespace) -> int:
    session = grant(Wanted(args.code, args.broker, args.mode, args.away, args.seconds))
    print(
        f"Session {session}. Closing this terminal does not end it: `{spoken()} reattach` comes "
        "back, `exit` ends it.\n"
    )
    return _take_seat(session)


def _reattach(args: argparse.Namespace) -> int:
    if os.environ.get("JUMPSEAT_SESSION"):
        raise Misused("this shell is in the session already")
    if not (os.isatty(0) and os.isatty(1)):
        raise Misused("reattach needs a terminal (ssh: use -t)")
    try:
        sessions.connect(args.session).close()
        return _take_seat(args.session)
    except NotFound:
        folder = sessions.stopped(args.session)
    print("The recorder was stopped. It starts again, with a new shell.\n")
    sessions.start_recorder(folder)
    return _take_seat(folder.name)


def _take_seat(session: Optional[str]) -> int:
    with sessions.connect(session) as recorder:
        facts = sessions.do(recorder, "status")
        recorder.settimeout(None)
        try:
            TerminalView(recorder, sys.stdin.fileno(), sys.stdout.fileno()).run()
        except (Left, OSError) as left:
            raise Failed(f"you have left the seat: {left}") from None
    late = sessions.wait_until_delivered(facts["session"], _DELIVER_SECONDS)
    print(f"\nSession {facts['session']} has ended. It is recorded in {facts['folder']}.")
    if late is not None:
        print(
            f"{late['unheld']} bytes have yet to reach the broker; they go on their way by "
            f"themselves when the link is there (`{spoken()} status`)."
        )
    elif not _is_delivered(Path(facts["folder"])):
        print(f"Not all of it is at the broker: `{spoken()} reconnect` delivers the rest.")
    return 0


def _is_delivered(folder: Path) -> bool:
    try:
        return load(folder).delivered
    except NotFound:  # root's, which we can't read
        return True


def _do(args: argparse.Namespace) -> int:
    try:
        recorder = sessions.connect(args.session)
    except NotFound:
        if args.command != "reconnect":
            raise
        # It has ended; what the broker lacks can still be delivered.
        folder = sessions.undelivered(args.session)
        sessions.start_recorder(folder)
        recorder = sessions.connect(folder.name)
    with recorder:
        facts = sessions.do(recorder, args.command)
    print(json.dumps(facts) if args.json else _read_out(facts))
    return 0


def _read_out(facts: Dict[str, Any]) -> str:
    watching = ", ".join(map(plain, facts["watching"])) or "nobody"
    state = "ended" if facts["ended"] else f"{duration(facts['seconds_left'])} left"
    keeper = facts["recorder"] if facts["protected"] else f"{facts['recorder']} (weaker evidence)"
    rows = {
        "session": f"{facts['session']}, {state}",
        "case": plain(facts["case"]),
        "engineer": f"{plain(facts['engineer'])}, at {facts['broker']}",
        "mode": f"{facts['mode']}; when you are away: {facts['away']}",
        "link": facts["link"],
        "watching": watching,
        "seat": "you are at the terminal" if facts["seated"] else f"empty ({spoken()} reattach)",
        "recorder": f"runs as {keeper}, the shell as {facts['shell']}",
        "records": facts["folder"],
        "undelivered": f"{facts['unheld']} bytes",
    }
    return "\n".join(f"{name:<12}{value}" for name, value in rows.items())


def _recorder(arguments: List[str]) -> int:
    from broker.host import recorder

    return recorder.main(Path(arguments[0]))


def _uplink(arguments: List[str]) -> int:
    from broker.host import uplink

    return uplink.main(int(arguments[0]))


def _redeem(_: List[str]) -> int:
    from broker.host import redeem

    return redeem.main()


# Processes that these commands start; each imports only what it needs.
_PROCESSES: Dict[str, Callable[[List[str]], int]] = {
    "recorder": _recorder,
    "uplink": _uplink,
    "redeem": _redeem,
}
