"""How we are started, from an installed package and from jumpseat.pyz alike: by us, by people.

Isolated (``-I``): nothing in the folder where the customer happens to stand is imported.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from typing import List, Optional

import broker


def _archive_of_ours() -> Optional[str]:
    path = getattr(broker.__loader__, "archive", None)
    return os.path.abspath(path) if isinstance(path, str) else None  # noqa: PTH100 - no Path in a loader


_ARCHIVE = _archive_of_ours()  # now, while a relative path still means what it meant


def archive() -> Optional[str]:
    """The one file that we run from; None: an installed package."""
    return _ARCHIVE


def command(*arguments: str) -> List[str]:
    """The command line of ``jumpseat ARGUMENTS`` with this interpreter."""
    if _ARCHIVE is not None:
        return [sys.executable, "-I", _ARCHIVE, *arguments]
    return [sys.executable, "-I", "-m", "broker.host", *arguments]


def spoken() -> str:
    """What a person types for ``jumpseat`` on this host, where it may not be installed."""
    if _ARCHIVE is not None:
        return f"python3 {shlex.quote(_ARCHIVE)}"
    return "jumpseat" if shutil.which("jumpseat") else shlex.quote(os.path.abspath(sys.argv[0]))  # noqa: PTH100
