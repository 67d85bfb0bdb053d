"""The process in which screens are worked out: JSON lines in, JSON lines out, one after the other.

A process of its own because emulation holds the interpreter's lock and eats what a stranger's
terminal printed. It ends when its standard input does, so it never outlives the broker.
"""

import json
import os
import resource
import signal
import sys
from dataclasses import asdict
from pathlib import Path

from broker.recording.asciicast import BadCast
from broker.server.mirror import Screen, advance

_MEMORY_BYTES = 2 * 1024**3


def main() -> None:
    """Answer requests until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the broker, which then ends us
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    for line in sys.stdin:
        asked = json.loads(line)
        answer: dict[str, object]
        try:
            screen = advance(
                Path(asked["path"]), Screen(**asked["screen"]), asked["upto"], asked["most"]
            )
            answer = {"screen": asdict(screen)}
        except (BadCast, OSError, MemoryError) as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
