"""What the faults measure is printed at the end, and kept beside the other reports."""

from collections.abc import Callable
from pathlib import Path

import pytest

_LINES = pytest.StashKey[list[str]]()
_KEPT = Path(__file__).parents[2] / "test-output/noticed.txt"


@pytest.fixture
def told(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Adds lines to what is printed at the end of the run."""
    return request.config.stash.setdefault(_LINES, []).append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Called by pytest once all tests have run."""
    lines = terminalreporter.config.stash.get(_LINES, [])
    if not lines:
        return
    terminalreporter.section("how a loss is noticed")
    for line in lines:
        terminalreporter.write_line(line)
    _KEPT.parent.mkdir(exist_ok=True)
    _KEPT.write_text("\n".join(lines) + "\n")
