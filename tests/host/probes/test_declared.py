"""What a vendor's own probe becomes on a host."""

import pytest

from broker.host.probes.declared import of_vendor
from broker.recording.watched import PARSERS, declared_one


@pytest.mark.parametrize("parser", PARSERS)
def test_each_parser_that_can_be_asked_for_reads_something(parser: str) -> None:
    probe = of_vendor(declared_one({"name": "a", "command": ["a"], "parser": parser}))
    assert probe.parser("a", "[7]")


def test_it_runs_as_asked() -> None:
    asked = {"name": "a", "area": "My Cluster", "command": ["a", "b c"], "secret": ["k=.*"]}
    probe = of_vendor(declared_one({**asked, "timeout": 2}))
    assert (probe.name, probe.area, probe.command) == ("a", "My Cluster", ("a", "b c"))
    assert probe.timeout == 2.0
    assert [one.pattern for one in probe.secret] == ["k=.*"]
    assert probe.as_user
    assert not of_vendor(declared_one({**asked, "as_root": True})).as_user
