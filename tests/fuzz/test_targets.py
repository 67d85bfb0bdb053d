"""The short form: each target's corpus, and some thousand mutations of it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS, corpus

_TOKENS = [
    b"", b"\n", b"\x00", b"\xff", b'"', b"{", b"}", b"[]", b"{}", b"null", b"true", b"-1", b"1e999",
    b"NaN", b"18446744073709551616", b"0.5", b'"\\ud800"', b"\xf0\x9f\x98\x80", b"[" * 2000,
    b'{"a":' * 500,
]  # fmt: skip


@st.composite
def _mutated(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 64)))
        twice, other = data[start:end] * 2, draw(st.sampled_from(seeds))[start : start + 200]
        pieces = [st.sampled_from(_TOKENS), st.binary(max_size=8), st.sampled_from([twice, other])]
        new = draw(st.one_of(pieces))
        data = data[:start] + new + data[end:]
    return data


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_escapes(target: str) -> None:
    seeds = list(corpus(target))
    assert seeds
    run = TARGETS[target]
    for seed in seeds:
        run(seed)

    @settings(
        max_examples=400, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(_mutated(seeds))
    def mutations(data: bytes) -> None:
        run(data)

    mutations()
