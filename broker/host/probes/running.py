"""Runs a probe's command, or reads its files: bounded in time and size, away from any terminal.

Blocking. A command runs in a session of its own, with no input and no descriptor but its output's;
at its time's end its whole group is killed, and not waited for: what hangs in the kernel can't die.
"""

from __future__ import annotations

import glob
import os
import pwd
import selectors
import signal
import stat
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence, Set, Tuple

from broker.host.probes.probe import Probe

MOST_BYTES = 1024 * 1024
"""Of a command's output, and of a file."""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where programs are looked for, whatever the caller's says."""
_MOST_COMPLAINT_BYTES = 4096
_MOST_FILES = 200
_ENVIRONMENT = {"PATH": PATH, "LC_ALL": "C", "HOME": "/"}

Said = List[Tuple[str, bytes]]
"""Where it comes from (a path, or the probe's name), and what it says."""


class Looked(NamedTuple):
    """What a probe brought."""

    said: Said
    limits: List[str]
    """What it did not see, in words."""
    unseen: List[str]
    """Paths that are there and were not read."""


class Unseen(Exception):
    """A probe saw nothing; why, in words."""


class NotThere(Unseen):
    """The program is not installed."""


class User(NamedTuple):
    """Whom the shell belongs to."""

    uid: int
    gid: int


class Runner:
    """Runs probes, from several threads at a time."""

    def __init__(self, user: User) -> None:
        self._user = user
        self._lock = threading.Lock()
        self._groups: Set[int] = set()
        self._is_over = False

    def look(self, probe: Probe) -> Looked:
        """What the probe's command prints or its files say. Raises ``Unseen`` where it is nothing.

        Of files that are told by their paths, some may be unseen; of others all are needed.
        """
        if not probe.files:
            return Looked([(probe.name, self._run(probe))], [], [])
        looked = _read_all(probe.files)
        if looked.limits and not (looked.said and probe.by_path):
            raise Unseen("; ".join(looked.limits))
        return looked

    def stop(self) -> None:
        """End whatever still runs, and let nothing start."""
        with self._lock:
            self._is_over = True
            for group in self._groups:
                _kill(group)

    def _run(self, probe: Probe) -> bytes:
        process = self._start(probe)
        deadline = _Deadline(process.pid, probe.timeout)
        try:
            output, complaint = _output(process, deadline)
            status = process.wait(max(0.1, deadline.left()))
        except subprocess.TimeoutExpired:
            raise Unseen(f"{probe.command[0]} did not end in {probe.timeout:g} s") from None
        finally:
            self._forget(process)
        if status == 0 or (probe.partial and output):
            return output
        said = complaint.decode(errors="replace").strip().split("\n")[0]
        raise Unseen(said or f"{probe.command[0]} failed (status {status})")

    def _start(self, probe: Probe) -> "subprocess.Popen[bytes]":
        as_user = probe.as_user and os.geteuid() == 0
        groups = self._groups_of_user() if as_user else None
        try:
            with self._lock:
                if self._is_over:
                    raise Unseen("there was no time left")
                process = subprocess.Popen(
                    probe.command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    cwd="/",
                    env=_ENVIRONMENT,
                    start_new_session=True,
                    user=self._user.uid if as_user else None,
                    group=self._user.gid if as_user else None,
                    extra_groups=groups,
                )
                self._groups.add(process.pid)
                return process
        except FileNotFoundError:
            raise NotThere(f"{probe.command[0]} is not installed") from None
        except PermissionError:
            raise Unseen(f"no right to run {probe.command[0]}") from None
        except (OSError, subprocess.SubprocessError) as error:
            raise Unseen(f"{probe.command[0]} could not be started: {error}") from None

    def _groups_of_user(self) -> List[int]:
        try:
            return os.getgrouplist(pwd.getpwuid(self._user.uid).pw_name, self._user.gid)
        except KeyError:
            return [self._user.gid]

    def _forget(self, process: "subprocess.Popen[bytes]") -> None:
        """Kill what is left of the group; what can't die now is left behind."""
        if process.returncode is None:
            _kill(process.pid)
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.2)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
        with self._lock:
            self._groups.discard(process.pid)


class _Deadline:
    """When a process has had its time; what it waited for a processor is not counted.

    On a busy host, where everybody else goes first, that a command is slow does not say it hangs.
    """

    def __init__(self, pid: int, seconds: float) -> None:
        self._path = Path(f"/proc/{pid}/schedstat")
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds; none or less: it is over."""
        left = self._end - time.monotonic()
        return left if left > 0 else left + self._waited()

    def _waited(self) -> float:
        try:
            return int(self._path.read_text().split()[1]) / 1e9
        except (OSError, ValueError, IndexError):
            return 0.0


def _output(process: "subprocess.Popen[bytes]", deadline: _Deadline) -> Tuple[bytes, bytes]:
    """All of standard output, the beginning of standard error. Raises TimeoutExpired, Unseen."""
    parts: Dict[Optional[int], bytearray] = {}
    with selectors.DefaultSelector() as selector:
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                selector.register(pipe, selectors.EVENT_READ)
                parts[pipe.fileno()] = bytearray()
        output, complaint = parts.values()
        while selector.get_map():
            left = deadline.left()
            if left <= 0:
                raise subprocess.TimeoutExpired(process.args, 0)
            for key, _ in selector.select(left):
                data = os.read(key.fd, 65536)
                if not data:
                    selector.unregister(key.fileobj)
                elif parts[key.fd] is output or len(complaint) < _MOST_COMPLAINT_BYTES:
                    parts[key.fd].extend(data)
            if len(output) > MOST_BYTES:
                raise Unseen(f"prints more than {MOST_BYTES >> 20} MiB")
    return bytes(output), bytes(complaint)


def _kill(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _read_all(patterns: Sequence[str]) -> Looked:
    paths = [path for pattern in patterns for path in sorted(glob.glob(pattern))]  # noqa: PTH207
    looked = Looked([], [], paths[_MOST_FILES:])
    if looked.unseen:
        looked.limits.append(f"only the first {_MOST_FILES} of {len(paths)} files were read")
    for path in paths[:_MOST_FILES]:
        try:
            looked.said.extend((path, data) for data in _read(path))
        except FileNotFoundError:
            continue
        except OSError as error:
            why = f"{path}: {(error.strerror or 'not readable').lower()}"
        except Unseen as unseen:
            why = str(unseen)
        else:
            continue
        looked.limits.append(why)
        looked.unseen.append(path)
    return looked


def _read(path: str) -> List[bytes]:
    """A regular file's bytes; nothing of any other. Raises OSError, Unseen."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        return []
    with os.fdopen(fd, "rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise Unseen(f"{path} is longer than {MOST_BYTES >> 20} MiB")
    return [data]
