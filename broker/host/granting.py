"""``jumpseat grant``: from a code to a seat at a recorded shell."""

from __future__ import annotations

import os
import secrets
import socket
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Callable, NamedTuple, Optional, Tuple, TypeVar
from urllib.parse import urlsplit

from broker.host import clock, invitations, known_brokers, paths, sessions
from broker.host.asking import typed_line
from broker.host.choices import ENGINEERS, EXAMPLES, Choices, Drift, changed, seconds_within
from broker.host.columns import wrapped
from broker.host.consent import CONSENT, Asked, refusal, shown_again, terms
from broker.host.failures import Declined, Failed, Misused
from broker.host.hold_file import HoldFile
from broker.host.invocation import spoken
from broker.host.offline_terms import MOST_SECONDS, offline_terms
from broker.host.page_link import PageKey
from broker.host.pty import User
from broker.host.session_file import SessionFile
from broker.host.shell_owner import environment, invoking_user, is_sudo
from broker.host.terms_here import Here
from broker.host.view.keyboard import key_name
from broker.recording.grant import Page
from broker.recording.statements import to_base64url

# As a broker makes them: such sessions may be imported there.
_ID_LETTERS, _ID_LENGTH = "abcdefghjkmnpqrstvwxyz23456789", 10
_Asked = TypeVar("_Asked", bound=Here)


class Wanted(NamedTuple):
    """What the command line asked for."""

    code: str
    broker: str
    """Its URL; empty: the session is offline, and there is no code."""
    case: str
    """What an offline session is for; an invitation has its own."""
    choices: Choices
    seconds: Optional[float]
    """For how long; None: the default."""
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
    if not os.environ.get("TERM"):
        print("TERM is not set; the shell is told that this terminal is dumb.", file=sys.stderr)
    file = (_invited if wanted.broker else _offline)(wanted, user, state)
    folder = paths.made_private(state / file.id)
    file.save(folder)
    sessions.start_recorder(folder)
    print(shown_again(file.banner))
    return file.id


def _invited(wanted: Wanted, user: User, state: Path) -> SessionFile:
    """A session at a broker: its code is used up when this returns."""
    invitation = invitations.look(wanted.broker, wanted.code, user)
    here = _here(wanted, invitation.most_seconds, user, state)
    asked = Asked(
        **{
            **vars(here),
            "case": invitation.case,
            "probes": invitation.probes,
            "trees": invitation.trees,
        },
        broker=_named(wanted.broker),
        key=known_brokers.recognised(state, wanted.broker, invitation.key, invitation.keys),
        engineer=invitation.engineer,
        banner=invitation.banner,
    )
    asked, text, answer = _agreed(asked, terms, offline=False)
    choices = asked.choices
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
    return replace(
        _session(redeemed.session, asked, text, answer, user),
        broker=wanted.broker,
        token=redeemed.token,
        engineer=invitation.engineer,
        page_key=page_key.text if page_key else "",
        probes=[asdict(one) for one in invitation.probes] if reads else [],
        trees=list(invitation.trees) if reads else [],
        banner=invitation.banner,
        broker_key=to_base64url(known_brokers.latest(invitation.key, redeemed.keys)),
    )


def _offline(wanted: Wanted, user: User, state: Path) -> SessionFile:
    """A session that no broker knows of."""
    here = _here(wanted, MOST_SECONDS, user, state)
    here, text, answer = _agreed(here, offline_terms, offline=True)
    session = "".join(secrets.choice(_ID_LETTERS) for _ in range(_ID_LENGTH))
    return _session(session, here, text, answer, user)


def _here(wanted: Wanted, most_seconds: float, user: User, state: Path) -> Here:
    """What would be done here. Raises Declined where more is wanted than there may be."""
    try:
        seconds = seconds_within(wanted.seconds, most_seconds)
    except ValueError as error:
        raise Declined(str(error)) from None
    return Here(
        case=wanted.case,
        choices=replace(wanted.choices, seconds=seconds),
        most_seconds=most_seconds,
        user=user.name,
        as_root=os.geteuid() == 0,
        protected=os.geteuid() == 0 and user.uid != 0,
        folder=str(state),
        program=spoken(),
        prefix=key_name(wanted.prefix),
        probes=(),
        trees=(),
        holds=tuple(hold.text for hold in HoldFile(state).load()),
    )


def _session(session: str, here: Here, text: str, answer: str, user: User) -> SessionFile:
    """What was agreed to, as of now; of no broker."""
    choices = here.choices
    return SessionFile(
        id=session,
        broker="",
        token="",
        case=here.case,
        engineer="",
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
        env=environment(user),
        cwd=str(Path.cwd()),
        login=is_sudo(),
        page=choices.page.value,
        terminals=choices.terminals,
        drift=choices.drift.value,
        others=choices.others.where(as_root=here.as_root).value,
        masks=list(choices.masks),
        spool=choices.spool,
        max_seconds=here.most_seconds,
    )


def _agreed(
    asked: _Asked, terms_of: Callable[[_Asked], str], *, offline: bool
) -> Tuple[_Asked, str, str]:
    """Show the terms, anew after each change, until they are agreed to.

    What was agreed to, the text last shown, and what was typed. Raises Declined unless it is
    consent.
    """
    examples = [one for one in EXAMPLES if not (offline and one.split()[0] in ENGINEERS)]
    while True:
        print()
        text = terms_of(asked)
        print("\n".join([text, *wrapped(f"To change it, type {', '.join(examples)}.")]))
        answer, choices = _answered(asked, offline=offline)
        if choices is None:
            break
        asked = replace(asked, choices=choices)
    why = refusal(answer)
    if why is not None:
        raise Declined(why)
    return asked, text, answer


def _answered(asked: Here, *, offline: bool) -> Tuple[str, Optional[Choices]]:
    """What is typed at the terms, and the choices after it where it changes them."""
    while True:
        answer = _typed()
        try:
            return answer, changed(asked.choices, answer, asked.most_seconds, offline=offline)
        except ValueError as error:
            print(f"{error}.")


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


def _named(url: str) -> str:
    """The broker's URL as the terms show it."""
    parts = urlsplit(url)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    return url if parts.scheme == "https" or local else f"{url} (NOT ENCRYPTED)"
