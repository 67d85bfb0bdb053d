"""Files below a directory: kind, mode, owner, and a keyed digest of what is in them.

The digest is keyed with a secret of this host, so that a short secret in a file can't be guessed
from it. Blocking. Links are not followed, other file systems not entered.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import time
from dataclasses import dataclass, field
from typing import Dict, Iterator, List, Mapping, Optional, Tuple

from broker.host.probes.parsers.storage import mount_points

MOST_ENTRIES = 20_000
LARGE_BYTES = 1024 * 1024
"""Of larger files size and time of change stand for what is in them."""
_CPU_SECONDS = 1.0
_SETTLED_NS = 2_000_000_000
_EVERY = 64
# A look at such a file system may wait for another host.
_REMOTE = re.compile(r"nfs.*|cifs|smb.*|afs|ceph|9p|fuse\..*|glusterfs|lustre|autofs|ocfs2|gpfs")
# Made anew by machines as they go; or told by their mere existence.
_NOISE = re.compile(
    r"/etc/(ld\.so\.cache|mtab|adjtime|\.pwd\.lock|\.updated|fake-hwclock\.data|blkid\.tab.*"
    r"|printcap|cups/subscriptions\.conf.*|lvm/(archive|backup|cache)(/.*)?|udev/hwdb\.bin"
    r"|network/run(/.*)?|resolvconf/run(/.*)?)|.*/\.[^/]+\.sw[a-px]|.*/4913|.*\.dpkg-new"
)
_KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFSOCK: "socket",
    stat.S_IFIFO: "pipe",
    stat.S_IFBLK: "block device",
    stat.S_IFCHR: "device",
}

Cached = Tuple[int, int, int, int, str]
"""Size, times of modification and of change (ns), inode, digest."""


@dataclass
class Tree:
    """What was seen of one directory."""

    facts: Dict[str, Dict[str, str]] = field(default_factory=dict)
    upto: Optional[str] = None
    """The last path that was looked at, where that is not all; in the order of ``place``."""
    changed: Dict[str, int] = field(default_factory=dict)
    """Time of change of each path, in ns since 1970."""
    cache: Dict[str, Cached] = field(default_factory=dict)
    """Digests for the next time."""
    limits: List[str] = field(default_factory=list)


def place(path: str) -> Tuple[str, ...]:
    """Where a path comes in the order of looking: by name, what is in a directory after it."""
    return tuple(path.rstrip("/").split("/"))


class Walk:
    """One look at one tree. ``before`` is the cache of the last one, begun at ``before_ns``.

    ``share``: of so many trees that share the time there is.
    """

    def __init__(
        self, root: str, key: bytes, before: Mapping[str, Cached], before_ns: int, share: int = 1
    ) -> None:
        self._root = root
        self._key = key
        self._before = before
        self._before_ns = before_ns
        self._most = MOST_ENTRIES // share
        self._seconds = _CPU_SECONDS / share
        self._tree = Tree()
        self._closed: List[str] = []
        self._elsewhere: List[str] = []
        self._remote = _remote_mounts()

    def look(self) -> Tree:
        """See all of it, or as much as there is time for. Raises OSError where there is none."""
        tree, began = self._tree, time.thread_time()
        last = self._root
        for n, path in enumerate(self._paths()):
            is_late = n % _EVERY == 0 and time.thread_time() - began > self._seconds
            if n >= self._most or is_late:
                tree.upto = last
                tree.limits.append(f"only the first {n} entries were looked at, up to {last}")
                break
            last = path
        if self._closed:
            tree.limits.append(_some("not readable", self._closed))
        if self._elsewhere:
            tree.limits.append(_some("not looked into, other file systems", self._elsewhere))
        return tree

    def _paths(self) -> Iterator[str]:
        """Each path, once it has been looked at."""
        device = os.stat(self._root).st_dev  # noqa: PTH116 - a Path for each costs too much
        waiting = [self._root]
        while waiting:
            path = waiting.pop()
            try:
                found = os.lstat(path)
                self._take(path, found)
            except FileNotFoundError:
                continue  # gone meanwhile
            yield path
            if path == self._root or stat.S_ISDIR(found.st_mode):
                if path == self._root or found.st_dev == device:
                    waiting += reversed(self._inside(path))
                else:
                    self._elsewhere.append(path)

    def _inside(self, folder: str) -> List[str]:
        try:
            names = sorted(os.listdir(folder))  # noqa: PTH208
        except OSError:
            self._closed.append(folder)
            return []
        paths = [f"{folder.rstrip('/')}/{name}" for name in names]
        self._elsewhere += [path for path in paths if path in self._remote]
        return [one for one in paths if one not in self._remote and not _NOISE.fullmatch(one)]

    def _take(self, path: str, found: os.stat_result) -> None:
        owner = f"{found.st_uid}:{found.st_gid}"
        if stat.S_ISLNK(found.st_mode):
            target = os.readlink(path)  # noqa: PTH115
            facts = {"": f"link to {target}", "owner": owner}
        else:
            kind = _KINDS.get(stat.S_IFMT(found.st_mode), "something else")
            facts = {"": kind, "mode": f"{stat.S_IMODE(found.st_mode):04o}", "owner": owner}
            content = self._content(path, found) if stat.S_ISREG(found.st_mode) else None
            if content is not None:
                facts["content"] = content
        self._tree.facts[path] = facts
        self._tree.changed[path] = found.st_ctime_ns

    def _content(self, path: str, found: os.stat_result) -> Optional[str]:
        if found.st_size > LARGE_BYTES:
            return f"{found.st_size} bytes, {found.st_mtime_ns}"
        seen = (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
        cached = self._before.get(path)
        # What was changed just before it was looked at may have changed once more in that moment.
        if cached and tuple(cached[:4]) == seen and seen[2] + _SETTLED_NS < self._before_ns:
            digest = cached[4]
        else:
            try:
                digest = self._digest(path)
            except OSError:
                self._closed.append(path)
                return None
        self._tree.cache[path] = (*seen, digest)
        return digest

    def _digest(self, path: str) -> str:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            digest = hashlib.blake2b(key=self._key, digest_size=16)
            left = LARGE_BYTES
            while left > 0 and (data := os.read(fd, min(left, 262_144))):
                digest.update(data)
                left -= len(data)
            return digest.hexdigest()
        finally:
            os.close(fd)


def _remote_mounts() -> "frozenset[str]":
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            mounts = mount_points(file.read())
    except OSError:
        return frozenset()
    return frozenset(path for path, kind in mounts.items() if _REMOTE.fullmatch(kind))


def _some(what: str, paths: List[str]) -> str:
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return f"{what}: {', '.join(paths[:3])}{more}"
