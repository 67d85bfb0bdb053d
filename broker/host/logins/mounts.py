"""Files shown in place of others, by bind mounts: the files themselves are never touched.

A mount is read-only: what somebody would write there, and lose with it, is refused to them.
"""

from __future__ import annotations

import ctypes
import os
import shutil
from contextlib import suppress
from pathlib import Path

from broker.host.logins.place import Place, lock, targets, the_place

_MS_RDONLY, _MS_REMOUNT, _MS_BIND = 1, 32, 4096  # mount(2)
_MNT_DETACH, _UMOUNT_NOFOLLOW = 2, 8  # umount2(2)
_CLONE_NEWNS = 0x00020000  # unshare(2)
_MS_REC, _MS_PRIVATE = 16384, 1 << 18


def show(path: Path, target: str) -> None:
    """Show a file of ours in place of one of the host. Raises OSError."""
    target = os.path.realpath(target)
    _mount(str(path), target, _MS_BIND)
    try:
        _mount("none", target, _MS_REMOUNT | _MS_BIND | _MS_RDONLY)
    except OSError:
        _unmount(target)
        raise


def clear(place: Place) -> None:
    """Show the host's own files again, and take ours away; there may be none. Raises OSError."""
    _show_own(place)
    shutil.rmtree(place.folder, ignore_errors=True)


def clear_left() -> bool:
    """Clear what a recorder and its guardian left that were both killed; root's to do.

    False where a recorder has the place, or seems to.
    """
    place = the_place()
    if os.geteuid() != 0 or not place.folder.exists():
        return True
    with suppress(OSError):
        held = lock(place)
        if held is None:
            return False
        clear(place)
        os.close(held)
    return True


def see_own() -> None:
    """From now on this process, and what it starts, sees the host's own files. Raises OSError."""
    place = the_place()
    if os.geteuid() != 0 or not place.folder.exists():
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNS) != 0:
        raise _failed("unshare")
    _mount("none", "/", _MS_REC | _MS_PRIVATE)
    _show_own(place)


def _show_own(place: Place) -> None:
    for target in targets():
        shown, path = place.shown(target), os.path.realpath(target)
        while _is_shown(shown, path):
            _unmount(path)


def _is_shown(shown: Path, target: str) -> bool:
    try:
        return os.path.samefile(shown, target)  # noqa: PTH121 - both may be gone
    except OSError:
        return False


def _mount(source: str, target: str, flags: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(os.fsencode(source), os.fsencode(target), None, ctypes.c_ulong(flags), None):
        raise _failed(target)


def _unmount(target: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.umount2(os.fsencode(target), _MNT_DETACH | _UMOUNT_NOFOLLOW):
        raise _failed(target)


def _failed(what: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number), what)
