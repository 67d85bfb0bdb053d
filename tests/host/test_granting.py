"""Granting, up to the recorder's start: the real command in a terminal, at a broker's front."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from broker.host.granting import broker_url
from broker.host.page_link import PageKey
from broker.host.session_file import SessionFile, load
from broker.recording.statements import Certificate, fingerprint, from_base64url, key_message
from broker.recording.watched import declared
from tests.host.broker_front import BrokerFront, broker_front
from tests.journeys.terminal import Terminal

USAGE, UNREACHABLE, REFUSED = 2, 4, 5
PROBE = {
    "name": "product", "command": ["productctl", "state of all"], "parser": "pairs",
    "secret": ["key=[0-9]+"], "timeout": 3, "as_root": True,
}  # fmt: skip
PROMPT = 'Type "I agree"'


def test_a_brokers_url() -> None:
    assert broker_url("https://broker.example/") == "https://broker.example"
    assert broker_url("HTTPS://Broker.Example/At") == "https://broker.example/At"
    assert broker_url("http://127.0.0.1:8000") == "http://127.0.0.1:8000"
    assert broker_url("https://broker.example/jumpseat/") == "https://broker.example/jumpseat"


@pytest.mark.parametrize(
    "text",
    [
        "", "broker.example", "ftp://broker.example", "https://", "mailto:x@broker.example",
        "https://broker.example:0", "https://broker.example:x", "https://user@broker.example",
        "https://broker.example?x=1", "https://broker.example#x", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_what_is_no_brokers_url_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="URL"):
        broker_url(text)


class Host:
    """A customer's host on which no recorder can start: its socket's path would be too long."""

    def __init__(self, folder: Path, front: BrokerFront) -> None:
        self.front = front
        self.state = folder / "state"
        self.env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path.cwd()),
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            "SHELL": "/bin/sh",
            "HOME": str(folder),
            "JUMPSEAT_STATE_DIR": str(self.state),
            "JUMPSEAT_RUNTIME_DIR": str(folder / ("r" * 120)),
        }
        self.seats: list[Terminal] = []

    @property
    def seat(self) -> Terminal:
        return self.seats[-1]

    async def grants(self, *options: str) -> Terminal:
        """Run ``jumpseat grant`` in a new terminal."""
        self.seats.append(Terminal())
        command = [sys.executable, "-m", "broker.host", "grant", "code"]
        await self.seat.run([*command, "--broker", self.front.url, *options], self.env)
        return self.seat

    async def types(self, *lines: str) -> None:
        """Type each at the prompt."""
        for line in lines:
            await self.seat.expect(PROMPT)
            self.seat.type(line + "\n")

    async def consents(self, *options: str) -> SessionFile:
        """Grant up to the start of the recorder; the session's file."""
        await self.grants(*options)
        await self.types("I agree")
        await self.seat.expect("the recorder does not start")
        return load(self.state / "s1")

    @property
    def printed(self) -> str:
        return self.seat.printed.decode(errors="replace").replace("\r\n", "\n")


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[Host]:
    with broker_front() as front:
        host = Host(tmp_path, front)
        yield host
        for seat in host.seats:
            await seat.close()


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


async def test_what_was_redeemed_is_what_was_shown(host: Host) -> None:
    file = await host.consents("--for", "30m", "--away", "continue", "--terminals", "3")
    assert file.terms in host.printed
    assert (file.answer, file.mode, file.until, file.away) == (
        "I agree",
        "approve",
        1800,
        "continue",
    )
    assert (file.page, file.terminals, file.max_seconds) == ("watch", 3, 8 * 3600)
    assert (file.drift, file.probes, file.trees) == ("on", [], [])
    assert (file.others, file.masks) == ("journal", [])
    assert (file.banner, file.token) == ("Welcome to support.", "token-of-the-session")
    assert from_base64url(file.broker_key) == public(host.front.key)
    (redeemed,) = host.front.redeemed
    assert redeemed["grant"] == {"mode": "approve", "seconds": 1800, "away": "continue"}
    view = PageKey.read(file.page_key).view_token
    assert redeemed["page"] == hashlib.sha256(view.encode()).hexdigest()
    assert file.page_key not in host.printed
    assert file.token not in host.printed
    assert file.page_key not in repr(file)


async def test_each_choice_can_be_changed_and_is_shown_anew(host: Host) -> None:
    host.front.said = {"probes": [PROBE], "trees": ["/opt/product"]}
    await host.grants()
    changes = ["mode watch", "for 30m", "away end", "page off", "terminals 2", "drift off"]
    changes += ["others off", "mask pin=", "mask key: "]
    await host.types(*changes, "I agree")
    await host.seat.expect("the recorder does not start")
    assert host.printed.count("asks for a jump seat") == 1 + len(changes)
    file = load(host.state / "s1")
    assert (file.mode, file.until, file.away, file.page) == ("watch", 1800, "end", "off")
    assert (file.terminals, file.page_key) == (2, "")
    assert (file.drift, file.probes, file.trees) == ("off", [], [])
    assert (file.others, file.masks) == ("off", ["pin=", "key:"])
    assert host.front.redeemed[0]["page"] == ""
    last = host.printed.rpartition("alice asks")
    assert file.terms in last[1] + last[2]


async def test_the_vendors_probes_are_shown_and_kept_as_shown(host: Host) -> None:
    host.front.said = {"probes": [PROBE], "trees": ["/opt/product"]}
    file = await host.consents()
    assert "| productctl 'state of all'" in file.terms
    assert "    | /opt/product" in file.terms
    assert (file.drift, file.trees) == ("on", ["/opt/product"])
    (kept,) = declared(file.probes)
    assert [kept] == declared([PROBE])


async def test_nonsense_at_the_terms_is_told_and_asked_again(host: Host) -> None:
    await host.grants()
    await host.types("mode all", "for 9h", "terminals")
    await host.seat.expect("as in: terminals 2")
    await host.types("nothing")
    assert await host.seat.ended() == REFUSED
    assert "'all' is no mode: watch, approve or control." in host.printed
    assert "at most 8 h" in host.printed
    assert host.printed.count("asks for a jump seat") == 1
    assert host.front.redeemed == []


@pytest.mark.parametrize("typed", [b"\n", b"yes\n", b"i agree\n", b"\x04", b"\xff\xfe\n"])
async def test_anything_but_the_words_refuses(host: Host, typed: bytes) -> None:
    await host.grants()
    await host.seat.expect(PROMPT)
    host.seat.type(typed)
    assert await host.seat.ended() == REFUSED
    await host.seat.expect("nothing was granted")
    assert host.front.redeemed == []
    assert list(host.state.iterdir()) == []
    assert "Traceback" not in host.printed


async def test_ctrl_c_refuses(host: Host) -> None:
    await host.grants()
    await host.seat.expect(PROMPT)
    status = None
    while status is None:  # as a person would: one that comes before the read begins is not seen
        host.seat.type(b"\x03")
        with contextlib.suppress(TimeoutError):
            status = await host.seat.ended(1)
    assert status == REFUSED
    assert host.front.redeemed == []


async def test_words_that_came_with_the_paste_are_no_consent(host: Host) -> None:
    seat = Terminal()
    host.seats.append(seat)
    seat.type("I agree\n")
    command = [sys.executable, "-m", "broker.host", "grant", "code", "--broker", host.front.url]
    await seat.run(command, host.env)
    await host.types("no")
    assert await seat.ended() == REFUSED
    assert host.front.redeemed == []


async def test_no_grant_from_a_shell_that_engineers_see(host: Host) -> None:
    host.env["JUMPSEAT_SESSION"] = "s0"
    await host.grants()
    assert await host.seat.ended() == USAGE
    await host.seat.expect("use another shell")


async def test_more_than_the_broker_allows_is_told(host: Host) -> None:
    await host.grants("--for", "9h")
    assert await host.seat.ended() == REFUSED
    await host.seat.expect("at most 8 h can be granted")


async def test_a_wrong_signature_stops_it(host: Host) -> None:
    host.front.signs_with = Ed25519PrivateKey.generate()
    await host.grants()
    assert await host.seat.ended() == UNREACHABLE
    await host.seat.expect("is not signed with the key that it shows")
    assert "asks for" not in host.printed
    assert list(host.state.iterdir()) == []


@pytest.mark.parametrize(
    "said",
    [
        {"key": "x"}, {"key": 1}, {"key": None}, {"signature": "?"}, {"max_seconds": "long"},
        {"max_seconds": float("inf")}, {"max_seconds": 0}, {"key": ""}, {"signature": ""},
        {"keys": {}}, {"keys": [{"key": "x"}]}, {"keys": [7]},
        {"keys": [{"public": "AA", "since": 2**60, "signature": ""}]},
    ],
    ids=str,
)  # fmt: skip
async def test_an_answer_that_makes_no_sense_stops_it(host: Host, said: dict[str, Any]) -> None:
    host.front.said = said
    await host.grants()
    assert await host.seat.ended() == UNREACHABLE
    await host.seat.expect(host.front.url)
    assert "Traceback" not in host.printed


@pytest.mark.parametrize(
    "said", [{"probes": [{"name": "x"}]}, {"trees": ["/a/../b"]}, {"trees": None}], ids=str
)
async def test_what_no_vendor_may_have_watched_stops_it(host: Host, said: dict[str, Any]) -> None:
    host.front.said = said
    await host.grants()
    assert await host.seat.ended() == UNREACHABLE
    await host.seat.expect(f"what {host.front.url} answers makes no sense to this version")
    assert "asks for" not in host.printed


async def test_a_key_is_known_once_consented_to_and_loud_when_it_changes(host: Host) -> None:
    await host.grants()
    await host.types("no")
    await host.consents()
    assert "its key    " + fingerprint(public(host.front.key)) in host.printed
    assert "new: nothing of this broker" in host.printed  # a no had noted nothing

    await host.consents()
    assert "known: the same as on" in host.printed

    first, host.front.key = host.front.key, Ed25519PrivateKey.generate()
    await host.grants()
    await host.types("no")
    await host.seat.expect("nothing was granted")
    assert "KEY OF THIS BROKER HAS CHANGED" in host.printed
    assert fingerprint(public(first)) in host.printed
    (known,) = json.loads((host.state / "brokers.json").read_text()).values()
    assert known["key"] == public(first).hex()

    file = await host.consents()
    assert "KEY OF THIS BROKER HAS CHANGED" in file.terms
    (known,) = json.loads((host.state / "brokers.json").read_text()).values()
    assert known["key"] == public(host.front.key).hex()


def rotated(old: Ed25519PrivateKey, new: Ed25519PrivateKey) -> list[dict[str, Any]]:
    """The keys of a broker as it lists them."""
    since = 1_700_000_000_000
    word = old.sign(key_message(public(new), since))
    first = {"public": base64.urlsafe_b64encode(public(old)).decode(), "since": 0, "signature": ""}
    return [first, Certificate(public(new), since, word).as_json()]


async def test_a_key_that_takes_over_while_the_terms_are_read_is_the_sessions(host: Host) -> None:
    new = Ed25519PrivateKey.generate()
    host.front.then_said = {"keys": rotated(host.front.key, new)}
    assert from_base64url((await host.consents()).broker_key) == public(new)
    host.front.then_said = {"keys": rotated(new, Ed25519PrivateKey.generate())}
    assert from_base64url((await host.consents()).broker_key) == public(host.front.key)


async def test_a_key_that_the_known_one_vouches_for_is_shown_calmly(host: Host) -> None:
    await host.consents()
    first, host.front.key = host.front.key, Ed25519PrivateKey.generate()
    host.front.said = {"keys": rotated(first, host.front.key)}
    file = await host.consents()
    assert "replaced on 2023-11-14; the key that you knew vouches for it" in file.terms
    assert "CHANGED" not in file.terms
    await host.consents()
    assert "known: the same as on" in host.printed
