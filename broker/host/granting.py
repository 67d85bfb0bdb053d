"""``jumpseat grant``: from a code to a seat at a recorded shell."""

from __future__ import annotations

import json
import os
import pwd
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, NamedTuple, Optional
from urllib.parse import urlsplit

from broker.host import clock, paths, sessions
from broker.host.consent import CONSENT, Asked, refusal, terms
from broker.host.failures import Declined, Failed, Misused, Unreachable
from broker.host.invocation import command, spoken
from broker.host.pty import User
from broker.host.session_file import SessionFile
from broker.recording.grant import Away, Mode
from broker.wire.errors import RemoteProtocolError
from broker.wire.names import check_id

DEFAULT_SECONDS = 2 * 3600.0
_LENGTH = re.compile(r"(?:(\d{1,5})h)?(?:(\d{1,6})m)?(?:(\d{1,7})s)?", re.ASCII)
_ASK_SECONDS = 30.0
# sudo and login start from these as well; everything else comes from the user's own start files.
_KEPT_BY_SUDO = ("TERM", "COLORTERM", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "DISPLAY")
_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"


class Wanted(NamedTuple):
    """What the command line asked for."""

    code: str
    broker: str
    mode: Mode
    away: Away
    seconds: Optional[float]


def seconds_of(text: str) -> float:
    """Read ``30m``, ``2h``, ``1h30m`` or ``90s``. Raises ValueError."""
    found = _LENGTH.fullmatch(text)
    if found is None or not any(found.groups()):
        raise ValueError(f"{text!r} is no length of time: write 30m, 2h or 1h30m")
    hours, minutes, seconds = (int(one or 0) for one in found.groups())
    total = hours * 3600 + minutes * 60 + seconds
    if total < 1:
        raise ValueError("a grant lasts at least a second")
    return float(total)


def broker_url(text: str) -> str:
    """Check a broker's URL; without a slash at its end. Raises ValueError."""
    parts = urlsplit(text)
    try:
        port_is_right = parts.port is None or parts.port > 0
    except ValueError:
        port_is_right = False
    if not port_is_right or parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{text!r} is no broker's URL: it begins with https://")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("a broker's URL has no user, query or fragment")
    return text.rstrip("/")


def grant(wanted: Wanted) -> str:
    """Show the terms, ask for consent, redeem the code, start the recorder; the session's id.

    Raises Failed, and leaves nothing granted, at every step but the last.
    """
    if not (os.isatty(0) and os.isatty(1)):
        raise Misused("grant needs a terminal to show the terms and the shell on (ssh: use -t)")
    user = invoking_user()
    state = paths.made_private(paths.state_dir())
    paths.made_private(paths.runtime_dir(), 0o755 if os.geteuid() == 0 else 0o700)
    invitation = _ask(wanted.broker, "look", {"code": wanted.code}, user)
    seconds = _seconds(wanted.seconds, float(invitation["max_seconds"]))
    protected = os.geteuid() == 0 and user.uid != 0
    text = terms(
        Asked(
            broker=_named(wanted.broker),
            case=str(invitation["case"]),
            engineer=str(invitation["engineer"]),
            mode=wanted.mode,
            away=wanted.away,
            seconds=seconds,
            user=user.name,
            protected=protected,
            folder=str(state),
            program=spoken(),
        )
    )
    answer = _consent(text)
    redeemed = _ask(
        wanted.broker,
        "redeem",
        {
            "code": wanted.code,
            "grant": {"mode": wanted.mode.value, "seconds": seconds, "away": wanted.away.value},
            "host": {"name": socket.gethostname(), "user": user.name},
        },
        user,
    )
    session = _session_id(redeemed)
    folder = paths.made_private(state / session)
    SessionFile(
        id=session,
        broker=wanted.broker,
        token=str(redeemed["token"]),
        case=str(invitation["case"]),
        engineer=str(invitation["engineer"]),
        began_wall=time.time(),
        began_boottime=clock.boottime(),
        began_boot=clock.boot_id(),
        mode=wanted.mode.value,
        away=wanted.away.value,
        until=seconds,
        terms=text,
        answer=answer,
        uid=user.uid,
        gid=user.gid,
        user=user.name,
        home=user.home,
        shell=user.shell,
        env=_environment(user),
        cwd=str(Path.cwd()),
        login=_is_sudo(),
    ).save(folder)
    sessions.start_recorder(folder)
    return session


def invoking_user() -> User:
    """Whose shell it will be: under sudo, who called it."""
    uid = int(os.environ["SUDO_UID"]) if _is_sudo() else os.getuid()
    try:
        found = pwd.getpwuid(uid)
    except KeyError:
        raise Failed(f"user {uid} has no entry in the password database") from None
    shell = found.pw_shell or "/bin/sh"
    if not _is_sudo():
        shell = os.environ.get("SHELL") or shell
    if not os.access(shell, os.X_OK):
        raise Failed(f"the shell {shell} can't be run")
    return User(uid, found.pw_gid, found.pw_name, found.pw_dir, shell)


def _is_sudo() -> bool:
    return os.geteuid() == 0 and os.environ.get("SUDO_UID", "").isdigit()


def _environment(user: User) -> Dict[str, str]:
    """The shell's environment: the customer's own, or under sudo what a login starts from."""
    env = dict(os.environ)
    if _is_sudo():
        env = {name: os.environ[name] for name in _KEPT_BY_SUDO if name in os.environ}
        env.update(HOME=user.home, USER=user.name, LOGNAME=user.name, SHELL=user.shell, PATH=_PATH)
    if not env.get("TERM"):
        print("TERM is not set; the shell is told that this terminal is dumb.", file=sys.stderr)
        env["TERM"] = "dumb"
    return env


def _seconds(wanted: Optional[float], most: float) -> float:
    if wanted is None:
        return min(DEFAULT_SECONDS, most)
    if wanted > most:
        raise Declined(f"this broker allows at most {most / 3600:g} h: choose a shorter --for")
    return wanted


def _named(url: str) -> str:
    """The broker's URL as the terms show it."""
    parts = urlsplit(url)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    return url if parts.scheme == "https" or local else f"{url} (NOT ENCRYPTED)"


def _consent(text: str) -> str:
    """Show the terms and read the answer. Raises Declined unless it is consent."""
    print(text)
    try:
        answer = input(f'Type "{CONSENT}" to grant this, anything else to refuse: ')
    except (EOFError, KeyboardInterrupt):
        print()
        answer = ""
    why = refusal(answer)
    if why is not None:
        raise Declined(why)
    return answer


def _ask(broker: str, what: str, body: Dict[str, Any], user: User) -> Dict[str, Any]:
    """Ask the broker, in a process without privileges. Raises Unreachable, Declined or Failed."""
    drop = os.geteuid() == 0 and user.uid != 0
    try:
        process = subprocess.run(
            command("redeem"),
            input=json.dumps({"url": f"{broker}/api/invitations/{what}", "body": body}).encode(),
            stdout=subprocess.PIPE,
            timeout=_ASK_SECONDS,
            check=True,
            user=user.uid if drop else None,
            group=user.gid if drop else None,
            extra_groups=[] if drop else None,
            cwd="/",
        )
        told = json.loads(process.stdout)
    except subprocess.TimeoutExpired:
        raise Unreachable(f"{broker} does not answer") from None
    except (subprocess.CalledProcessError, ValueError):
        raise Failed("asking the broker failed") from None
    if "error" not in told:
        answer: Dict[str, Any] = told["answer"]
        return answer
    code, message = told["error"]["code"], told["error"]["message"]
    if code == "unreachable":
        raise Unreachable(f"can't reach {broker}: {message}")
    if code == "no-broker":
        raise Unreachable(f"{broker} is no Jumpseat broker: {message}")
    raise Declined(message)


def _session_id(redeemed: Dict[str, Any]) -> str:
    try:
        return check_id(str(redeemed["session"]), "session")
    except (KeyError, RemoteProtocolError):
        raise Unreachable("the broker's answer makes no sense") from None
