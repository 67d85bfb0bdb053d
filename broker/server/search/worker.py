"""The process that writes the search index: JSON lines in, JSON lines out, one after the other.

A process of its own because emulation and indexing are slow and eat what a stranger's terminal
printed. It ends when its standard input does, so it never outlives the broker.
"""

import json
import os
import resource
import signal
import sqlite3
import sys
from pathlib import Path

from broker.server.at_rest.opened import Sealed
from broker.server.search import schema
from broker.server.search.index import Index
from broker.server.search.reading import Reading

_MEMORY_BYTES = 2 * 1024**3
_NICENESS = 15


def main() -> int:
    """Make one step for each line until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the broker, which then ends us
    os.nice(_NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    recordings, path = Path(sys.argv[1]), Path(sys.argv[2])
    try:
        _work(recordings, path)
    except sqlite3.OperationalError as error:  # a full disk, above all
        _tell({"trouble": str(error)})
    except sqlite3.DatabaseError as error:
        schema.delete(path)
        _tell({"trouble": f"{error}: the index is made again"})
    except OSError as error:
        _tell({"trouble": error.strerror or type(error).__name__})
    return 0


def _work(recordings: Path, path: Path) -> None:
    reading = Reading(recordings, Index(path))
    for line in sys.stdin:
        asked = json.loads(line)
        if "known" in asked:
            _tell({"known": reading.known(), "untidy": reading.untidy})
            continue
        if "forget" in asked:
            reading.forget(asked["forget"])
            _tell({"more": True})
            continue
        if "tidy" in asked:
            _tell({"more": reading.tidy()})
            continue
        session, name = asked["session"], asked["stream"]
        if asked["skip"]:
            reading.skip(session, name)
            _tell({"indexed": asked["held"]})
        else:
            try:
                indexed = reading.step(session, name, asked["held"], asked["began"])
            except (FileNotFoundError, Sealed):  # deleted or sealed since this was asked
                indexed = asked["held"]
            _tell({"indexed": indexed})


def _tell(answer: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
