"""What goes wrong between two ends of a link, and whose fault it is.

``WireError``
    ``RemoteProtocolError``: the other end broke the protocol; it costs that link and nothing else.
    ``LocalProtocolError``: we did; a defect.
"""

from __future__ import annotations


class WireError(Exception):
    """A broken rule of the protocol.

    ``code`` is stable and goes over the wire; ``message`` is for people. Neither ever holds
    terminal content.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class RemoteProtocolError(WireError):
    """The other end sent something that the protocol does not allow here."""


class LocalProtocolError(WireError):
    """This end tried something that the protocol does not allow here."""
