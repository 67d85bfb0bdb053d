"""docs/protocol.md says all that someone needs who writes a viewer or an uplink."""

import re
from dataclasses import fields

import pytest

from broker.recording.session_log import EVENTS
from broker.wire.codec import type_name
from broker.wire.messages import BINARY, CONTROL
from tests.arch.tree import ROOT

PAGE = (ROOT / "docs/protocol.md").read_text()


@pytest.mark.parametrize("kind", CONTROL, ids=type_name)
def test_control_message_is_told_with_its_fields(kind: type) -> None:
    told = re.findall(rf"`{type_name(kind)} \{{([^}}]*)\}}", PAGE)
    names = [one.name for one in fields(kind)]
    assert names in [re.split(r",\s*", one) for one in told]


@pytest.mark.parametrize("kind", BINARY, ids=type_name)
def test_binary_message_is_in_the_table(kind: type) -> None:
    assert re.search(rf"^\| `[0-9A-F]{{2}}` \| {type_name(kind)} \|", PAGE, re.MULTILINE)


@pytest.mark.parametrize("event", EVENTS)
def test_event_of_the_session_log_is_told_with_its_fields(event: str) -> None:
    log = PAGE[PAGE.index("## The session log") :]
    table = [line for line in log.splitlines() if line.startswith("| ")]
    rows = [row for row in table if f"`{event}`" in row.split(" | ")[0]]
    assert len(rows) == 1
    assert {one for one in EVENTS[event] if f"`{one}`" not in rows[0]} == set()
