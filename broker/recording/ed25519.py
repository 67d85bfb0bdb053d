"""Ed25519 signatures, checked and never made: RFC 8032, in as much code as that takes.

The customer's side can install nothing, so it brings its own. Checking handles no secrets, so
nothing here has to take the same time for all inputs; one check takes some milliseconds. Strict:
``S`` below the group's order, points in their one encoding, no key of small order, and the
equation without the cofactor, so that there is no signature on which two verifiers differ.

Points are (X, Y, Z, T) with x = X/Z, y = Y/Z and xy = T/Z (section 5.1.4 of the RFC).
"""

from __future__ import annotations

from hashlib import sha512
from typing import Optional, Tuple

KEY_BYTES = 32
SIGNATURE_BYTES = 64

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)

_Point = Tuple[int, int, int, int]
_NEUTRAL: _Point = (0, 1, 1, 0)


def verify(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` is that of ``message`` by the holder of the public ``key``.

    Anything malformed is no signature; nothing is raised.
    """
    if len(key) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    owner = _decoded(key)
    if owner is None or _is_neutral(_times(8, owner)):
        return False
    commitment, response = signature[:32], int.from_bytes(signature[32:], "little")
    if response >= _ORDER:
        return False
    challenge = int.from_bytes(sha512(commitment + key + message).digest(), "little") % _ORDER
    # R = S·B - k·A, compared as bytes: so R, too, has but one encoding.
    expected = _sum(_times(response, _BASE), _times(challenge, _negative(owner)))
    return _encoded(expected) == commitment


def _sum(one: _Point, other: _Point) -> _Point:
    x1, y1, z1, t1 = one
    x2, y2, z2, t2 = other
    a = (y1 - x1) * (y2 - x2) % _P
    b = (y1 + x1) * (y2 + x2) % _P
    c = 2 * _D * t1 * t2 % _P
    d = 2 * z1 * z2 % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(factor: int, point: _Point) -> _Point:
    product = _NEUTRAL
    while factor:
        if factor & 1:
            product = _sum(product, point)
        point = _sum(point, point)
        factor >>= 1
    return product


def _negative(point: _Point) -> _Point:
    x, y, z, t = point
    return -x % _P, y, z, -t % _P


def _is_neutral(point: _Point) -> bool:
    x, y, z, _ = point
    return x % _P == 0 and (y - z) % _P == 0


def _encoded(point: _Point) -> bytes:
    x, y, z, _ = point
    inverse = pow(z, -1, _P)
    x, y = x * inverse % _P, y * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _decoded(encoded: bytes) -> Optional[_Point]:
    whole = int.from_bytes(encoded, "little")
    y, sign = whole & (2**255 - 1), whole >> 255
    if y >= _P:
        return None
    x = _x_of(y, sign)
    return None if x is None else (x, y, 1, x * y % _P)


def _x_of(y: int, sign: int) -> Optional[int]:
    """The x of a point of the curve with this y, of this sign; None where there is none."""
    u = (y * y - 1) % _P
    v = (_D * y * y + 1) % _P
    x = u * pow(v, 3, _P) * pow(u * pow(v, 7, _P), (_P - 5) // 8, _P) % _P
    if v * x * x % _P != u:
        x = x * _ROOT_OF_MINUS_ONE % _P
    if v * x * x % _P != u or (x == 0 and sign):
        return None
    return x if x & 1 == sign else _P - x


def _base() -> _Point:
    y = 4 * pow(5, -1, _P) % _P
    x = _x_of(y, 0)
    if x is None:
        raise ArithmeticError("the base point is not on the curve")
    return x, y, 1, x * y % _P


_BASE = _base()
