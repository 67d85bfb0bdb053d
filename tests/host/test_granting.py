from __future__ import annotations

import pytest

from broker.host.granting import broker_url, seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"), [("30m", 1800), ("2h", 7200), ("1h30m", 5400), ("90s", 90), ("1h1s", 3601)]
)
def test_lengths_of_time(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "30", "m", "-1h", "1d", "1m1h", "0s", "1.5h", " 1h", "\u0661h"]
)
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"time|lasts"):
        seconds_of(text)


def test_a_brokers_url() -> None:
    assert broker_url("https://broker.example/") == "https://broker.example"
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
