"""The process that takes a fingerprint, at the lowest priority.

One JSON object on standard input says of what and against which, one on standard output what was
found. Threads that hang are left behind.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import secrets
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

from broker.host.logins.mounts import see_own
from broker.host.probes.declared import PROBES, of_vendor
from broker.host.probes.fingerprint import (
    Fingerprint,
    as_json,
    changes_between,
    fingerprint_of,
    from_json,
)
from broker.host.probes.gather import Limit, gather
from broker.host.probes.probe import Probe
from broker.host.probes.running import User
from broker.host.probes.trees import Walk
from broker.recording.drift import Change
from broker.recording.drift import as_json as change_as_json
from broker.recording.watched import MOST_PROBES, declared_one

MOST_CHANGES = 1000
_FILE = "fingerprint.json"
_LONGEST_LIMIT = 200


def take(asked: Dict[str, Any]) -> Dict[str, Any]:
    """Take a fingerprint, keep it, and tell how it differs from the one before.

    Blocking, for 20 s at most; for the main thread. Raises OSError where nothing can be kept.
    """
    began = time.time()
    folder, key = Path(asked["folder"]), _key(Path(asked["key"]))
    key_name = hashlib.blake2b(key, digest_size=8, person=b"name").hexdigest()
    before, limits = _before(folder / _FILE)
    is_first = before is None
    if is_first and asked["against"]:
        before, more = _before(Path(asked["against"]))
        limits += more
    roots = _roots(asked["trees"])
    probes, refused = _probes(asked["probes"], roots)
    cache, before_ns = {}, 0
    if before is not None and before.key == key_name:
        cache, before_ns = before.cache, int(before.began * 1e9)
    walks = {root: Walk(root, key, cache, before_ns, len(roots)) for root in roots}
    seen = gather(probes, walks, User(int(asked["uid"]), int(asked["gid"])))
    n = 1 if before is None or is_first else before.n + 1
    found = fingerprint_of(seen, probes, n, began, key_name)
    _keep(folder / _FILE, found)
    changes: List[Change] = []
    if before is not None:
        changed = {path: ns for tree in seen.trees.values() for path, ns in tree.changed.items()}
        changes = changes_between(before, found, probes, changed)
        if before.key != key_name:
            limits.append(("files", "digests are made with a new key: contents not compared"))
    return {
        "n": n,
        "began": began,
        "digest": found.digest,
        "facts": found.count,
        "cpu": round(_cpu_seconds(), 3),
        "limits": _told([*limits, *refused, *_blind(probes), *seen.limits]),
        "before": before and {"n": before.n, "wall": before.began, "earlier": is_first},
        "changes": [change_as_json(_printable(one)) for one in changes[:MOST_CHANGES]],
        "more": max(0, len(changes) - MOST_CHANGES),
    }


def _probes(
    wanted: Any,  # noqa: ANN401 - from a broker
    roots: Sequence[str],
) -> Tuple[List[Probe], List[Limit]]:
    """Ours, then the vendor's own; those of these that are refused.

    What looks at a tree is told by its root, so that no probe may be named as one.
    """
    probes, limits = list(PROBES), []
    names = {*(probe.name for probe in PROBES), *roots, *(f"files in {root}" for root in roots)}
    for value in wanted[:MOST_PROBES]:
        try:
            probe = of_vendor(declared_one(value))
            if probe.name in names:
                raise ValueError(f"probe {probe.name!r}: its name is taken")
            names.add(probe.name)
            probes.append(probe)
        except ValueError as why:
            limits.append(("the vendor's own", str(why)))
    if len(wanted) > MOST_PROBES:
        why_not = f"only the first {MOST_PROBES} of {len(wanted)} are run"
        limits.append(("the vendor's own", why_not))
    return probes, limits


def _roots(trees: List[str]) -> List[str]:
    """Directories to look into, without those that are inside of others."""
    roots: List[str] = []
    for tree in sorted({os.path.normpath(one) for one in trees if one.startswith("/")}):
        if not any(tree.startswith(f"{root.rstrip('/')}/") for root in roots):
            roots.append(tree)
    return roots


def _blind(probes: List[Probe]) -> List[Limit]:
    if os.geteuid() == 0:
        return []
    return [(one.name, f"without root: {one.without_root}") for one in probes if one.without_root]


def _told(limits: List[Limit]) -> List[Dict[str, str]]:
    """Limits of the same cause in one, as they are told."""
    by_cause: Dict[str, List[str]] = {}
    for probe, why in sorted(limits):
        by_cause.setdefault(_clean(why)[:_LONGEST_LIMIT], []).append(probe)
    return [
        {"probe": ", ".join(dict.fromkeys(probes)), "why": why} for why, probes in by_cause.items()
    ]


def _before(path: Path) -> Tuple[Optional[Fingerprint], List[Limit]]:
    try:
        return from_json(json.loads(path.read_text())), []
    except FileNotFoundError:
        return None, []
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None, [("fingerprint", "the one before can't be read: not compared")]


def _keep(path: Path, found: Fingerprint) -> None:
    written = path.with_suffix(".new")
    with suppress(FileNotFoundError):
        written.unlink()
    fd = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "w") as file:
        json.dump(as_json(found), file, separators=(",", ":"))
    written.replace(path)


def _key(path: Path) -> bytes:
    """This host's key, made where there is none; whoever comes second takes the first one's."""
    if not path.exists():
        written = path.with_suffix(f".{os.getpid()}")
        fd = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(secrets.token_bytes(32))
        with suppress(FileExistsError):
            os.link(written, path)
        written.unlink()
    key = path.read_bytes()
    if len(key) != 32:
        raise ValueError(f"{path} does not hold a key")
    return key


def _printable(change: Change) -> Change:
    area, subject, fact, before, after, at = change
    return Change(
        area, _clean(subject), fact, before and _clean(before), after and _clean(after), at
    )


def _clean(text: str) -> str:
    return "".join(one if one.isprintable() else "\ufffd" for one in text)


def _cpu_seconds() -> float:
    own, children = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _step_back() -> None:
    """Let everybody else go first."""
    with suppress(OSError):
        os.nice(19)
    with suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def main() -> int:
    """Run as a process. Does not return: threads that hang would keep it."""
    _step_back()
    os.umask(0o077)
    with suppress(OSError):
        see_own()  # and not what is shown at logins while they are recorded
    try:
        found = take(json.load(sys.stdin))
    except (OSError, ValueError, KeyError, TypeError) as error:
        why = error.strerror if isinstance(error, OSError) else type(error).__name__
        sys.stderr.write(f"jumpseat: no fingerprint: {why}\n")
        sys.stderr.flush()
        os._exit(1)
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()
    os.close(sys.stdout.fileno())  # where a thread hangs in the kernel, we stay for a while
    os._exit(0)
