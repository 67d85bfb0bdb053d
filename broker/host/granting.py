"""``jumpseat grant``: from a code to a seat at a recorded shell."""

from __future__ import annotations

import os
import pwd
import socket
import sys
import time
from base64 import urlsafe_b64encode
from dataclasses import asdict, replace
from pathlib import Path
from typing import Dict, NamedTuple, Optional, Sequence, Tuple
from urllib.parse import urlsplit

from broker.host import clock, invitations, known_brokers, paths, sessions
from broker.host.asking import typed_line
from broker.host.choices import (
    EXAMPLES,
    Choices,
    Drift,
    Others,
    changed,
    masks_with,
    seconds_within,
)
from broker.host.columns import wrapped
from broker.host.consent import CONSENT, Asked, refusal, shown_again, terms
from broker.host.failures import Declined, Failed, Misused
from broker.host.hold_file import HoldFile
from broker.host.invitations import Invitation
from broker.host.invocation import spoken
from broker.host.page_link import PageKey
from broker.host.pty import User
from broker.host.session_file import SessionFile
from broker.host.view.keyboard import key_name
from broker.recording.grant import Away, Mode, Page

# sudo and login start from these as well; everything else comes from the user's own start files.
_KEPT_BY_SUDO = ("TERM", "COLORTERM", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "DISPLAY")
_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"


class Wanted(NamedTuple):
    """What the command line asked for."""

    code: str
    broker: str
    mode: Mode
    seconds: Optional[float]
    away: Away
    page: Page
    terminals: int
    drift: Drift
    others: Others
    masks: Sequence[str]
    prefix: bytes


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
    return parts._replace(netloc=parts.netloc.lower()).geturl().rstrip("/")


def grant(wanted: Wanted) -> str:
    """Show the terms, ask for consent, redeem the code, start the recorder; the session's id.

    Raises Failed, and leaves nothing granted, at every step but the last.
    """
    if not (os.isatty(0) and os.isatty(1)):
        raise Misused("grant needs a terminal to show the terms and the shell on (ssh: use -t)")
    if os.environ.get("JUMPSEAT_SESSION"):
        raise Misused("this shell is in a session, and others may type in it: use another shell")
    user = invoking_user()
    state = paths.made_private(paths.state_dir())
    paths.made_private(paths.runtime_dir(), 0o755 if os.geteuid() == 0 else 0o700)
    invitation = invitations.look(wanted.broker, wanted.code, user)
    asked = _asked(wanted, invitation, user, state)
    choices, text, answer = _agreed(asked)
    _remember(state, wanted.broker, invitation.key)
    reads = choices.drift is Drift.ON
    page_key = None if choices.page is Page.OFF else PageKey.made()
    redeemed = invitations.redeem(
        wanted.broker,
        wanted.code,
        {
            "mode": choices.mode.value,
            "seconds": choices.seconds,
            "away": choices.away.value,
        },
        {"name": socket.gethostname(), "user": user.name},
        page_key.view_sha256 if page_key else "",
        user,
    )
    folder = paths.made_private(state / redeemed.session)
    SessionFile(
        id=redeemed.session,
        broker=wanted.broker,
        token=redeemed.token,
        case=invitation.case,
        engineer=invitation.engineer,
        began_wall=time.time(),
        began_boottime=clock.boottime(),
        began_boot=clock.boot_id(),
        mode=choices.mode.value,
        away=choices.away.value,
        until=choices.seconds,
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
        page=choices.page.value,
        page_key=page_key.text if page_key else "",
        terminals=choices.terminals,
        drift=choices.drift.value,
        others=choices.others.where(as_root=os.geteuid() == 0).value,
        masks=list(choices.masks),
        probes=[asdict(one) for one in invitation.probes] if reads else [],
        trees=list(invitation.trees) if reads else [],
        banner=invitation.banner,
        max_seconds=invitation.most_seconds,
        broker_key=urlsafe_b64encode(invitation.key).decode(),
    ).save(folder)
    sessions.start_recorder(folder)
    print(shown_again(invitation.banner))
    return redeemed.session


def _asked(wanted: Wanted, invitation: Invitation, user: User, state: Path) -> Asked:
    """What the terms are made of. Raises Declined where more is wanted than there may be."""
    try:
        seconds = seconds_within(wanted.seconds, invitation.most_seconds)
        masks: Tuple[str, ...] = ()
        for mask in wanted.masks:
            masks = masks_with(masks, mask)
    except ValueError as error:
        raise Declined(str(error)) from None
    return Asked(
        broker=_named(wanted.broker),
        key=known_brokers.recognised(state, wanted.broker, invitation.key),
        case=invitation.case,
        engineer=invitation.engineer,
        banner=invitation.banner,
        choices=Choices(
            wanted.mode,
            seconds,
            wanted.away,
            wanted.page,
            wanted.terminals,
            wanted.drift,
            wanted.others,
            masks,
        ),
        most_seconds=invitation.most_seconds,
        user=user.name,
        as_root=os.geteuid() == 0,
        protected=os.geteuid() == 0 and user.uid != 0,
        folder=str(state),
        program=spoken(),
        prefix=key_name(wanted.prefix),
        probes=invitation.probes,
        trees=invitation.trees,
        holds=tuple(hold.text for hold in HoldFile(state).load()),
    )


def _agreed(asked: Asked) -> Tuple[Choices, str, str]:
    """Show the terms, anew after each change, until they are agreed to.

    The choices, the text last shown, and what was typed. Raises Declined unless it is consent.
    """
    text = _show(asked)
    while True:
        answer = _typed()
        try:
            choices = changed(asked.choices, answer, asked.most_seconds)
        except ValueError as error:
            print(f"{error}.")
            continue
        if choices is None:
            break
        asked = replace(asked, choices=choices)
        print()
        text = _show(asked)
    why = refusal(answer)
    if why is not None:
        raise Declined(why)
    return asked.choices, text, answer


def _show(asked: Asked) -> str:
    text = terms(asked)
    print("\n".join([text, *wrapped(f"To change it, type {', '.join(EXAMPLES)}.")]))
    return text


def _typed() -> str:
    try:
        return typed_line(f'Type "{CONSENT}" to grant this, anything else to refuse: ', sys.stdout)
    except KeyboardInterrupt:
        print()
        return ""


def _remember(state: Path, broker: str, key: bytes) -> None:
    try:
        known_brokers.remember(state, broker, key, time.time())
    except OSError as error:
        raise Failed(f"can't write to {state}: {error.strerror}") from None


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


def _named(url: str) -> str:
    """The broker's URL as the terms show it."""
    parts = urlsplit(url)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    return url if parts.scheme == "https" or local else f"{url} (NOT ENCRYPTED)"
