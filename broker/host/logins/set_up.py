"""Puts what logins read in its place, and takes it away. Blocking; not for a loop."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional, Tuple

import broker
from broker.host.invocation import archive, command
from broker.host.logins import mounts
from broker.host.logins.guardian import Guardian
from broker.host.logins.place import DEEPER_FILES, LOGIN_FILES, Place, lock
from broker.host.logins.prelude import composed
from broker.host.shells import bash


@dataclass
class SetUp:
    """What there is while logins are recorded."""

    held: int
    """The lock of the place."""
    guardian: Guardian
    listening: socket.socket


def set_up(place: Place) -> Tuple[Optional[SetUp], List[str]]:
    """Show logins our files: what there is then, or None, and what can't be had."""
    try:
        held = lock(place)
    except OSError as error:
        return None, [f"logins can't be recorded: {error.strerror}"]
    if held is None:
        return None, ["another session records the logins of this host"]
    try:
        mounts.clear(place)
        for folder in (place.folder, place.terminals):
            folder.mkdir(mode=0o755)
            folder.chmod(0o755)
        limits = _write_program(place)
        place.hooks.write_text(bash.HOOKS)
        place.hooks.chmod(0o644)
        listening = _listening(place)
        recorded = SetUp(held, Guardian(), listening)
    except OSError as error:
        os.close(held)
        return None, [f"logins can't be recorded: {error.strerror}"]
    for shell in filter(shutil.which, ("csh", "tcsh")):
        limits.append(f"{shell}: logins are not recorded, it can't read what other shells can")
    for shell, files in {**LOGIN_FILES, "bash": DEEPER_FILES}.items():
        limits += _show(place, shell, files)
    return recorded, limits


def _show(place: Place, shell: str, files: Tuple[str, ...]) -> List[str]:
    """What can't be had of this shell."""
    what = "shells within terminals do not tell" if shell == "bash" else "logins are not recorded"
    target = next((one for one in files if Path(one).is_file()), None)
    if target is None:
        there = shell == "bash" or shutil.which(shell)
        return [f"{shell}: {what}, {files[0]} is not there"] if there else []
    shown = place.shown(target)
    try:
        login, marks = (_program(place, word) for word in ("login", "marks"))
        shown.write_bytes(composed(shell, place, Path(target).read_bytes(), login, marks))
        shown.chmod(0o644)
        mounts.show(shown, target)
    except OSError as error:
        return [f"{shell}: {what}, {target}: {error.strerror}"]
    return []


def _write_program(place: Place) -> List[str]:
    """Put our program where all can run it; what can't be had."""
    source = archive()
    if source is not None:
        shutil.copyfile(source, place.program)
        place.program.chmod(0o644)
    ours = str(place.program) if source else broker.__file__
    closed = [one for path in (sys.executable, ours) for one in _closed(Path(path).resolve())]
    return [f"only root's logins are recorded: {closed[0]} is closed to others"] if closed else []


def _program(place: Place, word: str) -> List[str]:
    """How the logins' shells run ours."""
    source = archive()
    line = command(word, str(place.socket))
    return [str(place.program) if one == source else one for one in line]


def _closed(path: Path) -> List[Path]:
    """What is in others' way to a file."""
    return [one for one in (path, *path.parents) if not one.stat().st_mode & _reads(one)]


def _reads(path: Path) -> int:
    return stat.S_IXOTH if path.is_dir() else stat.S_IROTH


def _listening(place: Place) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(place.socket))
    place.socket.chmod(0o666)
    return listening


def take_away(place: Place, recorded: SetUp) -> None:
    """The host's own files are back after this. Raises OSError."""
    mounts.clear(place)
    recorded.guardian.dismiss()
    os.close(recorded.held)
