from __future__ import annotations

from hashlib import sha512

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.recording.ed25519 import verify

ORDER = 2**252 + 27742317777372353535851937790883648493
FIELD = 2**255 - 19

# RFC 8032, section 7.1: public key, message, signature.
VECTORS = {
    "TEST 1": (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        b"",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
            "d25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    "TEST 2": (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        b"\x72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
            "387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    "TEST 3": (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        b"\xaf\x82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
            "4a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
    "TEST SHA(abc)": (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        sha512(b"abc").digest(),
        (
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e030"
            "3dca179c138ac17ad9bef1177331a704"
        ),
    ),
}


def others(key: bytes, message: bytes, signature: bytes) -> bool:
    """What another implementation says."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@pytest.mark.parametrize("name", VECTORS)
def test_the_rfcs_vectors(name: str) -> None:
    key, message, signature = VECTORS[name]
    assert verify(bytes.fromhex(key), message, bytes.fromhex(signature))
    assert not verify(bytes.fromhex(key), message + b"\0", bytes.fromhex(signature))


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=300))
def test_what_another_implementation_signs_is_signed(secret: bytes, message: bytes) -> None:
    owner = Ed25519PrivateKey.from_private_bytes(secret)
    assert verify(owner.public_key().public_bytes_raw(), message, owner.sign(message))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_one_bit_changed_is_no_signature_and_both_say_so(data: st.DataObject) -> None:
    owner = Ed25519PrivateKey.from_private_bytes(data.draw(st.binary(min_size=32, max_size=32)))
    message = data.draw(st.binary(min_size=1, max_size=64))
    key, signature = owner.public_key().public_bytes_raw(), owner.sign(message)
    whole = bytearray(key + signature + message)
    bit = data.draw(st.integers(0, len(whole) * 8 - 1))
    whole[bit // 8] ^= 1 << bit % 8
    changed = bytes(whole[:32]), bytes(whole[96:]), bytes(whole[32:96])
    assert not verify(*changed)
    assert not others(*changed)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=70), st.binary(max_size=8), st.binary(max_size=130))
def test_noise_is_no_signature(key: bytes, message: bytes, signature: bytes) -> None:
    assert not verify(key, message, signature)


def test_a_response_beyond_the_groups_order_is_refused() -> None:
    key, message, signature = VECTORS["TEST 2"]
    raw = bytes.fromhex(signature)
    response = int.from_bytes(raw[32:], "little") + ORDER
    forged = raw[:32] + response.to_bytes(32, "little")
    assert not verify(bytes.fromhex(key), message, forged)
    assert not others(bytes.fromhex(key), message, forged)


# Multiples of a point of order 8, in their own and in other encodings (y + p, x = 0 with a sign).
SMALL = [
    (1).to_bytes(32, "little"),
    (FIELD - 1).to_bytes(32, "little"),
    bytes(32),
    bytes(31) + b"\x80",
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    (FIELD + 1).to_bytes(32, "little"),
    FIELD.to_bytes(32, "little"),
    (1 | 1 << 255).to_bytes(32, "little"),
    (FIELD - 1 | 1 << 255).to_bytes(32, "little"),
]


@pytest.mark.parametrize("key", SMALL, ids=bytes.hex)
def test_a_key_under_which_everybody_could_sign_is_none(key: bytes) -> None:
    """With a key of small order, R = B and S = 1 sign every eighth message or so."""
    base = (4 * pow(5, -1, FIELD) % FIELD).to_bytes(32, "little")
    one = (1).to_bytes(32, "little")
    assert not any(verify(key, bytes([message]), base + one) for message in range(32))


def test_a_commitment_has_one_encoding() -> None:
    """R = the neutral point, S = k·a: valid; the same R written as y + p is not."""
    a = 12345 * 8
    secretless = _times_base(a)
    neutral, other = (1).to_bytes(32, "little"), (FIELD + 1).to_bytes(32, "little")
    for commitment, right in ((neutral, True), (other, False)):
        digest = sha512(commitment + secretless + b"m").digest()
        response = int.from_bytes(digest, "little") * a % ORDER
        signature = commitment + response.to_bytes(32, "little")
        assert verify(secretless, b"m", signature) is right
        assert others(secretless, b"m", signature) is right


def _times_base(factor: int) -> bytes:
    from broker.recording import ed25519

    return ed25519._encoded(ed25519._times(factor, ed25519._BASE))
