"""The ways to tamper, and what a verifier has to say of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from broker.recording.receipts import lines
from broker.recording.verification import Verdict
from tests.recording.receipts_made import ONE, Key, Signer
from tests.tampering.honest import Case, honest

NEVER_VERIFIED = frozenset({Verdict.REJECTED, Verdict.UNANCHORED})
REJECTED = frozenset({Verdict.REJECTED})
UNANCHORED = frozenset({Verdict.UNANCHORED})

STRANGER = Key(66)
Tampering = Callable[[Random, Case], Case]


def flip_a_stream(random: Random, case: Case) -> Case:
    """One bit of what was recorded."""
    name = random.choice(list(case.streams))
    return case.with_stream(name, _flipped(random, case.streams[name]))


def flip_the_receipts(random: Random, case: Case) -> Case:
    """One bit of what was signed, or of the signature."""
    return case.with_receipts(_flipped(random, case.receipts))


def cut_a_stream(random: Random, case: Case) -> Case:
    """The end of a recording is gone, or a piece of its middle."""
    name = random.choice(list(case.streams))
    data = case.streams[name]
    start = random.randrange(len(data))
    end = random.choice([len(data), random.randint(start + 1, len(data))])
    return case.with_stream(name, data[:start] + data[end:])


def lose_a_stream(random: Random, case: Case) -> Case:
    """A whole recording is gone."""
    return case.with_stream(random.choice(list(case.streams)), None)


def cut_the_receipts(random: Random, case: Case) -> Case:
    """What was signed last is gone, by whole lines."""
    there = lines(case.receipts)
    return case.with_receipts(b"".join(there[: random.randrange(len(there))]))


def tear_the_receipts(random: Random, case: Case) -> Case:
    """What was signed last is gone, in the middle of a line."""
    cut = random.randrange(1, len(case.receipts))
    while case.receipts[cut - 1 : cut] == b"\n":
        cut -= 1
    return case.with_receipts(case.receipts[:cut])


def strip_a_line(random: Random, case: Case) -> Case:
    """One statement in the middle is gone."""
    there = lines(case.receipts)
    at = random.randrange(len(there) - 1)
    return case.with_receipts(b"".join(there[:at] + there[at + 1 :]))


def strip_the_signatures(_: Random, case: Case) -> Case:
    """What was signed says that nobody signed."""
    return case.with_receipts(b"".join(b"A" * 86 + line[86:] for line in lines(case.receipts)))


def cut_both(random: Random, case: Case) -> Case:
    """An earlier state of everything, as a disk that was restored would show it."""
    there = lines(case.receipts)
    kept = there[: random.randrange(1, len(there))]
    held = Signer(session=case.session).chain
    for line in kept:
        held.take(line)
    streams = {
        name: data[: held.held[name].fields["offset"]]
        for name, data in case.streams.items()
        if name in held.held
    }
    return replace(case, receipts=b"".join(kept), streams=streams)


def splice_a_stream(random: Random, case: Case) -> Case:
    """A piece of another session in the middle of this one's recording."""
    name = random.choice(list(case.streams))
    data, other = case.streams[name], honest(random, "s2").streams["run-1.log"]
    start = random.randrange(len(data))
    piece = other[: random.randint(1, len(other))]
    return case.with_stream(name, data[:start] + piece + data[start + len(piece) :])


def append_to_a_stream(random: Random, case: Case) -> Case:
    """Something more at the end, as if it had been recorded."""
    name = random.choice(list(case.streams))
    return case.with_stream(name, case.streams[name] + b'[200.0, "o", "rm -rf /"]\n')


def add_a_stream(_: Random, case: Case) -> Case:
    """A recording that the session never had."""
    return case.with_stream("run-9.terminal-1.cast", b'{"version": 2}\n')


def splice_the_receipts(random: Random, case: Case) -> Case:
    """Statements of another session among these."""
    there, other = lines(case.receipts), lines(honest(random, "s2").receipts)
    at = random.randint(0, len(there))
    return case.with_receipts(b"".join([*there[:at], random.choice(other), *there[at:]]))


def swap_the_receipts(random: Random, case: Case) -> Case:
    """All receipts of another session."""
    return case.with_receipts(honest(random, "s2").receipts)


def swap_streams(random: Random, case: Case) -> Case:
    """Two recordings have changed places, or one came from another session."""
    names = list(case.streams)
    if len(names) > 1:
        one, two = random.sample(names, 2)
        streams = {**case.streams, one: case.streams[two], two: case.streams[one]}
        return replace(case, streams=streams)
    return case.with_stream(names[0], honest(random, "s2").streams["run-1.log"])


def reorder_lines(random: Random, case: Case) -> Case:
    """Two statements have changed places."""
    there = lines(case.receipts)
    one, two = sorted(random.sample(range(len(there)), 2))
    there[one], there[two] = there[two], there[one]
    return case.with_receipts(b"".join(there))


def repeat_a_line(random: Random, case: Case) -> Case:
    """A statement is there twice."""
    there = lines(case.receipts)
    at = random.randrange(len(there))
    return case.with_receipts(b"".join(there[: at + 1] + there[at:]))


def swap_lines_of_a_stream(random: Random, case: Case) -> Case:
    """Two lines of a recording have changed places."""
    name = random.choice(list(case.streams))
    there = lines(case.streams[name])
    if len(there) < 2:
        return case
    at = random.randrange(len(there) - 1)
    there[at], there[at + 1] = there[at + 1], there[at]
    return case.with_stream(name, b"".join(there))


def backdate(random: Random, case: Case) -> Case:
    """A statement says that it was made earlier, or later."""
    there = lines(case.receipts)
    at = random.randrange(len(there))
    head, mark, rest = there[at].partition(b'"time":')
    digits = len(rest) - len(rest.lstrip(b"0123456789"))
    time = int(rest[:digits]) + random.choice([-1, 1]) * random.randint(1, 10**7)
    there[at] = head + mark + str(time).encode() + rest[digits:]
    return case.with_receipts(b"".join(there))


def sign_anew(random: Random, case: Case) -> Case:
    """Everything changed and signed by somebody else, without a flaw."""
    name = random.choice(list(case.streams))
    changed = case.with_stream(name, _flipped(random, case.streams[name]))
    signer = Signer(STRANGER, case.session).begins()
    for one, data in changed.streams.items():
        signer.holds(one, data)
    return changed.with_receipts(signer.completes().file)


def go_on_as_a_stranger(random: Random, case: Case) -> Case:
    """From some line on, somebody else signs, who vouches for themself."""
    there = lines(case.receipts)
    kept = there[: random.randrange(1, len(there) - 1)]
    signer = Signer(ONE, case.session)
    for line in kept:
        signer.chain.take(line)
    signer.time = case_time(kept[-1])
    forged = Signer(STRANGER, case.session, signer.time)
    forged.begins()
    # What a chain would refuse to sign is put together by hand: its own words, this chain's place.
    last = lines(forged.file)[0]
    return case.with_receipts(b"".join([*kept, last]))


def case_time(line: bytes) -> int:
    """The time that a line says."""
    rest = line.partition(b'"time":')[2]
    return int(rest[: len(rest) - len(rest.lstrip(b"0123456789"))])


def name_another_key(_: Random, case: Case) -> Case:
    """Whoever verifies knows the broker by another key."""
    return replace(case, trusted=frozenset({STRANGER.fingerprint}))


def name_another_session(_: Random, case: Case) -> Case:
    """It is passed off as another session's."""
    return replace(case, session="s3")


def downgrade(random: Random, case: Case) -> Case:
    """A statement in an older or looser form."""
    there = lines(case.receipts)
    at = random.randrange(len(there))
    old, new = random.choice(
        [
            (b'{"', b'{ "'),
            (b'"n":', b'"format":0,"n":'),
            (b'"kind":"', b'"kind":"x'),
            (b" {", b"  {"),
        ]
    )
    there[at] = there[at].replace(old, new, 1)
    return case.with_receipts(b"".join(there))


def no_receipts(_: Random, case: Case) -> Case:
    """Nobody ever signed."""
    return case.with_receipts(b"")


KINDS: dict[Tampering, frozenset[Verdict]] = {
    flip_a_stream: REJECTED,
    flip_the_receipts: REJECTED,
    cut_a_stream: REJECTED,
    lose_a_stream: REJECTED,
    cut_the_receipts: UNANCHORED,
    tear_the_receipts: REJECTED,
    strip_a_line: REJECTED,
    strip_the_signatures: REJECTED,
    cut_both: UNANCHORED,
    splice_a_stream: REJECTED,
    append_to_a_stream: REJECTED,
    add_a_stream: REJECTED,
    splice_the_receipts: REJECTED,
    swap_the_receipts: REJECTED,
    swap_streams: REJECTED,
    reorder_lines: REJECTED,
    repeat_a_line: REJECTED,
    swap_lines_of_a_stream: REJECTED,
    backdate: REJECTED,
    sign_anew: NEVER_VERIFIED,  # what was changed may be what the log says that it is of
    go_on_as_a_stranger: REJECTED,
    name_another_key: UNANCHORED,
    name_another_session: REJECTED,
    downgrade: REJECTED,
    no_receipts: UNANCHORED,
}
"""Each tampering with what may be said of it. UNANCHORED where what is left is in itself true."""


def _flipped(random: Random, data: bytes) -> bytes:
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :]
