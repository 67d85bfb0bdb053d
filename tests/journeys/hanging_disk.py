"""Runs a program of ours on a broker's disk that hangs: nothing is written, and nothing fails.

``python -P hanging_disk.py FLAG PROGRAM ARGUMENTS``: while the file FLAG is there,
which has text in it once something has hung.
"""

import runpy
import sys
import time
from pathlib import Path

from broker.server.stores.recordings import Recordings

_append = Recordings.append


if __name__ == "__main__":
    flag = Path(sys.argv[1])

    def hangs(self: Recordings, session: str, stream: str, offset: int, data: bytes) -> None:
        while flag.exists():
            flag.write_text("hangs")
            time.sleep(0.05)
        _append(self, session, stream, offset, data)

    Recordings.append = hangs  # type: ignore[method-assign]
    sys.argv[:] = sys.argv[2:]
    runpy.run_path(sys.argv[0], run_name="__main__")
