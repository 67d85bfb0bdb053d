from __future__ import annotations

import hashlib
import hmac

import pytest

from broker.host.page_link import PageKey

KEY = PageKey(bytes(range(32)))


def test_what_is_derived_is_what_the_protocol_says() -> None:
    view = hmac.new(bytes(range(32)), b"jumpseat page view", hashlib.sha256).hexdigest()
    assert KEY.view_token == view == view.lower()
    assert KEY.view_sha256 == hashlib.sha256(view.encode()).hexdigest()
    assert KEY.act_key == hmac.digest(bytes(range(32)), b"jumpseat page act", "sha256")


def test_the_link_carries_the_key_in_its_fragment() -> None:
    link = KEY.link("https://broker.example/at", "s1")
    assert link == (
        "https://broker.example/at/customer/s1#AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
    )
    assert PageKey.read(link.partition("#")[2]) == KEY


def test_each_key_is_a_new_one_and_is_not_shown_by_accident() -> None:
    one, other = PageKey.made(), PageKey.made()
    assert one != other
    assert len(one.raw) == 32
    assert PageKey.read(one.text) == one
    assert one.text not in repr(one)
    assert repr(one.raw) not in repr(one)


@pytest.mark.parametrize(
    "text", ["", "AAEC", KEY.text + "A", KEY.text[:-1] + "=", KEY.text[:-1] + "9", "é"]
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no key"):
        PageKey.read(text)
