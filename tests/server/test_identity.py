import base64
import errno
import json
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from broker.cli.running import ask
from broker.recording import ed25519
from broker.recording.invitation import to_sign
from broker.recording.watched import VendorProbe, declared
from broker.server.configuration import Configuration
from broker.server.identity import FILE_NAME, BadIdentity, load_or_make, read
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
    assert load_or_make(tmp_path).ring.as_json() == made.ring.as_json()
    [told] = made.ring.as_json()
    assert (len(raw(told["public"])), told["signature"]) == (32, "")
    assert told["key"].startswith("SHA256:")


def test_a_first_start_that_was_cut_short_is_made_good(tmp_path: Path) -> None:
    found = []
    for _ in range(2):
        (tmp_path / "identity.new").write_bytes(b"half a k")
        found.append(load_or_make(tmp_path).ring.known)
        assert [one.name for one in tmp_path.iterdir()] == [FILE_NAME]
    assert found[0] == found[1]


def test_a_key_from_before_there_were_several_stays(tmp_path: Path) -> None:
    signer = load_or_make(tmp_path).ring.signer
    (tmp_path / FILE_NAME).write_bytes(signer.pem())
    os.utime(tmp_path / FILE_NAME, (1_700_000_000, 1_700_000_000))
    for _ in range(2):
        [told] = load_or_make(tmp_path).ring.as_json()
        assert (told["key"], told["since"]) == (signer.fingerprint, 1_700_000_000_000)


def test_each_key_is_vouched_for_by_the_one_before_it(tmp_path: Path) -> None:
    identity = load_or_make(tmp_path)
    signers = [identity.ring.signer]
    for _ in range(2):
        identity.rotate()
        signers.append(identity.ring.signer)
    ring = load_or_make(tmp_path).ring
    assert [one.public for one in ring.known] == [one.public for one in signers]
    assert all(new.is_of(old.public) for old, new in pairwise(ring.known))
    assert ring.since(signers[0].fingerprint) == ring.known[1:]
    assert ring.since(signers[2].fingerprint) == ()
    assert ring.since("SHA256:another") is None
    kept = (tmp_path / FILE_NAME).read_bytes()
    assert (kept.count(b"PRIVATE KEY"), signers[2].pem() in kept) == (2, True)
    assert read(tmp_path).as_json() == ring.as_json()


@pytest.mark.parametrize("call", ["open", "fsync", "replace"])
def test_a_rotation_that_fails_leaves_the_old_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    identity = load_or_make(tmp_path)
    before, kept = identity.ring, (tmp_path / FILE_NAME).read_bytes()

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "as a broken disk says it")

    monkeypatch.setattr(Path if call == "replace" else os, call, fail)
    with pytest.raises(OSError, match="broken disk"):
        identity.rotate()
    monkeypatch.undo()
    assert identity.ring is before
    assert (tmp_path / FILE_NAME).read_bytes() == kept
    identity.rotate()
    assert load_or_make(tmp_path).ring.known == identity.ring.known


def test_keys_that_do_not_lead_to_the_current_one_are_left_alone(tmp_path: Path) -> None:
    identity = load_or_make(tmp_path)
    identity.rotate()
    path = tmp_path / FILE_NAME
    kept = path.read_bytes()
    pem, end, told = kept.partition(b"-----END PRIVATE KEY-----\n")
    other = json.loads(told)
    other["keys"][0]["public"] = other["keys"][1]["public"]
    only_first = {"keys": json.loads(told)["keys"][:1]}
    for bad in (b"{", b"{}", b"[]", b'{"keys": []}', b"torn", *map(as_bytes, (other, only_first))):
        path.write_bytes(pem + end + bad)
        with pytest.raises(BadIdentity, match="restore it from a backup"):
            load_or_make(tmp_path)
        assert path.read_bytes() == pem + end + bad


def as_bytes(told: object) -> bytes:
    return json.dumps(told).encode()


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


async def test_anybody_may_know_the_keys(serve: Serve, data: Path) -> None:
    async with serve() as site:
        async with site.host.get("/api/keys") as got:
            first = await got.json()
        rotated = await ask(data, "rotate")
        async with site.host.get("/api/keys") as got:
            assert await got.json() == rotated
        assert rotated["keys"][:1] == first["keys"]
        _, told = await look(site, "A" * 16)
        assert told["keys"] == rotated["keys"]
        assert told["key"] == rotated["keys"][1]["public"]
        signed = to_sign(told, "A" * 16)
        assert ed25519.verify(raw(told["key"]), signed, raw(told["signature"]))
    async with serve() as site, site.host.get("/api/keys") as got:
        assert await got.json() == rotated, "also the next broker's"
