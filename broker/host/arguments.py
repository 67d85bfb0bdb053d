"""What can be typed on the customer's command line, and what is told of a bad value."""

from __future__ import annotations

import argparse
from typing import Any, Callable, Tuple

from broker import __version__
from broker.host import choices, evidence_commands
from broker.host.failures import Misused
from broker.host.granting import Wanted, broker_url
from broker.host.view.keyboard import PREFIX
from broker.recording.grant import Away, Mode, Page

# Commands without arguments of their own.
_PLAIN = {
    "status": "tell the facts of the session",
    "away": "tell what happened on this host while you, or the link, were away",
    "holds": "list what is not to be touched on this host",
    "take-back": "hold off all that is the engineers', at once",
    "give-back": "let it through again",
    "revoke": "end for good what the engineers may; the shell and the recording go on",
    "disconnect": "cut the link to the broker; the shell and the recording go on",
    "reconnect": "let the link be made again",
    "end": "end the session: its shells are hung up, its records closed and delivered",
}


def parser() -> argparse.ArgumentParser:
    """The parser; what it reads has the name of the command in ``command``."""
    whole = argparse.ArgumentParser(
        prog="jumpseat",
        description="The customer's side of Jumpseat: grant a seat at a terminal of this host, "
        "see what it is used for, take it back.",
    )
    whole.add_argument("--version", action="version", version=f"jumpseat {__version__}")
    commands = whole.add_subparsers(metavar="COMMAND", dest="command", required=True)

    one = commands.add_parser(
        "grant",
        help="show the terms of an invitation, and on consent open a recorded shell",
        description="Show the terms of an invitation and, on typed consent, open a recorded "
        "shell here. All of them can still be changed there. With sudo the recorder runs as root "
        "and the shell as you.",
    )
    _add_grant(one)

    one = commands.add_parser("reattach", help="take the seat of a running session again")
    _add_session(one)
    _add_prefix(one)
    one.add_argument(
        "--terminal",
        type=_checked(choices.terminals_of),
        metavar="N",
        help="which one; the first unless told",
    )

    one = commands.add_parser(
        "shell",
        help="open a shell here, recorded as one more terminal of the session",
        description="Open a shell here, recorded as one more terminal of the session: in another "
        'window, or in each pane of tmux (set default-command "jumpseat shell"). It ends with '
        "the shell's status; where it can't be recorded, there is no shell, and it is 75.",
    )
    one.add_argument("id", metavar="SESSION", nargs="?", help="which one, where several are live")
    _add_prefix(one)

    for name, text in _PLAIN.items():
        _add_facts(commands.add_parser(name, help=text, description=text.capitalize() + "."))

    one = commands.add_parser("mode", help="change what engineers may: watch, approve, control")
    one.add_argument("mode", type=_checked(choices.mode_of), metavar="MODE")
    _add_facts(one)

    one = commands.add_parser("extend", help="let the grant last longer")
    one.add_argument(
        "seconds", type=_checked(choices.seconds_of), metavar="TIME", help="by how much, as 30m"
    )
    _add_facts(one)

    one = commands.add_parser("hold", help="say what nobody should touch, and stop commands at it")
    one.add_argument("text", metavar="TEXT", help="what both sides are shown")
    one.add_argument(
        "--stop",
        dest="patterns",
        action="append",
        required=True,
        metavar="PATTERN",
        help="lines with these words are stopped before they run; * stands for anything",
    )
    _add_facts(one)

    one = commands.add_parser(
        "note",
        help="say what happened, beside the away report",
        description="Say what happened, in your words: the engineers see it beside the away "
        "report, and it is recorded.",
    )
    one.add_argument(
        "text",
        metavar="TEXT",
        nargs="*",
        help="what you say; without it, lines are read up to an empty one",
    )
    _add_facts(one)

    one = commands.add_parser(
        "commands",
        help="list what was run: by whom, how it ended, how long it took",
        description="List what was run in a session, as this host has recorded it: by whom, how "
        "it ended, how long it took. Works while the session is live and after it. Where the "
        "broker is: jumpseat commands SESSION --data DIR.",
    )
    one.add_argument(
        "session", metavar="SESSION", nargs="?", help="which one; the newest unless told"
    )
    one.add_argument("--failed", action="store_true", help="only those that failed")
    one.add_argument("--person", metavar="NAME", help="only those that NAME typed, or helped to")
    one.add_argument(
        "--away", action="store_true", help="only those that began while you, or the link, was away"
    )
    one.add_argument("--json", action="store_true", help="print the facts as JSON")

    _add_evidence(commands)

    one = commands.add_parser("lift", help="lift a hold")
    one.add_argument("hold", metavar="ID", help="as `jumpseat holds` lists it")
    _add_facts(one)

    one = commands.add_parser("approve", help="let a proposed line run as it is")
    one.add_argument("id", metavar="ID", help="as `jumpseat status` lists it")
    _add_facts(one)

    one = commands.add_parser("refuse", help="refuse a proposed line, or what else is asked for")
    one.add_argument("id", metavar="ID", help="as `jumpseat status` lists it")
    one.add_argument("word", metavar="WORD", nargs="*", help="what the engineer is told")
    _add_facts(one)
    return whole


def _add_evidence(commands: Any) -> None:  # noqa: ANN401 - argparse has no public name for it
    one = commands.add_parser(
        "verify",
        help="check a session's evidence, offline: VERIFIED, UNANCHORED or REJECTED",
        description="Check a session's evidence, offline and anywhere: a bundle, a folder as "
        "`jumpseat export` writes it, or a session of this host. The exit status is the verdict: "
        "0 VERIFIED, 1 UNANCHORED, 2 REJECTED; 3: there is nothing to be checked, 64: it can't be "
        "run like this. On a host that has granted, the keys of the brokers that were consented "
        "to count as known. Where the broker is: jumpseat verify SESSION --data DIR.",
    )
    one.add_argument("what", metavar="FILE|SESSION", help="a bundle, a folder, or a session's id")
    one.add_argument(
        "--key",
        type=_checked(evidence_commands.key_of),
        action="append",
        default=[],
        metavar="SHA256:...",
        help="a key that you know to be the broker's; may be given several times",
    )
    one.add_argument(
        "--identity",
        action="append",
        default=[],
        metavar="FILE",
        help="an age or ssh key, for a bundle that is encrypted; may be given several times",
    )
    one.add_argument("--json", action="store_true", help="print it as JSON")

    one = commands.add_parser(
        "bundle",
        help="write a session of this host to one file that replays and verifies anywhere",
        description="Write a session of this host to one zip file that replays and verifies "
        "anywhere; while it goes on, as far as it is. It holds all that was recorded, for its "
        "owner's eyes only. A file that is there is replaced only where it is a bundle of the same "
        "session. Where the broker is: jumpseat bundle SESSION -o FILE --data DIR.",
    )
    one.add_argument(
        "session", metavar="SESSION", nargs="?", help="which one; the newest unless told"
    )
    one.add_argument("-o", "--output", metavar="FILE", required=True, help="where to write")
    one.add_argument(
        "--recipient",
        action="append",
        default=[],
        metavar="age1...",
        help="encrypt it with the age program to this key; may be given several times",
    )
    one.add_argument("--json", action="store_true", help="print what was written as JSON")


def _add_grant(one: argparse.ArgumentParser) -> None:
    one.add_argument("code", metavar="CODE", nargs="?", default="", help="the invitation's code")
    one.add_argument(
        "--broker",
        type=_checked(broker_url),
        metavar="URL",
        help="whose code it is",
    )
    one.add_argument(
        "--offline",
        action="store_true",
        help="no code and no broker: it is recorded on this host only, and nobody joins",
    )
    one.add_argument(
        "--case",
        type=_checked(choices.case_of),
        metavar="TEXT",
        help="what an offline session is for",
    )
    one.add_argument(
        "--mode",
        type=_checked(choices.mode_of),
        metavar="MODE",
        help="what the engineer may do: watch, approve (the default: propose lines, which run "
        "once you let them), or control (type)",
    )
    one.add_argument(
        "--for",
        dest="seconds",
        type=_checked(choices.seconds_of),
        metavar="TIME",
        help="how long, as 30m or 1h30m; 2h unless told, and never more than the broker allows",
    )
    one.add_argument(
        "--away",
        type=_checked(choices.away_of),
        metavar="POLICY",
        help="when you leave the terminal: pause (the default) holds off what is the engineer's, "
        "continue does not, end ends the session",
    )
    one.add_argument(
        "--page",
        type=_checked(choices.page_of),
        metavar="WHAT",
        help="your page in a browser: off, watch (the default: see, refuse, take back, end), or "
        "approve (and let lines run)",
    )
    one.add_argument(
        "--terminals",
        type=_checked(choices.terminals_of),
        metavar="N",
        help=f"how many the engineer may have without asking: 1 to {choices.MOST_TERMINALS}",
    )
    one.add_argument(
        "--drift",
        type=_checked(choices.drift_of),
        default=choices.Drift.ON,
        metavar="WHAT",
        help="on (the default): this host's state is read, and what changed is told; or off",
    )
    one.add_argument(
        "--others",
        type=_checked(choices.others_of),
        default=choices.Others.JOURNAL,
        metavar="WHAT",
        help="other terminals of this host: journal (the default) lists the programs begun there, "
        "record has logins recorded too (with sudo), off does neither",
    )
    one.add_argument(
        "--mask",
        dest="masks",
        type=_checked(choices.mask_of),
        action="append",
        default=[],
        metavar="TEXT",
        help="what follows this text is masked, as in --mask pin=; may be given several times",
    )
    one.add_argument(
        "--spool",
        type=_checked(choices.size_of),
        default=choices.DEFAULT_SPOOL,
        metavar="SIZE",
        help="what this host keeps at most of what the broker does not have, as 500M; 2G unless "
        "told",
    )
    _add_prefix(one)


def _add_prefix(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--prefix",
        type=_checked(choices.prefix_of),
        default=PREFIX,
        metavar="KEY",
        help="the control key for the keys of Jumpseat in the terminal; ^] unless told",
    )


def _add_facts(one: argparse.ArgumentParser) -> None:
    _add_session(one)
    one.add_argument("--json", action="store_true", help="print the facts as JSON")


def _add_session(one: argparse.ArgumentParser) -> None:
    one.add_argument("--session", metavar="ID", help="which one, where several are live")


def wanted(args: argparse.Namespace) -> Wanted:
    """What ``grant`` asked for. Raises Misused where it does not go together."""
    given = [name for name in choices.ENGINEERS if getattr(args, name) is not None]
    if args.offline and (args.code or args.broker):
        raise Misused("an offline session has no code and no broker: leave them out")
    if args.offline and given:
        raise Misused(f"nobody joins an offline session: leave out --{given[0]}")
    if args.offline and not args.case:
        raise Misused("say what the offline session is for: --case TEXT")
    if not args.offline and not (args.code and args.broker):
        raise Misused("grant needs CODE and --broker URL, or --offline and --case TEXT")
    if not args.offline and args.case:
        raise Misused("--case goes with --offline: an invitation has its own case")
    masks: Tuple[str, ...] = ()
    try:
        for mask in args.masks:
            masks = choices.masks_with(masks, mask)
    except ValueError as error:
        raise Misused(str(error)) from None
    chosen = choices.Choices(
        args.mode or (Mode.WATCH if args.offline else Mode.APPROVE),
        choices.DEFAULT_SECONDS,
        args.away or (Away.CONTINUE if args.offline else Away.PAUSE),
        args.page or (Page.OFF if args.offline else Page.WATCH),
        args.terminals or 1,
        args.drift,
        args.others,
        masks,
        args.spool,
    )
    return Wanted(args.code, args.broker or "", args.case or "", chosen, args.seconds, args.prefix)


def _checked(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Let argparse print what ``read`` has to say of a bad value."""

    def checked(text: str) -> Any:  # noqa: ANN401 - whatever the reader gives
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return checked
