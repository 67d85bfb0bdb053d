import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from broker.recording import ed25519
from broker.recording.invitation import to_sign
from broker.recording.watched import VendorProbe, declared
from broker.server.configuration import Configuration
from broker.server.identity import FILE_NAME, BadIdentity, load_or_make
from tests.server.conftest import Serve
from tests.server.peers import Site


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


async def look(site: Site, nonce: object) -> tuple[int, dict[str, Any]]:
    body = {"code": await site.invite(), "nonce": nonce}
    async with site.host.post("/api/invitations/look", json=body) as got:
        told = await got.json()
        return got.status, told["error"] if got.status >= 400 else told


def test_a_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    made = load_or_make(tmp_path)
    path = tmp_path / FILE_NAME
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == [FILE_NAME]
    again = load_or_make(tmp_path)
    assert (again.public, again.fingerprint) == (made.public, made.fingerprint)
    assert len(raw(made.public)) == 32
    assert made.fingerprint.startswith("SHA256:")


def test_a_first_start_that_was_cut_short_is_made_good(tmp_path: Path) -> None:
    (tmp_path / "identity.new").write_bytes(b"half a k")
    assert load_or_make(tmp_path).public == load_or_make(tmp_path).public


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"-----BEGIN PRIVATE KEY-----\n",
        bytes(range(256)),
        X25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ),
    ],
    ids=["empty", "torn", "garbage", "another kind"],
)
def test_what_is_no_key_is_left_alone(tmp_path: Path, written: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(written)
    with pytest.raises(BadIdentity, match="restore it from a backup"):
        load_or_make(tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes() == written


async def test_the_broker_signs_what_a_host_asks_it_to(serve: Serve) -> None:
    keys = []
    for nonce in ("A" * 16, "0123456789abcdefABCDEF" * 2 + "z" * 20):
        async with serve(Configuration(banner="Support\n0123", max_grant_seconds=5400)) as site:
            status, told = await look(site, nonce)
            assert status == 200
            assert (told["banner"], told["max_seconds"]) == ("Support\n0123", 5400)
            message = to_sign(told, nonce)
            key, signature = raw(told["key"]), raw(told["signature"])
            Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
            assert ed25519.verify(key, message, signature), "as the host checks it"
            keys.append(key)
    assert keys[0] == keys[1], "also by the next broker on the same data"


async def test_a_host_is_told_what_the_vendor_wants_watched(serve: Serve) -> None:
    probe = VendorProbe("raid", "pools", ("megacli", "-a"), 2.5, "pairs", ("key=.*",), True)
    async with serve(Configuration(probes=(probe,), trees=("/opt/product/etc",))) as site:
        _, told = await look(site, "A" * 16)
    assert told["trees"] == ["/opt/product/etc"]
    assert told["probes"] == [
        {
            "name": "raid",
            "area": "pools",
            "command": ["megacli", "-a"],
            "timeout": 2.5,
            "parser": "pairs",
            "secret": ["key=.*"],
            "as_root": True,
        }
    ]
    assert declared(told["probes"]) == [probe], "as hosts read it"
    signed = to_sign(told, "A" * 16)
    assert ed25519.verify(raw(told["key"]), signed, raw(told["signature"]))
    added = {**told, "probes": [{**told["probes"][0], "command": ["sh"]}]}
    signed = to_sign(added, "A" * 16)
    assert not ed25519.verify(raw(told["key"]), signed, raw(told["signature"]))


@pytest.mark.parametrize("nonce", ["", "short", "x" * 65, "a b" * 10, "é" * 20, "a" * 15 + "\n"])
async def test_a_nonce_that_is_none_is_told(site: Site, nonce: str) -> None:
    status, told = await look(site, nonce)
    assert status == 400
    assert told == {"code": "bad-nonce", "message": "nonce: 16 to 64 letters and digits"}


async def test_a_look_without_a_nonce_is_told(site: Site) -> None:
    async with site.host.post("/api/invitations/look", json={"code": "x"}) as got:
        assert got.status == 400
        assert "nonce" in json.dumps(await got.json())


async def test_a_grant_ends_by_the_brokers_policy(serve: Serve) -> None:
    async with serve(Configuration(max_grant_seconds=5400)) as site:
        code = await site.invite()
        for seconds, status in ((5401, 400), (5400, 201)):
            body = {
                "code": code,
                "grant": {"mode": "approve", "seconds": seconds, "away": "pause"},
                "host": {"name": "nas", "user": "carol"},
                "page": "",
            }
            async with site.host.post("/api/invitations/redeem", json=body) as got:
                assert got.status == status
                if status == 400:
                    assert "at most 5400" in (await got.json())["error"]["message"]
