"""How the tree is laid out: short files, telling names, tests where one looks for them."""

from tests.arch.tree import ROOT, tracked

LONGEST_LINES = 500
NOT_MIRRORS = {"arch", "browser", "faults", "fuzz", "golden", "journeys", "simulation", "tampering"}
EMPTY_WORDS = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}


def test_no_file_is_longer_than_one_idea() -> None:
    files = tracked("broker/**.py", "tests/**.py", "bench/**.py", "web/src/**")
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in files}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_LINES} == {}


def test_no_file_is_named_for_nothing() -> None:
    assert [path for path in tracked() if EMPTY_WORDS & set(path.stem.lower().split("_"))] == []


def test_every_package_has_its_tests_and_every_folder_of_tests_its_package() -> None:
    packages = {path.parent.name for path in ROOT.glob("broker/*/__init__.py")}
    tested = {path.parent.relative_to(ROOT / "tests") for path in tracked("tests/**/test_*.py")}
    mirrors = {folder for folder in tested if folder.parts[0] not in NOT_MIRRORS}
    assert packages <= {folder.parts[0] for folder in mirrors}
    assert [one for one in mirrors if not (ROOT / "broker" / one / "__init__.py").exists()] == []
