"""What ``jumpseat bundle`` says that it has written. Pure."""

from __future__ import annotations

import shlex
from typing import Any, Dict, List

from broker.evidence.packing import Packed


def bundle_as_json(path: str, size: int, packed: Packed) -> Dict[str, Any]:
    """What was written where, for programs; ``size`` in bytes."""
    judged = packed.verified.judgement
    return {
        "path": path,
        "size": size,
        "session": packed.verified.session,
        "page": packed.page,
        "verdict": judged.verdict.name,
        "complete": judged.complete,
        "keys": list(judged.keys),
    }


def bundle_read_out(told: Dict[str, Any]) -> List[str]:
    """The same for people."""
    found = [f"{told['path']}  {told['size']} bytes, {told['verdict']} as it is now"]
    if not told["page"]:
        found.append("The recordings are too large for replay.html, which is left out.")
    keys = "".join(f" --key {key}" for key in told["keys"])
    path = shlex.quote(told["path"])
    return [*found, f"Whoever gets it checks it: jumpseat verify {path}{keys}"]
