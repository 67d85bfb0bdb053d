"""A process in which one report is told from a session's logs: asked on standard input, JSON out.

A process of its own because logs are a stranger's, and may take more time and memory to tell of
than a broker has: the kernel ends it then. Exit status 3: the answer is a sentence that says why
there is no such report; 4: one that says that the logs are sealed.
"""

import json
import os
import resource
import signal
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from broker.evidence.encryption import read_keys
from broker.recording import away, commands, timeline
from broker.recording.log_reader import LogReader
from broker.recording.session_log import Entry
from broker.server import known_stretches
from broker.server.at_rest.opened import Sealed
from broker.server.search import command_output
from broker.server.stores.recordings import Recordings
from broker.wire.names import parse_stream

NO_SUCH, SEALED = 3, 4
_CPU_SECONDS = 10
_MEMORY_BYTES = 1024**3


@dataclass(frozen=True, slots=True)
class Asked:
    """``what``: ``timeline``, ``away``, ``commands``, ``drift``, ``output``, ``evidence``.

    ``logs``: names and held bytes, run after run.
    """

    what: str
    root: str
    session: str
    logs: list[tuple[str, int]]
    start: int | None = None
    """With ``end``: the fingerprints between which drift is told."""
    end: int | None = None
    command: str = ""
    """The one of which the output is told."""
    recordings: list[tuple[str, int]] = field(default_factory=list)
    """Names and held bytes, where output or evidence is told."""
    keys: list[str] = field(default_factory=list)
    """Files of keys, for what is sealed."""

    def encoded(self) -> bytes:
        """For the process."""
        return json.dumps(asdict(self)).encode()


def tell(asked: Asked) -> dict[str, Any]:
    """The report. Raises ValueError with a sentence where there is none such, and OSError."""
    recordings = Recordings(Path(asked.root), read_keys(map(Path, asked.keys)))
    entries = _entries(recordings, asked)
    if asked.what == "timeline":
        return timeline.as_json(timeline.tell(entries))
    if asked.what == "away":
        return away.tell(entries)
    if asked.what == "commands":
        return commands.tell(entries)
    if asked.what == "output":
        return _output(recordings, asked, entries)
    if asked.what == "evidence":
        sizes = dict(sorted([*asked.logs, *asked.recordings], key=lambda one: parse_stream(one[0])))
        return known_stretches.tell(recordings, asked.session, sizes, entries)
    return away.between(entries, asked.start, asked.end)


def _output(recordings: Recordings, asked: Asked, entries: Iterator[Entry]) -> dict[str, Any]:
    told = commands.Commands()
    for entry in entries:
        told.take(entry)
    held = dict(asked.recordings)
    for command in told.found:
        if command.id == asked.command and command.terminal in held:
            return command_output.tell(recordings, asked.session, command, held[command.terminal])
    raise ValueError("there is no such command")


def _entries(recordings: Recordings, asked: Asked) -> Iterator[Entry]:
    for name, held in asked.logs:
        reader = LogReader()
        for piece in recordings.pieces(asked.session, name, held):
            yield from reader.feed(piece)


def main() -> int:
    """Answer what is asked and end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the broker, which then ends us
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    asked = Asked(**json.loads(sys.stdin.buffer.read()))
    try:
        answer, status = json.dumps(tell(asked)), 0
    except Sealed as sealed:
        answer, status = sealed.says, SEALED
    except ValueError as error:
        answer, status = str(error), NO_SUCH
    sys.stdout.write(answer)
    return status


if __name__ == "__main__":
    sys.exit(main())
