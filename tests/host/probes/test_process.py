"""A whole fingerprint of the machine that this runs on; only what a test made itself counts."""

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from broker.host.invocation import command


class Folder:
    """A session's folder, and what is asked for it."""

    def __init__(self, path: Path) -> None:
        self.tree = path / "tree"
        self.session = path / "session"
        for one in (self.tree, self.session):
            one.mkdir()
        self.asked: dict[str, Any] = {
            "folder": str(self.session),
            "against": "",
            "key": str(path / "key"),
            "trees": [str(self.tree)],
            "probes": [],
            "uid": os.getuid(),
            "gid": os.getgid(),
        }

    def fingerprint(self, **asked: object) -> dict[str, Any]:
        told = subprocess.run(
            command("fingerprint"),
            input=json.dumps({**self.asked, **asked}),
            capture_output=True,
            text=True,
            check=True,
        )
        assert told.stderr == ""
        found: dict[str, Any] = json.loads(told.stdout)
        # Of this machine, on which much goes on, only what is ours.
        found["changes"] = [
            one for one in found["changes"] if one[0] == "product" or str(self.tree) in one[1]
        ]
        return found

    def limits(self, **asked: object) -> dict[str, str]:
        return {one["probe"]: one["why"] for one in self.fingerprint(**asked)["limits"]}


def own(name: str, *words: str, **more: object) -> dict[str, object]:
    return {"name": name, "command": list(words), **more}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_they_are_numbered_and_compared(folder: Folder) -> None:
    first = folder.fingerprint()
    assert (first["n"], first["before"], first["changes"], first["more"]) == (1, None, [], 0)
    assert len(first["digest"]) == 64
    assert first["facts"] > 100
    (folder.tree / "a").write_text("a")
    second = folder.fingerprint()
    assert second["n"] == 2
    assert second["before"] == {"n": 1, "wall": first["began"], "earlier": False}
    ((area, subject, fact, before, after, at),) = second["changes"]
    assert (area, subject, fact, before) == ("files", f"{folder.tree}/a", "", None)
    assert after.startswith("file, mode 0")
    assert abs(at - time.time()) < 60
    assert not list(folder.session.glob("*.new"))


def test_the_first_is_compared_with_an_earlier_sessions(folder: Folder, tmp_path: Path) -> None:
    folder.fingerprint()
    folder.fingerprint()
    against = folder.session / "fingerprint.json"
    (folder.tree / "b").touch()
    (tmp_path / "next").mkdir()
    asked = {"folder": str(tmp_path / "next"), "against": str(against)}
    found = folder.fingerprint(**asked)
    assert (found["n"], found["before"]["n"], found["before"]["earlier"]) == (1, 2, True)
    assert [one[1] for one in found["changes"]] == [f"{folder.tree}/b"]
    assert folder.fingerprint(**asked)["before"]["earlier"] is False


def test_one_that_can_not_be_read_is_not_compared_with(folder: Folder) -> None:
    (folder.session / "fingerprint.json").write_text('{"format": 1, "probes"')
    found = folder.fingerprint()
    assert found["before"] is None
    assert {"probe": "fingerprint", "why": "the one before can't be read: not compared"} in found[
        "limits"
    ]


def test_with_a_new_key_contents_are_not_compared(folder: Folder, tmp_path: Path) -> None:
    (folder.tree / "a").write_text("a")
    folder.fingerprint()
    (tmp_path / "key").unlink()
    (folder.tree / "a").chmod(0o600)
    found = folder.fingerprint()
    assert [one[2] for one in found["changes"]] == ["mode"]
    assert "files" in {one["probe"] for one in found["limits"]}


def test_what_hangs_is_told_and_does_not_add_up(folder: Folder) -> None:
    probes = [own(f"hangs {n}", "sleep", "1000", timeout=1) for n in range(12)]
    began = time.monotonic()
    limits = folder.limits(probes=[*probes, own("says", "echo", "a")])
    assert time.monotonic() - began < 12.0
    (hanging,) = [one for one, why in limits.items() if why == "sleep did not end in 1 s"]
    assert len(hanging.split(", ")) == 12


def test_vendors_own_are_masked_compared_and_held_to_their_bounds(folder: Folder) -> None:
    state = folder.tree.parent / "state"
    state.write_text("array: ok\nserial: AB-1\npassword: hunter2\n")
    probes = [
        own("product", "cat", str(state), parser="pairs", secret=["AB-[0-9]+"]),
        own("runaway", "echo", "a" * 40, secret=["(a+)+$x"]),
        own("bad", "echo", parser="xml"),
        *(own(name, "echo", "taken") for name in ("links", "/nowhere", "files in /nowhere")),
        own("broken", "echo", "password=hunter2", parser="json"),
        own("wrong", "sh", "-c", "echo token=hunter2 >&2; exit 1"),
    ]
    folder.fingerprint(probes=probes)
    state.write_text("array: degraded\nserial: AB-2\npassword: hunter3\n")
    found = folder.fingerprint(probes=probes, trees=[str(folder.tree), "/nowhere"])
    assert found["changes"] == [["product", "product", "array", "ok", "degraded", None]]
    limits = {one["probe"]: one["why"] for one in found["limits"]}
    assert limits["runaway"] == "its output and patterns take too long to read"
    assert limits["broken"] == "what it says makes no sense"
    assert limits["wrong"] == "token=[secret]"
    refused = [one["why"] for one in found["limits"] if one["probe"] == "the vendor's own"]
    assert sorted(refused) == [
        "probe '/nowhere': its name is taken",
        "probe 'bad': its parser must be one of lines, pairs, text, json",
        "probe 'files in /nowhere': its name is taken",
        "probe 'links': its name is taken",
    ]
    kept = (folder.session / "fingerprint.json").read_text()
    assert "hunter" not in kept + json.dumps(found)
    assert "AB-" not in kept


def test_everybody_else_goes_first(folder: Folder) -> None:
    folder.fingerprint(probes=[own("rank", "sh", "-c", "ps -o cls=,ni= -p $$")])
    kept = json.loads((folder.session / "fingerprint.json").read_text())
    ((rank,),) = kept["probes"]["rank"][1].values()
    assert rank.split()[0] == "IDL"


def test_a_tree_that_is_not_there_is_told(folder: Folder) -> None:
    limits = folder.limits(trees=[str(folder.tree), "/nowhere"])
    assert limits["files in /nowhere"] == "no such file or directory"


def test_names_that_are_no_text_are_told_as_text(folder: Folder) -> None:
    folder.fingerprint()
    (folder.tree / "a\x1b[2Jb").touch()
    Path(os.fsdecode(os.fsencode(folder.tree) + b"/\xff")).touch()
    told = [one[1].rpartition("/")[2] for one in folder.fingerprint()["changes"]]
    assert sorted(told) == ["a\ufffd[2Jb", "\ufffd"]


def test_where_nothing_can_be_kept_it_says_so(folder: Folder) -> None:
    asked = json.dumps({**folder.asked, "folder": str(folder.tree / "none")})
    told = subprocess.run(
        command("fingerprint"), input=asked, capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == "jumpseat: no fingerprint: No such file or directory\n"
