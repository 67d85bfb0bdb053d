"""Reading what was recorded."""

from broker.recording import asciicast

TERMINAL = "run-1.terminal-1.cast"
LOG = "run-1.log"


def events(cast: bytes) -> list[asciicast.Event]:
    """A whole recording, read strictly."""
    head, *lines = cast.decode().splitlines()
    asciicast.read_header(head)
    return [asciicast.read_event(line, number) for number, line in enumerate(lines, 2)]


def output(cast: bytes) -> str:
    """All that the terminal printed."""
    return "".join(event.text for event in events(cast) if event.code == "o")
