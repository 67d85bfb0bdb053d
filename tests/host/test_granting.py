from __future__ import annotations

import pytest

from broker.host.granting import broker_url


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
