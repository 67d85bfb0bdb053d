"""Files below a directory: bounded, nothing read twice, nothing followed."""

import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

from broker.host.probes.fingerprint import Fingerprint, Kept, changes_between
from broker.host.probes.trees import LARGE_BYTES, MOST_ENTRIES, Tree, Walk, place
from broker.recording.drift import says

KEY = b"k" * 32
OLD = 1_000_000_000


def look(root: Path, key: bytes = KEY, before: Tree | None = None, share: int = 1) -> Tree:
    cache = {} if before is None else before.cache
    return Walk(str(root), key, cache, time.time_ns(), share).look()


def changes(before: Tree, after: Tree) -> list[str]:
    def fingerprint(tree: Tree) -> Fingerprint:
        return Fingerprint(1, 0.0, "key", trees={"/": Kept("/", tree.facts, tree.upto)})

    return [says(one) for one in changes_between(fingerprint(before), fingerprint(after), [], {})]


def test_kinds_of_files(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a")
    (tmp_path / "file").chmod(0o640)
    (tmp_path / "link").symlink_to("/nowhere")
    (tmp_path / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "large").open("wb") as file:
        file.truncate(LARGE_BYTES + 1)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        tree = look(tmp_path)
    kinds = {Path(path).name: facts[""] for path, facts in tree.facts.items()}
    assert kinds.pop(tmp_path.name) == "directory"
    assert kinds == {
        "file": "file",
        "large": "file",
        "link": "link to /nowhere",
        "loop": f"link to {tmp_path}",
        "pipe": "pipe",
        "s": "socket",
    }
    assert tree.facts[f"{tmp_path}/file"]["mode"] == "0640"
    assert tree.facts[f"{tmp_path}/file"]["owner"] == f"{os.getuid()}:{os.getgid()}"
    assert tree.facts[f"{tmp_path}/large"]["content"].startswith(f"{LARGE_BYTES + 1} bytes")
    assert tree.limits == []


def test_a_digest_says_nothing_without_the_hosts_key(tmp_path: Path) -> None:
    (tmp_path / "pin").write_text("1234")
    one, other = (
        look(tmp_path, key).facts[f"{tmp_path}/pin"]["content"] for key in (KEY, b"z" * 32)
    )
    assert one != other


def test_what_did_not_change_is_not_read_again(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    before = look(tmp_path)
    size, modified, changed, inode, _ = before.cache[f"{tmp_path}/a"]
    before.cache[f"{tmp_path}/a"] = (size, modified, changed, inode, "as it was")
    soon = Walk(str(tmp_path), KEY, before.cache, changed + OLD, 1).look()
    assert soon.cache[f"{tmp_path}/a"][4] != "as it was"  # it may have changed in that moment
    later = Walk(str(tmp_path), KEY, before.cache, changed + 3 * OLD, 1).look()
    assert later.cache[f"{tmp_path}/a"][4] == "as it was"


def test_a_large_tree_is_looked_at_in_part_and_compared_as_far_as_both_looked(
    tmp_path: Path,
) -> None:
    share = MOST_ENTRIES // 20  # twenty entries for this one
    for n in range(30):
        (tmp_path / f"{n:02}").touch()
    before = look(tmp_path, share=share)
    assert before.limits == [
        f"only the first 20 entries were looked at, up to {tmp_path}/18",
    ]
    (tmp_path / "05-new").touch()
    after = look(tmp_path, share=share)
    assert after.upto == f"{tmp_path}/17"
    ((told,),) = [changes(before, after)]
    assert told.startswith(f"{tmp_path}/05-new appeared: file, ")


def test_the_order_is_the_one_in_which_places_compare(tmp_path: Path) -> None:
    for name in ("a.b", "a/z", "a/y/x", "a-b", "b"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    paths = list(look(tmp_path).facts)
    assert paths == sorted(paths, key=place)


def test_deeper_than_programs_nest(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    try:
        for _ in range(1500):
            os.mkdir("d", dir_fd=here)
            deeper = os.open("d", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = deeper
    finally:
        os.close(here)
    tree = look(tmp_path)
    subprocess.run(["rm", "-r", tmp_path / "d"], check=True)  # too deep for who cleans up
    assert len(tree.facts) > 1000


def test_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        look(tmp_path / "none")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read all")
def test_what_may_not_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "closed").write_text("a")
    (tmp_path / "closed").chmod(0)
    tree = look(tmp_path)
    assert tree.limits == [f"not readable: {tmp_path}/closed"]
    assert "content" not in tree.facts[f"{tmp_path}/closed"]
