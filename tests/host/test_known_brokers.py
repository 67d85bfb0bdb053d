from __future__ import annotations

from pathlib import Path

import pytest

from broker.host.failures import Failed
from broker.host.known_brokers import Acquaintance, latest, recognised, remember
from broker.recording.statements import Certificate, fingerprint
from tests.recording.receipts_made import BEGAN, ONE, THREE, TWO

URL = "https://broker.example"
KEY, OTHER = bytes(32), bytes(range(32))


def test_a_fingerprint_is_written_as_ssh_writes_it() -> None:
    assert fingerprint(KEY) == "SHA256:Zmh6rfhivXdsj8GLjp+OIAiXFIVu4jOzkCpZHQ1fKSU"


def test_the_first_key_is_new_and_from_then_on_known(tmp_path: Path) -> None:
    assert recognised(tmp_path, URL, KEY).acquaintance is Acquaintance.NEW
    assert list(tmp_path.iterdir()) == []  # to look is not to trust
    remember(tmp_path, URL, KEY, 1000.0)
    remember(tmp_path, URL, KEY, 2000.0)
    found = recognised(tmp_path, URL, KEY)
    assert (found.acquaintance, found.since) == (Acquaintance.KNOWN, 1000.0)
    assert recognised(tmp_path, URL + ":8443", KEY).acquaintance is Acquaintance.NEW


def test_a_changed_key_is_told_until_it_is_remembered(tmp_path: Path) -> None:
    remember(tmp_path, URL, KEY, 1000.0)
    found = recognised(tmp_path, URL, OTHER)
    assert found.acquaintance is Acquaintance.CHANGED
    assert (found.fingerprint, found.before) == (fingerprint(OTHER), fingerprint(KEY))
    assert recognised(tmp_path, URL, OTHER) == found
    remember(tmp_path, URL, OTHER, 3000.0)
    assert recognised(tmp_path, URL, OTHER).since == 3000.0
    assert recognised(tmp_path, URL, KEY).acquaintance is Acquaintance.CHANGED


FIRST = Certificate(ONE.public, BEGAN - 1000, b"")
ROTATED = (FIRST, ONE.certify(TWO), TWO.certify(THREE, BEGAN + 9000))


def test_a_key_that_the_known_one_vouches_for_has_followed_it(tmp_path: Path) -> None:
    for before in (ONE, TWO):
        remember(tmp_path, URL, before.public, 1000.0)
        found = recognised(tmp_path, URL, THREE.public, ROTATED)
        assert found.acquaintance is Acquaintance.FOLLOWED
        assert (found.fingerprint, found.before) == (THREE.fingerprint, before.fingerprint)
        assert (found.since, found.replaced) == (1000.0, BEGAN / 1000 + 9)
    remember(tmp_path, URL, THREE.public, 2000.0)
    assert recognised(tmp_path, URL, THREE.public, ROTATED).acquaintance is Acquaintance.KNOWN
    back = recognised(tmp_path, URL, ONE.public, ROTATED)  # as a broker from an old backup
    assert back.acquaintance is Acquaintance.CHANGED


@pytest.mark.parametrize(
    "keys",
    [
        (),
        (FIRST, TWO.certify(THREE)),
        (FIRST, THREE.certify(TWO), TWO.certify(THREE)),
        (FIRST, ONE.certify(TWO), ONE.certify(THREE)),
        (FIRST, ONE.certify(THREE, 5), TWO.certify(THREE)),
        (TWO.certify(TWO), TWO.certify(THREE)),
        (FIRST, ONE.certify(THREE), THREE.certify(TWO)),
    ],
    ids=["none", "gap", "other", "skips", "not-by-it", "never-known", "not-the-last"],
)
def test_a_broken_line_of_keys_vouches_for_nobody(
    tmp_path: Path, keys: tuple[Certificate, ...]
) -> None:
    remember(tmp_path, URL, ONE.public, 1000.0)
    assert recognised(tmp_path, URL, THREE.public, keys).acquaintance is Acquaintance.CHANGED


def test_the_latest_key_is_one_that_is_vouched_for() -> None:
    assert latest(ONE.public, ROTATED) == THREE.public
    assert latest(THREE.public, ROTATED) == THREE.public
    assert latest(ONE.public, ROTATED[1:]) == ONE.public
    assert latest(ONE.public, ()) == ONE.public


def test_only_its_owner_reads_the_file(tmp_path: Path) -> None:
    remember(tmp_path, URL, KEY, 1000.0)
    (path,) = tmp_path.iterdir()
    assert path.name == "brokers.json"
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"u": 1}', '{"u": {"key": "zz", "since": 1}}', '{"u": {"key": ""}}']
)
def test_a_broken_file_is_told_and_not_taken_for_an_empty_one(tmp_path: Path, text: str) -> None:
    (tmp_path / "brokers.json").write_text(text)
    with pytest.raises(Failed, match=r"brokers\.json"):
        recognised(tmp_path, URL, KEY)
    with pytest.raises(Failed, match=r"brokers\.json"):
        remember(tmp_path, URL, KEY, 1.0)
