"""The customer's command line, the same from an installed package and from jumpseat.pyz.

Plain argparse: this runs where nothing can be installed. Facts go to standard output (``--json``
for programs), what went wrong to standard error in one line; the exit status says what kind it
was: 2 misuse, 3 no such session here, 4 broker not reachable, 5 refused, 1 anything else. That of
``verify`` is the verdict, and where there is none, 3, or 64 for misuse.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import socket
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

from broker.host import away_text, command_text, evidence_commands, sessions, speaking
from broker.host.arguments import parser, wanted
from broker.host.asking import VOICE, typed_text, typed_words
from broker.host.columns import plain
from broker.host.earlier_runs import all_entries
from broker.host.failures import Declined, Failed, Misused, NotFound, reader_gone
from broker.host.granting import grant
from broker.host.invocation import spoken
from broker.host.logins.mounts import clear_left
from broker.host.logins.relay import NotRecorded, asked, relay
from broker.host.notes import checked
from broker.host.session_file import load
from broker.host.view.keyboard import key_name
from broker.host.view.terminal import Left, TerminalView
from broker.recording import commands

_DELIVER_SECONDS = 10.0
_OVERRIDE = "override"
# What the recorder is told with a command.
_ARGUMENTS = {
    "mode": ("mode",),
    "extend": ("seconds",),
    "hold": ("text", "patterns"),
    "lift": ("hold",),
}


def main(argv: List[str]) -> int:
    """Run one command; its exit status."""
    if argv and argv[0] in _PROCESSES:
        return _PROCESSES[argv[0]](argv[1:])
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # names in letters that this locale lacks
    try:
        args = parser().parse_args(argv)
    except SystemExit as ended:
        if argv[:1] == ["verify"] and ended.code == Misused.status:
            return evidence_commands.MISUSED  # 2 is a verdict
        raise
    clear_left()
    try:
        status = _COMMANDS.get(args.command, _do)(args)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        return reader_gone()
    except Failed as failure:
        print(f"jumpseat: {failure}", file=sys.stderr)
        return failure.status
    except KeyboardInterrupt:
        return 130


def _grant(args: argparse.Namespace) -> int:
    return _take_seat(grant(wanted(args)), args.prefix)


def _reattach(args: argparse.Namespace) -> int:
    if os.environ.get("JUMPSEAT_SESSION"):
        raise Misused("this shell is in the session already")
    if not (os.isatty(0) and os.isatty(1)):
        raise Misused("reattach needs a terminal (ssh: use -t)")
    session: Optional[str] = args.session
    number: Optional[int] = args.terminal
    try:
        sessions.connect(session).close()
    except NotFound:
        folder = sessions.stopped(session)
        print("The recorder was stopped. It starts again, with a new shell.\n")
        sessions.start_recorder(folder)
        session, number = folder.name, None  # of the terminals before, none is left
    return _take_seat(session, args.prefix, number)


def _take_seat(session: Optional[str], prefix: bytes, number: Optional[int] = None) -> int:
    with sessions.connect(session) as recorder:
        facts = sessions.do(recorder, "status")
    terminal = _terminal(facts, number)
    print(speaking.entry(facts, key_name(prefix), spoken()))
    view = TerminalView(
        lambda: sessions.connect(facts["session"]),
        sys.stdin.fileno(),
        sys.stdout.fileno(),
        prefix,
        terminal,
    )
    try:
        view.run()
    except (Left, OSError) as left:
        raise Failed(f"you have left the seat: {left}") from None
    late = sessions.wait_until_delivered(facts["session"], _DELIVER_SECONDS)
    print(f"\nSession {facts['session']} has ended. {_where(facts['folder'])}")
    if facts["link"] == "offline":
        print(f"`{spoken()} bundle {facts['session']} -o FILE` makes one file to carry out.")
    elif late is not None:
        print(
            f"{late['unheld']} bytes have yet to reach the broker, and it has yet to sign that it "
            f"has all; that goes on by itself when the link is there (`{spoken()} status`)."
        )
    elif not _is_delivered(Path(facts["folder"])):
        print(f"Not all of it is at the broker: `{spoken()} reconnect` delivers the rest.")
    return 0


def _terminal(facts: Dict[str, Any], number: Optional[int]) -> str:
    """The name of the terminal with this number; empty for whichever is first."""
    if number is None:
        return ""
    names = {one["number"]: str(one["name"]) for one in facts["terminals"]}
    if number not in names:
        there = ", ".join(map(str, sorted(names))) or "none"
        raise NotFound(f"there is no terminal {number} in this session (there: {there})")
    return names[number]


def _where(folder: str) -> str:
    with contextlib.suppress(OSError):  # root's, which we can't see
        if not Path(folder).exists():
            return f"{folder} was removed: this host keeps nothing of it."
    return f"It is recorded in {folder}."


def _is_delivered(folder: Path) -> bool:
    try:
        return load(folder).delivered
    except NotFound:  # root's, which we can't read
        return True


def _do(args: argparse.Namespace) -> int:
    """A command that the recorder carries out as it is."""
    command = "status" if args.command == "holds" else args.command.replace("-", "_")
    arguments = {name: getattr(args, name) for name in _ARGUMENTS.get(command, ())}
    with sessions.connect(args.session) as recorder:
        return _tell(args, sessions.do(recorder, command, VOICE, **arguments))


def _reconnect(args: argparse.Namespace) -> int:
    """Have the link made; of a session that has ended, have delivered what the broker lacks."""
    try:
        return _do(args)
    except NotFound:
        folder = sessions.undelivered(args.session)
    sessions.start_recorder(folder)
    args.session = folder.name
    try:
        return _do(args)
    except Failed:
        if not load(folder).delivered:
            raise
    # There was so little of it that the recorder has done it, and is gone.
    told = {"session": folder.name, "ended": True, "unheld": 0}
    print(json.dumps(told) if args.json else "all of it is at the broker")
    return 0


def _note(args: argparse.Namespace) -> int:
    text = " ".join(args.text) or typed_text(
        "What happened? Lines, up to an empty one or Ctrl-D; Ctrl-C says nothing."
    )
    try:
        note = checked(text)
    except ValueError as error:
        raise Misused(f"nothing was noted: {error}") from None
    with sessions.connect(args.session) as recorder:
        return _tell(args, sessions.do(recorder, "note", VOICE, text=note))


def _away(args: argparse.Namespace) -> int:
    with sessions.connect(args.session) as recorder:
        told = sessions.do(recorder, "away")["away"]
    print(json.dumps(told) if args.json else away_text.read_out(told, spoken()))
    return 0


def _list_commands(args: argparse.Namespace) -> int:
    folder = sessions.newest(args.session)
    try:
        told = commands.tell(all_entries(folder))
    except OSError as error:
        raise Failed(f"{error.filename or folder}: {error.strerror}") from None
    found = command_text.chosen(told, failed=args.failed, person=args.person, away=args.away)
    print(json.dumps(found) if args.json else "\n".join(command_text.table(found)))
    return 0


def _verify(args: argparse.Namespace) -> int:
    told, verdict = evidence_commands.verified(args)
    print(told)
    return verdict


def _bundle(args: argparse.Namespace) -> int:
    print(evidence_commands.bundled(args))
    return 0


def _shell(args: argparse.Namespace) -> int:
    """A shell here, as one more terminal of the session."""
    if not (os.isatty(0) and os.isatty(1)):
        raise NotRecorded("a recorded shell needs a terminal (ssh: use -t)")
    session: Optional[str] = args.id
    try:
        if os.environ.get("JUMPSEAT_SESSION"):
            # A pane in the session: its keys may be an engineer's, and none of them is ours.
            return relay(sessions.connect(session), asked("shell"))
        with sessions.connect(session) as recorder:
            session = sessions.do(recorder, "status")["session"]
        view = TerminalView(
            lambda: sessions.connect(session), 0, 1, args.prefix, begin=lambda: asked("shell")
        )
        return view.run()
    except (Failed, Left, OSError) as why:
        raise NotRecorded(str(why)) from None


def _answer(args: argparse.Namespace) -> int:
    """``approve`` or ``refuse``: a proposal, or what else an engineer has asked for."""
    yes = args.command == "approve"
    with sessions.connect(args.session) as recorder:
        facts = sessions.do(recorder, "status")
        for one in facts["requests"]:
            if one["request"] == args.id:
                _check_request(one["what"], yes=yes)
                answer = sessions.do(recorder, "answer", VOICE, request=args.id, yes=yes)
                return _tell(args, answer)
        if not yes:
            word = " ".join(args.word)
            answer = sessions.do(recorder, "refuse", VOICE, proposal=args.id, word=word)
            return _tell(args, answer)
        for one in facts["proposals"]:
            if one["proposal"] == args.id:
                return _tell(args, _approve(recorder, one))
    raise NotFound(
        f"nothing with the id {plain(args.id)} waits for an answer (`{spoken()} status`)"
    )


def _check_request(what: str, *, yes: bool) -> None:
    """A yes to more than a terminal is given by granting it."""
    if yes and what != "terminal":
        more = "extend TIME" if what == "time" else f"mode {plain(what)}"
        raise Failed(f"say yes to that with `{spoken()} {more}`, which takes your typed consent")


def _approve(recorder: socket.socket, proposal: Dict[str, Any]) -> Dict[str, Any]:
    """Let a proposal run as it was proposed; where it touches a hold, on the typed word."""
    holds = [f"A hold is up: {plain(hold['text'])}" for hold in proposal["holds"]]
    if holds and typed_words("\n".join(holds), _OVERRIDE).strip() != _OVERRIDE:
        raise Declined("not approved: a hold is up")
    return sessions.do(
        recorder,
        "approve",
        VOICE,
        proposal=proposal["proposal"],
        text=proposal["text"],
        times=0,
        kind="",
        override=bool(holds),
    )


def _tell(args: argparse.Namespace, facts: Dict[str, Any]) -> int:
    if os.environ.get("JUMPSEAT_SESSION") == facts["session"]:
        facts["page"] = ""  # this shell is recorded, and engineers see it: the link is not for them
    print(json.dumps(facts) if args.json else speaking.outcome(args.command, facts, spoken()))
    return 0


_COMMANDS: Dict[str, Callable[[argparse.Namespace], int]] = {
    "grant": _grant,
    "reattach": _reattach,
    "reconnect": _reconnect,
    "approve": _answer,
    "refuse": _answer,
    "note": _note,
    "away": _away,
    "commands": _list_commands,
    "shell": _shell,
    "verify": _verify,
    "bundle": _bundle,
}


def _recorder(arguments: List[str]) -> int:
    from broker.host import recorder_process

    return recorder_process.main(Path(arguments[0]))


def _uplink(arguments: List[str]) -> int:
    from broker.host import uplink

    return uplink.main(int(arguments[0]))


def _redeem(_: List[str]) -> int:
    from broker.host import redeem

    return redeem.main()


def _fingerprint(_: List[str]) -> int:
    from broker.host.probes import process

    return process.main()


def _execs(_: List[str]) -> int:
    from broker.host.execs import process

    return process.main()


def _held(arguments: List[str]) -> int:
    from broker.host import held

    return held.main(arguments)


def _guard(arguments: List[str]) -> int:
    from broker.host.logins import guardian

    return guardian.main(arguments)


def _login(arguments: List[str]) -> int:
    from broker.host.logins import asking

    return asking.login(arguments)


def _marks(arguments: List[str]) -> int:
    from broker.host.logins import asking

    return asking.marks(arguments)


# Processes that these commands start; each imports only what it needs.
_PROCESSES: Dict[str, Callable[[List[str]], int]] = {
    "recorder": _recorder,
    "uplink": _uplink,
    "redeem": _redeem,
    "fingerprint": _fingerprint,
    "execs": _execs,
    "held": _held,
    "guard": _guard,
    "login": _login,
    "marks": _marks,
}
