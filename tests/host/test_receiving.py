"""A real recorder keeps what a broker signs for: whole, checked, and whatever happens meanwhile."""

from __future__ import annotations

import os
import signal
from base64 import urlsafe_b64encode
from collections.abc import Callable

import pytest

from broker.host.session_file import load
from broker.recording.receipts import Chain, Code, lines, read
from broker.wire.messages import Append, Complete, Ended, Hello, Leave, Message, Notice
from broker.wire.names import RECEIPTS
from tests.host.broker_end import WAIT_SECONDS, BrokerEnd
from tests.host.real_recorder import LOG, TERMINAL, Host, Seat, sit
from tests.journeys.waiting import until
from tests.recording.receipts_made import ONE, TWO, Signer

SHOWN = urlsafe_b64encode(ONE.public).decode()


def kept(host: Host) -> bytes:
    path = host.folder / RECEIPTS
    return path.read_bytes() if path.exists() else b""


async def all_kept(host: Host, broker: BrokerEnd) -> None:
    """Wait until the host has all that is signed, byte for byte."""
    await until(lambda: kept(host) == broker.signer.file, "receipts, byte for byte", WAIT_SECONDS)


async def undisturbed(seat: Seat, broker: BrokerEnd) -> None:
    seat.types("echo undis''turbed\r")
    await seat.until_printed(b"undisturbed")
    await broker.until_in(TERMINAL, b"undisturbed")


async def until_urgent(seat: Seat) -> str:
    while True:
        message = await seat.until(Notice)
        if isinstance(message, Notice) and message.kind == "urgent":
            return message.text


def refused(host: Host) -> list[str]:
    """Why links were given up, where receipts were the reason."""
    codes = {code.value for code in Code}
    return [one["why"] for one in host.logged("link_lost") if one["why"] in codes]


async def test_what_is_signed_is_kept_to_the_end_of_the_session(
    host: Host, broker: BrokerEnd
) -> None:
    seat = await sit(host, broker, broker_key=SHOWN)
    await broker.sign()
    await all_kept(host, broker)
    assert (host.folder / RECEIPTS).stat().st_mode & 0o777 == 0o600
    await undisturbed(seat, broker)
    await broker.sign()
    await all_kept(host, broker)
    seat.types("exit\r")
    await seat.until(Ended)
    assert await broker.until_heard(Leave) == Leave("ended")
    await host.gone()
    assert kept(host) == broker.signer.file
    found = read("s1", kept(host))
    assert found.bad is None
    sizes = {name: (host.folder / name).stat().st_size for name in (LOG, TERMINAL)}
    assert found.chain.complete == sizes
    assert [one for one in broker.heard if isinstance(one, Complete)] == [Complete(sizes)]
    assert load(host.folder).delivered
    assert not host.logged("contradicted")


async def test_status_tells_what_is_signed_for(host: Host, broker: BrokerEnd) -> None:
    await sit(host, broker)
    told = (await host.do("status"))["receipts"]
    assert (told["statements"], told["last"], told["complete"]) == (0, None, False)
    assert told["beyond"] > 0
    await broker.sign()
    while told["statements"] < broker.signer.chain.count:
        told = (await host.do("status"))["receipts"]
    assert told["last"] == broker.signer.time / 1000


async def test_a_line_that_arrives_in_pieces_and_over_two_links(
    host: Host, broker: BrokerEnd
) -> None:
    await sit(host, broker)
    broker.signer.begins().links().links()
    file = broker.signer.file
    first, middle = len(lines(file)[0]), len(file) - 30
    await broker.send(Append(RECEIPTS, 0, file[: first + 40]))
    await broker.send(Append(RECEIPTS, 10, file[10:middle]))
    await until(lambda: len(lines(kept(host))) == 2, "two lines", WAIT_SECONDS)
    await broker.cut()
    hello = await broker.until_heard(Hello, 2)
    assert isinstance(hello, Hello)
    assert hello.receipts == len(b"".join(lines(file)[:2]))
    await all_kept(host, broker)
    assert not refused(host)


@pytest.mark.parametrize("harm", ["torn", "damaged", "gone"])
async def test_a_run_after_one_that_was_killed_has_them_whole_again(
    host: Host, broker: BrokerEnd, harm: str
) -> None:
    await sit(host, broker)
    await broker.sign()
    await all_kept(host, broker)
    os.kill(host.pid(), signal.SIGKILL)
    await host.gone()
    path, before = host.folder / RECEIPTS, kept(host)
    if harm == "torn":
        path.write_bytes(before + before[:50])
    elif harm == "damaged":
        path.write_bytes(before[:120] + b"X" + before[121:])
    else:
        path.unlink()
    broker.signer.links(run=2)
    await host.start()
    hello = await broker.until_heard(Hello, 2)
    assert isinstance(hello, Hello)
    if harm != "damaged":  # which it may not have seen yet
        assert hello.receipts == (len(before) if harm == "torn" else 0)
    await all_kept(host, broker)
    limits = [entry["why"] for entry in host.logged("limit", 2) if entry["what"] == RECEIPTS]
    assert len(limits) == (harm == "damaged")
    assert (host.folder / "receipts.damaged").exists() == (harm == "damaged")


def _other_session(broker: BrokerEnd) -> bytes:
    return Signer(session="s2").begins().file


def _other_key(broker: BrokerEnd) -> bytes:
    return Signer(TWO).begins().file


def _bad_signature(broker: BrokerEnd) -> bytes:
    # Its signature is one, by the right key, of something else.
    first, second = lines(Signer().begins().links().file)
    return first + first[:86] + second[86:]


def _forged_rotation(broker: BrokerEnd) -> bytes:
    signer = Signer().begins()
    signer.rotates(TWO)
    public, other = TWO.certify(TWO), ONE.certify(TWO)
    return signer.file.replace(
        str(other.as_json()["signature"]).encode(), str(public.as_json()["signature"]).encode()
    )


def _endless(broker: BrokerEnd) -> bytes:
    return b"x" * 65536


BAD: dict[str, tuple[Callable[[BrokerEnd], bytes], str]] = {
    "other-session": (_other_session, "session"),
    "other-key": (_other_key, "key"),
    "bad-signature": (_bad_signature, "signature"),
    "forged-rotation": (_forged_rotation, "key"),
    "nonsense": (lambda broker: b"{}\n", "malformed"),
    "endless": (_endless, "malformed"),
}


@pytest.mark.parametrize("kind", BAD)
async def test_what_does_not_verify_costs_the_link_and_is_said_once(
    host: Host, broker: BrokerEnd, kind: str
) -> None:
    seat = await sit(host, broker, broker_key=SHOWN)
    made, code = BAD[kind]
    for times in (1, 2):
        await broker.send(Append(RECEIPTS, 0, made(broker)))
        if kind == "endless":
            await broker.send(Append(RECEIPTS, 65536, b"x"))
        await broker.until_heard(Hello, times + 1)
        assert refused(host) == [code] * times
    assert kept(host) in (b"", Signer().begins().file)  # what comes before it is good
    assert [entry["what"] for entry in host.logged("limit")].count(RECEIPTS) == 1
    await undisturbed(seat, broker)


@pytest.mark.parametrize(
    "message",
    [Append(RECEIPTS, 1, b"x"), Append(LOG, 0, b"x"), Append("run-9.log", 0, b"{}\n")],
    ids=["hole", "our-log", "no-stream"],
)
async def test_appends_that_a_broker_may_not_send_cost_the_link(
    host: Host, broker: BrokerEnd, message: Message
) -> None:
    seat = await sit(host, broker)
    before = host.log()[0]
    await broker.send(message)
    await broker.until_heard(Hello, 2)
    assert host.log()[0] == before
    await undisturbed(seat, broker)


@pytest.mark.parametrize("beyond", [False, True])
async def test_a_receipt_that_contradicts_is_kept_logged_and_told(
    host: Host, broker: BrokerEnd, beyond: bool
) -> None:
    seat = await sit(host, broker)
    here = bytes(broker.streams[LOG])
    said = here + b"x" * 10_000_000 if beyond else here[:-1] + b" "
    broker.signer.begins().holds(LOG, said)
    await broker.send_receipts()
    text = await until_urgent(seat)
    assert f"{'more' if beyond else 'something else'} of {LOG} than this host has" in text
    await broker.until_in(LOG, b'"contradicted"')
    (entry,) = host.logged("contradicted")
    assert (entry["stream"], entry["offset"]) == (LOG, len(said))
    await all_kept(host, broker)
    await undisturbed(seat, broker)
    assert not refused(host)


async def test_complete_before_the_end_contradicts(host: Host, broker: BrokerEnd) -> None:
    seat = await sit(host, broker)
    await broker.sign()
    broker.signer.completes()
    await broker.send_receipts()
    await until_urgent(seat)
    await broker.until_in(LOG, b'"contradicted"')
    await all_kept(host, broker)
    await undisturbed(seat, broker)
    seat.types("exit\r")
    await seat.until(Ended)
    assert await broker.until_heard(Leave) == Leave("ended")


async def test_a_link_that_is_lost_before_the_end_is_signed_for(
    host: Host, broker: BrokerEnd
) -> None:
    seat = await sit(host, broker)
    broker.completing = False
    seat.types("exit\r")
    await seat.until(Ended)
    await broker.until_heard(Complete)
    await broker.cut()
    broker.completing = True
    await broker.until_heard(Complete, 2)
    assert await broker.until_heard(Leave) == Leave("ended")
    await host.gone()
    assert kept(host) == broker.signer.file


async def test_a_run_that_finds_the_end_signed_for_leaves(host: Host, broker: BrokerEnd) -> None:
    seat = await sit(host, broker)
    seat.types("exit\r")
    await broker.until_heard(Leave)
    await host.gone()
    file = load(host.folder)
    file.delivered = False  # as where the power went just then
    file.save(host.folder)
    broker.completing = False
    await host.start()
    await host.gone()
    assert load(host.folder).delivered
    assert len([one for one in broker.heard if isinstance(one, Complete)]) == 1


async def test_a_broker_that_was_restored_gets_back_what_it_lost(
    host: Host, broker: BrokerEnd
) -> None:
    seat = await sit(host, broker)
    await broker.sign()
    await undisturbed(seat, broker)
    await broker.sign()
    await all_kept(host, broker)
    signed = broker.signer.file
    broker.has_signed(b"".join(lines(signed)[:3]))
    del broker.streams[TERMINAL][20:]
    await broker.cut()
    await broker.until(lambda: broker.signer.file == signed, "what was signed")
    await broker.until_in(TERMINAL, b"undisturbed")
    await broker.sign()
    await all_kept(host, broker)
    assert not host.logged("contradicted")


async def test_a_key_is_followed_by_the_one_that_it_vouches_for(
    host: Host, broker: BrokerEnd
) -> None:
    await sit(host, broker, broker_key=SHOWN)
    await broker.sign()
    broker.signer.rotates(TWO).links()
    await broker.send_receipts()
    await all_kept(host, broker)
    chain = Chain("s1")
    for line in lines(kept(host)):
        chain.take(line)
    assert [public for _, public in chain.signers] == [ONE.public, TWO.public]
    assert not refused(host)
