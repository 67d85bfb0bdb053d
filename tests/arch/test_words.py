"""Tracked files name no registry's host and no place on the machine that they were written on."""

import re

from tests.arch.tree import ROOT, tracked

FORBIDDEN = re.compile(
    r"https?://[\w.-]*(?:pypi|npmjs|pythonhosted|debian)\."
    r"|file:///\w"
    r"|/(?:root|home/[a-z]\w*)/\w"
    rf"|{re.escape(str(ROOT))}(?:/|\b)"
)


def test_no_registry_and_no_path_of_a_machine_is_named() -> None:
    found = []
    for path in tracked():
        raw = path.read_bytes()
        if b"\0" in raw:
            continue
        for number, line in enumerate(raw.decode().splitlines(), 1):
            if FORBIDDEN.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}")
    assert found == []
