"""Finding this user's sessions on this host: the live ones by their sockets, all by their files."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from broker.host import paths, session_file
from broker.host.failures import Declined, Failed, NotFound
from broker.host.invocation import command
from broker.wire.codec import Unpacker, decode, encode, pack
from broker.wire.messages import Consent, Consented, Do, Done, Error, Notice

_ANSWER_SECONDS = 15.0
_START_SECONDS = 15.0
_REFUSED = ("declined", "inside")
_NONE = "no such session of this user is here (one begun with sudo needs sudo again)"


def connect(session: Optional[str]) -> socket.socket:
    """The recorder of ``session``, or of the only one there is.

    Raises NotFound where there is none, Failed where there are several.
    """
    wanted = session or os.environ.get("JUMPSEAT_SESSION")
    found: List[Tuple[str, socket.socket]] = []
    for path in paths.live_sockets():
        if wanted in (None, path.stem):
            sock = _try(path)
            if sock is not None:
                found.append((path.stem, sock))
    if len(found) == 1:
        return found[0][1]
    for _, sock in found:
        sock.close()
    if found:
        ids = ", ".join(name for name, _ in found)
        raise Failed(f"several sessions are live ({ids}): say which with --session ID")
    which = f"session {wanted}" if wanted else "a session"
    raise NotFound(f"no recorder of {which} is running here for this user")


def _try(path: Path) -> Optional[socket.socket]:
    sock = socket.socket(socket.AF_UNIX)
    try:
        sock.connect(str(path))
    except OSError:  # another user's, or left by a recorder that was killed
        sock.close()
        return None
    return sock


class Voice(NamedTuple):
    """How a command speaks with whoever runs it while the recorder has not answered."""

    tell: Callable[[str], None]
    consent: Callable[[str, str], str]
    """Shows the text and has the words typed; what was typed. Raises Failed where it can't."""


def do(
    recorder: socket.socket, what: str, voice: Optional[Voice] = None, /, **args: object
) -> Dict[str, Any]:
    """Have a recorder do something; the session's facts after it.

    Takes at most 15 s, but waits without limit while people are asked: the one who runs the
    command through ``voice``, or, once the recorder says so, whoever has the seat. Raises
    Declined where the customer has not agreed, NotFound for a thing that is not there, else Failed.
    """
    recorder.settimeout(_ANSWER_SECONDS)
    unpacker = Unpacker()
    try:
        recorder.sendall(pack(encode(Do(what, args))))
        while True:
            data = recorder.recv(65536)
            if not data:
                raise Failed("the recorder closed the connection")
            for message in map(decode, unpacker.feed(data)):
                if isinstance(message, Done):
                    return message.status
                if isinstance(message, Error):
                    raise _failure(message)
                if isinstance(message, Notice) and voice is not None:
                    voice.tell(message.text)
                if isinstance(message, Notice) and message.kind == "ask":
                    recorder.settimeout(None)
                if isinstance(message, Consent):
                    recorder.sendall(pack(encode(_answered(message, voice))))
                    recorder.settimeout(_ANSWER_SECONDS)
    except socket.timeout:
        raise Failed(f"the recorder has not answered for {_ANSWER_SECONDS:.0f} s") from None
    except OSError as error:
        raise Failed(f"the recorder is gone: {error.strerror}") from None


def _answered(consent: Consent, voice: Optional[Voice]) -> Consented:
    if voice is None:
        raise Failed("this takes somebody's typed consent")
    return Consented(consent.n, voice.consent(consent.text, consent.words))


def _failure(error: Error) -> Failed:
    if error.code.startswith("unknown-"):
        return NotFound(error.message)
    return Declined(error.message) if error.code in _REFUSED else Failed(error.message)


def stopped(session: Optional[str]) -> Path:
    """The folder of a session of this user that goes on and has no recorder.

    Raises NotFound or Failed.
    """
    return _only(session, [one for one in _folders() if not session_file.load(one).ended])


def undelivered(session: Optional[str]) -> Path:
    """The folder of a session of this user that has ended and is not wholly at the broker.

    Raises NotFound or Failed.
    """
    found = ((folder, session_file.load(folder)) for folder in _folders())
    return _only(session, [folder for folder, file in found if file.ended and not file.delivered])


def newest(session: Optional[str]) -> Path:
    """The folder of a session of this user, live or ended; unless told, the newest.

    Raises NotFound.
    """
    wanted = session or os.environ.get("JUMPSEAT_SESSION")
    began: Dict[float, Path] = {}
    for folder in _folders():
        if wanted == folder.name:
            return folder
        with contextlib.suppress(NotFound):
            began[session_file.load(folder).began_wall] = folder
    if wanted or not began:
        raise NotFound(_NONE)
    return began[max(began)]


def _folders() -> List[Path]:
    state = paths.state_dir()
    folders = sorted(state.iterdir()) if state.is_dir() else []
    return [folder for folder in folders if (folder / "session.json").is_file()]


def _only(session: Optional[str], folders: List[Path]) -> Path:
    wanted = session or os.environ.get("JUMPSEAT_SESSION")
    found = [folder for folder in folders if wanted in (None, folder.name)]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(folder.name for folder in found)
        raise Failed(f"there are several ({ids}): say which with --session ID")
    raise NotFound(_NONE)


def start_recorder(folder: Path) -> None:
    """Start a run of a session's recorder; it listens when this returns. Raises Failed."""
    with (folder / "recorder.err").open("ab") as errors:
        process = subprocess.run(
            command("recorder", str(folder)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            timeout=_START_SECONDS,
            check=False,
            cwd="/",
        )
    if process.returncode != 0:
        raise Failed(f"the recorder does not start: see {folder / 'recorder.err'}")


def wait_until_delivered(session: str, seconds: float) -> Optional[Dict[str, Any]]:
    """Wait for a recorder that has ended its session; its status where it is still delivering."""
    deadline = time.monotonic() + seconds
    while True:
        sock = _try(paths.socket_path(paths.runtime_dir(), session))
        if sock is None:
            return None
        with sock:
            try:
                status = do(sock, "status")
            except Failed:
                return None
        if time.monotonic() > deadline or status["link"] == "disconnected":
            return status
        time.sleep(0.1)
