"""The holds of a host on disk: kept whole, shared by recorders, read by shells."""

from __future__ import annotations

import json
import os
import stat
import threading
from pathlib import Path

import pytest

from broker.host.failures import Failed
from broker.host.hold_file import HoldFile, new_id, patterns_path, write_patterns
from broker.host.holds import CUSTOMER, BadHold, Hold, Holds


def hold(name: str, *patterns: str) -> Hold:
    return Hold(name, "do not touch", patterns or ("zpool",), "bob", CUSTOMER, 1e9)


def test_holds_stay_for_the_next_recorder_until_they_are_lifted(tmp_path: Path) -> None:
    first = HoldFile(tmp_path)
    assert first.load() == Holds()
    assert not first.changed()
    up = first.change(lambda holds: holds.put_up(hold("aaaa")))
    assert HoldFile(tmp_path).load() == up
    assert stat.S_IMODE((tmp_path / "holds.json").stat().st_mode) == 0o600
    assert first.change(lambda holds: holds.lift("aaaa", CUSTOMER)) == Holds()
    assert HoldFile(tmp_path).load() == Holds()


def test_a_recorder_sees_that_another_changed_them(tmp_path: Path) -> None:
    one, other = HoldFile(tmp_path), HoldFile(tmp_path)
    one.load()
    other.load()
    other.change(lambda holds: holds.put_up(hold("aaaa")))
    assert one.changed()
    assert not other.changed()
    assert [each.id for each in one.load()] == ["aaaa"]
    assert not one.changed()


def test_changes_of_several_recorders_are_all_kept(tmp_path: Path) -> None:
    names = [f"n{number}" for number in range(8)]

    def put_up(name: str) -> None:
        HoldFile(tmp_path).change(lambda holds: holds.put_up(hold(name)))

    threads = [threading.Thread(target=put_up, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.id for each in HoldFile(tmp_path).load()) == names


def test_a_change_that_fails_leaves_them_as_they_were(tmp_path: Path) -> None:
    file = HoldFile(tmp_path)
    up = file.change(lambda holds: holds.put_up(hold("aaaa")))
    with pytest.raises(BadHold):
        file.change(lambda holds: holds.lift("bbbb", CUSTOMER))
    assert file.load() == up
    assert file.change(lambda holds: holds.put_up(hold("bbbb"))) != up  # nobody holds the lock


@pytest.mark.parametrize("text", ["", "{", "[{}]", '["x"]', "\x00"])
def test_a_file_that_makes_no_sense_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "holds.json").write_text(text)
    with pytest.raises(Failed, match="make no sense"):
        HoldFile(tmp_path).load()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="can't be kept"):
        HoldFile(tmp_path / "none").change(lambda holds: holds)


def test_what_shells_read_is_an_expression_a_line_and_empty_without_holds(tmp_path: Path) -> None:
    path = patterns_path(tmp_path, "s1")
    write_patterns(path, Holds())
    assert path.read_bytes() == b""
    before = os.umask(0o077)
    try:
        write_patterns(path, Holds().put_up(hold("aaaa", "zpool", "zfs*destroy", "größe")))
    finally:
        os.umask(before)
    assert len(path.read_text("utf-8").splitlines()) == 3
    assert stat.S_IMODE(path.stat().st_mode) == (0o644 if os.geteuid() == 0 else 0o600)
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    with pytest.raises(Failed, match="can't be written"):
        write_patterns(tmp_path / "none" / "x", Holds())


def test_ids_are_short_and_none_is_up_already() -> None:
    up = Holds()
    for _ in range(20):
        up = up.put_up(hold(new_id(up)))
    assert all(len(each.id) == 4 and each.id.isalnum() for each in up)
    json.dumps([each.entry for each in up])
