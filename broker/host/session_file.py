"""What a session's recorder must know again after it was stopped: one JSON file, its owner's only.

It holds the session's token and the page's key, so it is never shown, sent or logged.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Dict, List

from broker.host.choices import DEFAULT_SPOOL
from broker.host.failures import NotFound
from broker.host.pty import ShellPlan, User
from broker.recording.grant import Away, Grant, Mode, Page

_NAME = "session.json"


@dataclass
class SessionFile:
    """One session as this host knows it. Times: Unix, boot and session seconds, as named."""

    id: str
    broker: str
    """Its URL; empty: the session is offline."""
    token: str = field(repr=False)
    case: str
    engineer: str
    began_wall: float
    began_boottime: float
    began_boot: str
    mode: str
    away: str
    until: float
    """Session time at which the grant ends."""
    terms: str
    answer: str
    uid: int
    gid: int
    user: str
    home: str
    shell: str
    env: Dict[str, str]
    cwd: str
    login: bool
    page: str = "watch"
    page_key: str = field(default="", repr=False)
    """What the page's link carries (``page_link.PageKey.text``), or empty: there is no page."""
    terminals: int = 1
    drift: str = "on"
    others: str = "journal"
    """What is seen of other terminals, as it can be had here (``Others.where``)."""
    masks: List[str] = field(default_factory=list)
    """The customer's own: what follows one of these texts is masked."""
    spool: int = DEFAULT_SPOOL
    """Bytes that this host keeps of what the broker does not hold."""
    probes: List[Any] = field(default_factory=list)
    """The vendor's own probes, as the terms showed them (``recording.watched``)."""
    trees: List[str] = field(default_factory=list)
    """The directories that the vendor wants watched."""
    max_seconds: float = 8 * 3600.0
    """How long a grant may last from any moment on."""
    banner: str = ""
    """The vendor's plain text, shown before engineers are given more."""
    broker_key: str = ""
    """The broker's public key, base64url: of the terms, or one that it vouched for by then."""
    ended: bool = False
    delivered: bool = False
    """Ended, and the broker, if there is one, has signed that it holds everything."""

    @property
    def offline(self) -> bool:
        """Whether no broker ever knows of it."""
        return not self.broker

    @property
    def grant(self) -> Grant:
        """What the customer allowed."""
        return Grant(Mode(self.mode), Away(self.away), self.until, Page(self.page), self.terminals)

    @property
    def plan(self) -> ShellPlan:
        """The shell that the session's terminals get."""
        owner = User(self.uid, self.gid, self.user, self.home, self.shell)
        env = {**self.env, "JUMPSEAT_SESSION": self.id}
        return ShellPlan(owner, env, self.cwd, self.login)

    def save(self, folder: Path) -> None:
        """Write it, whole or not at all, safe from a power cut."""
        path = folder / (_NAME + ".new")
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(fd, "w") as file:
            json.dump(asdict(self), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        path.replace(folder / _NAME)
        for directory in (folder, folder.parent):
            _sync_names(directory)


def _sync_names(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def load(folder: Path) -> SessionFile:
    """Read a session's file. Raises NotFound where there is none that makes sense."""
    try:
        found: Dict[str, Any] = json.loads((folder / _NAME).read_text())
        return SessionFile(**found)
    except (OSError, ValueError, TypeError):
        raise NotFound(f"no session in {folder}") from None
