"""How to start another process of ours, from an installed package and from jumpseat.pyz alike.

Isolated (``-I``): nothing in the folder where the customer happens to stand is imported.
"""

from __future__ import annotations

import os
import sys
from typing import List, Optional

import broker


def _archive() -> Optional[str]:
    path = getattr(broker.__loader__, "archive", None)
    return os.path.abspath(path) if isinstance(path, str) else None  # noqa: PTH100 - no Path in a loader


_ARCHIVE = _archive()  # now, while a relative path still means what it meant


def command(*arguments: str) -> List[str]:
    """The command line of ``jumpseat ARGUMENTS`` with this interpreter."""
    if _ARCHIVE is not None:
        return [sys.executable, "-I", _ARCHIVE, *arguments]
    return [sys.executable, "-I", "-m", "broker.host", *arguments]
