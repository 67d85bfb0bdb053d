"""Every message of the protocol, one frozen dataclass each.

Things that happened are named in the past tense, requests in the imperative. Binary messages
carry bytes of streams and terminals; control messages are JSON objects whose ``type`` is the
class's name in snake case. ``docs/protocol.md`` tells who sends what to whom, and when.

Python 3.9 runs this file on customers' machines.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Union

PROTOCOL = 2

# --- binary -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Append:
    """Bytes of a stream, at their place in it."""

    stream: str
    offset: int
    data: bytes


@dataclass(frozen=True)
class Input:
    """Keys for a terminal, at most once. ``by`` is a viewer's id, or empty where the link tells."""

    terminal: str
    by: str
    data: bytes


@dataclass(frozen=True)
class Output:
    """What a terminal printed, raw: from the recorder to the customer's own terminal only."""

    terminal: str
    data: bytes


@dataclass(frozen=True)
class Snapshot:
    """The screen of a terminal as it was at ``offset`` of its recording, as escape sequences."""

    stream: str
    offset: int
    cols: int
    rows: int
    data: bytes


# --- control: every link ------------------------------------------------------------------------


@dataclass(frozen=True)
class Ping:
    """Are you there? Answered by ``Pong`` with the same number."""

    n: int


@dataclass(frozen=True)
class Pong:
    """I am."""

    n: int


@dataclass(frozen=True)
class Error:
    """The sender gives up on this link; it closes it next."""

    code: str
    message: str


# --- control: host and broker -------------------------------------------------------------------


@dataclass(frozen=True)
class Hello:
    """The host's first message: who it is, which run, and its clocks.

    ``t`` is session time in seconds, ``suspended`` the seconds that the host has slept since it
    booted, ``wall`` its idea of Unix time, ``receipts`` how many bytes of them it keeps.
    """

    protocol: int
    session: str
    token: str
    run: int
    boot: str
    t: float
    suspended: float
    wall: float
    version: str
    receipts: int


@dataclass(frozen=True)
class Welcome:
    """The broker's answer: its wall clock, and how far it durably holds each stream.

    Among them ``receipts``, of which the broker has the original and the host the copy.
    ``instance`` names this start of the broker: another one means that it was restarted.
    """

    protocol: int
    instance: str
    wall: float
    held: Dict[str, int]


@dataclass(frozen=True)
class Held:
    """The sender of this holds the stream durably (written and fdatasync'ed) up to ``offset``."""

    stream: str
    offset: int


@dataclass(frozen=True)
class Refused:
    """An append lay beyond what is there; the stream goes on from ``offset``."""

    stream: str
    offset: int


@dataclass(frozen=True)
class Joined:
    """A viewer has begun to watch."""

    viewer: str
    person: str


@dataclass(frozen=True)
class Left:
    """A viewer has gone."""

    viewer: str


@dataclass(frozen=True)
class Leave:
    """The host goes on purpose: ``disconnected``, ``ended`` or ``recorder-lost``."""

    reason: str


@dataclass(frozen=True)
class Complete:
    """The session has ended, and these are all of its streams, to their ends."""

    streams: Dict[str, int]


@dataclass(frozen=True)
class Turn:
    """Whose keys reach the terminal now: a viewer's, the ``customer``'s, or (empty) nobody's."""

    terminal: str
    holder: str
    person: str


# --- control: viewer, broker and host; ``by`` is a viewer's id, or empty where the link tells ---


@dataclass(frozen=True)
class Propose:
    """A line, or a short script, for the customer to let run."""

    by: str
    terminal: str
    text: str
    why: str
    expect: str


@dataclass(frozen=True)
class Withdraw:
    """The engineer takes a proposal back, by the number that the session log gave it."""

    by: str
    proposal: str


@dataclass(frozen=True)
class Request:
    """The engineer asks for more: ``terminal``, ``approve``, ``control`` or ``time``."""

    by: str
    what: str


@dataclass(frozen=True)
class PutHold:
    """The engineer says what nobody should touch, and which commands to stop at it."""

    by: str
    text: str
    patterns: List[str]


@dataclass(frozen=True)
class LiftHold:
    """The engineer lifts a hold that an engineer put up."""

    by: str
    hold: str


@dataclass(frozen=True)
class Attention:
    """Whether a viewer looks: ``looking``, ``hidden`` (another tab is in front) or ``asleep``."""

    by: str
    state: str


@dataclass(frozen=True)
class Act:
    """An act of the customer on their page: JSON text, and an HMAC that the broker can't make."""

    action: str
    mac: str


@dataclass(frozen=True)
class Declined:
    """What a viewer wanted was not done, and why: a code, and a sentence for people."""

    viewer: str
    reason: str
    message: str


# --- control: viewer and broker -----------------------------------------------------------------


@dataclass(frozen=True)
class Streams:
    """The streams of the session so far; sent on joining and whenever one appears."""

    names: List[str]


@dataclass(frozen=True)
class Watch:
    """Send me this stream from ``offset``; -1 means a snapshot of the screen and on from there."""

    stream: str
    offset: int


@dataclass(frozen=True)
class Watching:
    """Who watches: ``you`` is the receiver's own viewer id, ``viewers`` maps ids to people."""

    you: str
    viewers: Dict[str, str]


@dataclass(frozen=True)
class Present:
    """What is known of the customer; the fields of ``recording.presence.Shown``.

    ``last``: the latest absence that is over, ``{cause, since, until}``, or empty.
    """

    state: str
    since: float
    detail: str
    last: Dict[str, Any]


# --- control: customer's terminal or command, and recorder ---------------------------------------


@dataclass(frozen=True)
class Attach:
    """Take the seat: this terminal now shows and types into ``terminal`` (empty: the only one)."""

    terminal: str
    cols: int
    rows: int


@dataclass(frozen=True)
class Attached:
    """The seat is taken; output of ``terminal`` follows."""

    terminal: str


@dataclass(frozen=True)
class Detach:
    """Leave the seat; the session goes on."""

    reason: str


@dataclass(frozen=True)
class Resize:
    """The customer's window now has this size."""

    cols: int
    rows: int


@dataclass(frozen=True)
class Title:
    """Who is here and what they may: for the title of the customer's window."""

    text: str


@dataclass(frozen=True)
class Notice:
    """Something for the customer to know, between prompts.

    ``kind``: ``info``, ``away`` (what happened meanwhile; a note can be added), ``ask`` (somebody
    waits for an answer), or ``urgent`` (it may not wait for a prompt).
    """

    kind: str
    text: str


@dataclass(frozen=True)
class Do:
    """Something that the customer wants done; ``docs/protocol.md`` lists commands and arguments."""

    command: str
    args: Dict[str, Any]


@dataclass(frozen=True)
class Consent:
    """What was asked for gives the engineers more: show this text, and have the words typed."""

    n: int
    text: str
    words: str


@dataclass(frozen=True)
class Consented:
    """The answer to a ``Consent``, as it was typed."""

    n: int
    answer: str


@dataclass(frozen=True)
class Done:
    """The answer to ``Do``: the session's status after it."""

    status: Dict[str, Any]


@dataclass(frozen=True)
class Ended:
    """The terminal's program has ended with this exit status (128+n: signal n)."""

    terminal: str
    status: int


# --- control: uplink and recorder ---------------------------------------------------------------


@dataclass(frozen=True)
class Dial:
    """Connect to the broker at this URL, and again whenever the link is lost."""

    url: str


@dataclass(frozen=True)
class LinkUp:
    """The uplink reached the broker; the recorder greets next."""

    attempt: int = field(default=1)


@dataclass(frozen=True)
class LinkDown:
    """The uplink lost the broker, or could not reach it."""

    why: str


Binary = Union[Append, Input, Output, Snapshot]
BINARY = (Append, Input, Output, Snapshot)
CONTROL = (
    Ping, Pong, Error, Hello, Welcome, Held, Refused, Joined, Left, Leave, Complete, Turn, Propose,
    Withdraw, Request, PutHold, LiftHold, Attention, Act, Declined, Streams, Watch, Watching,
    Present, Attach, Attached, Detach, Resize, Title, Notice, Do, Consent, Consented, Done, Ended,
    Dial, LinkUp, LinkDown,
)  # fmt: skip
Control = Union[
    Ping, Pong, Error, Hello, Welcome, Held, Refused, Joined, Left, Leave, Complete, Turn, Propose,
    Withdraw, Request, PutHold, LiftHold, Attention, Act, Declined, Streams, Watch, Watching,
    Present, Attach, Attached, Detach, Resize, Title, Notice, Do, Consent, Consented, Done, Ended,
    Dial, LinkUp, LinkDown,
]  # fmt: skip
Message = Union[Binary, Control]
