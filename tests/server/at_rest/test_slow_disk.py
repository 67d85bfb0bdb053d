"""A session whose receipts the disk does not take waits for it, and no other does."""

import errno
import os
from pathlib import Path

import pytest

from broker.server.at_rest import custody
from broker.server.at_rest.settings import Retention
from broker.server.configuration import Configuration
from broker.server.stores.recordings import Recordings
from broker.wire.names import RECEIPTS
from tests.server.at_rest.complete import ask, delivered, summary
from tests.server.conftest import Serve
from tests.server.peers import PATIENCE_SECONDS


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Sessions whose receipts find the disk full."""
    sessions: set[str] = set()
    append = Recordings.append

    def fails(self: Recordings, session: str, stream: str, offset: int, data: bytes) -> None:
        if stream == RECEIPTS and session in sessions:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        append(self, session, stream, offset, data)

    monkeypatch.setattr(Recordings, "append", fails)
    monkeypatch.setattr(custody, "_SAY_SECONDS", 0.3)
    monkeypatch.setattr(custody, "_ROUND_SECONDS", 0.05)
    return sessions


async def test_deleting_waits_for_its_own_tombstone_alone(
    serve: Serve, data: Path, full: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serve() as site:
        stuck, other = await delivered(site), await delivered(site)
        full.add(stuck)
        status, told = await ask(data, "delete", session=stuck, why="room", by="root")
        assert (status, "has not taken its tombstone" in told["error"]["message"]) == (403, True)
        monkeypatch.setattr(custody, "_SAY_SECONDS", PATIENCE_SECONDS)  # this disk may be slow
        assert (await ask(data, "delete", session=other, why="room", by="root"))[0] == 200
        assert (await site.summary(stuck))["deleted"] is None
        full.clear()
        await summary(site, stuck, lambda now: now["deleted"] is not None)
        assert [one.name for one in (data / "recordings" / stuck).iterdir()] == [RECEIPTS]


async def test_nor_does_retention(
    serve: Serve, data: Path, full: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serve() as site:
        stuck, other = await delivered(site), await delivered(site)
    full.add(stuck)
    later = custody.now() + 2 * 86400
    monkeypatch.setattr(custody, "now", lambda: later)
    async with serve(Configuration(retention=Retention(1, {}))) as site:
        await summary(site, other, lambda now: now["deleted"] is not None)
        full.clear()
        await summary(site, stuck, lambda now: now["deleted"] is not None)
