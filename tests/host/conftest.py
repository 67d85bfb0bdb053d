"""A recorder on a host of its own, and the broker that it dials, which may be hostile."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.host.broker_end import BrokerEnd, broker_end
from tests.host.real_recorder import Host


@pytest.fixture
async def broker() -> AsyncIterator[BrokerEnd]:
    async with broker_end() as end:
        yield end


@pytest.fixture
async def host(broker: BrokerEnd, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Host]:
    with tempfile.TemporaryDirectory(prefix="host-") as home:  # short: sockets are in it
        host = Host(Path(home), monkeypatch, broker.url)
        yield host
        await host.close()
