"""Names of streams, sessions and viewers: what they look like, so that no name is ever a path.

A stream belongs to one run of one recorder and is named after it: ``run-1.log`` is that run's
session log, ``run-1.terminal-2.cast`` the recording of its second terminal. A terminal is
addressed by the name of its recording, so input meant for an earlier run can't reach a later one.
"""

from __future__ import annotations

import re
from typing import NamedTuple, Optional

from broker.wire.errors import RemoteProtocolError

RECEIPTS = "receipts"
"""The one stream that the broker begins: what it signed for of a session (recording.receipts)."""

_STREAM = re.compile(r"run-([1-9][0-9]{0,4})\.(?:log|terminal-([1-9][0-9]{0,2})\.cast)", re.ASCII)
_TOKEN = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)


class Stream(NamedTuple):
    """A parsed stream name; sorts by run, the run's log before its terminals."""

    run: int
    terminal: int  # 0 is the session log

    @property
    def is_log(self) -> bool:
        """Whether this is a session log rather than a terminal's recording."""
        return self.terminal == 0

    @property
    def name(self) -> str:
        """The name as it stands on the wire and on disk."""
        return log_name(self.run) if self.is_log else terminal_name(self.run, self.terminal)


def log_name(run: int) -> str:
    """The session log of a run (counted from 1)."""
    return f"run-{run}.log"


def terminal_name(run: int, terminal: int) -> str:
    """The recording of a run's terminal (both counted from 1)."""
    return f"run-{run}.terminal-{terminal}.cast"


def parse_stream(name: str) -> Stream:
    """Read a stream name. Raises RemoteProtocolError for anything else, a path above all."""
    found: Optional[re.Match[str]] = _STREAM.fullmatch(name)
    if found is None:
        raise RemoteProtocolError("bad-stream-name", f"not a stream name: {name[:40]!a}")
    return Stream(int(found[1]), int(found[2] or 0))


def check_id(text: str, what: str) -> str:
    """Return ``text`` if it is an id (a-z, 0-9 and dashes, at most 64), else raise."""
    if _TOKEN.fullmatch(text) is None:
        raise RemoteProtocolError("bad-id", f"not a {what} id: {text[:40]!a}")
    return text
