"""A disk that fills: a small file system of our own, mounted for the test."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.server.stores.recordings import Recordings
from broker.wire.messages import Append, Held, Present
from tests.server.casts import CAST, LOG, cast, started
from tests.server.conftest import Serve

MIB = 1024 * 1024


@pytest.fixture
def small_disk(data: Path) -> Iterator[Path]:
    """Where recordings go, on 2 MiB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    folder = data / "recordings"
    folder.mkdir(parents=True, mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m,mode=0700", "jumpseat-test", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount a tmpfs")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


async def test_nothing_is_held_that_has_no_space_and_nothing_held_is_lost(
    small_disk: Path, serve: Serve
) -> None:
    filler = small_disk / "filler"
    filler.write_bytes(bytes(MIB))
    data = cast([b"x" * 1000] * 1800)
    async with serve() as site:
        granted = await site.grant()
        async with site.connected(granted) as (host, _), site.viewing(granted["session"]) as viewer:
            await host.send(Append(LOG, 0, started()))
            await host.wait(Held, lambda held: held.stream == LOG)
            for offset in range(0, len(data), 60_000):
                await host.send(Append(CAST, offset, data[offset : offset + 60_000]))
            shown = await viewer.wait(Present, lambda present: "disk is full" in present.detail)
            assert shown.state == "empty"
            held = [m.offset for m in host.heard if isinstance(m, Held) and m.stream == CAST]
            on_disk = await site.stream(granted["session"], CAST)
            assert data.startswith(on_disk)
            assert len(on_disk) >= max(held, default=0)
            assert len(on_disk) < len(data)

            filler.unlink()
            await host.wait(Held, lambda held: held.stream == CAST and held.offset == len(data))
            await viewer.wait(Present, lambda present: present.detail == "")
        assert await site.stream(granted["session"], CAST) == data


async def test_a_broker_that_starts_on_a_full_disk_has_what_was_held(
    small_disk: Path, serve: Serve
) -> None:
    data = cast([b"y" * 1000] * 100)
    async with serve() as site:
        granted = await site.grant()
        async with site.connected(granted) as (host, _):
            await host.send(Append(CAST, 0, data[:50_000]))
            await host.wait(Held)
    space = os.statvfs(small_disk)
    (small_disk / "filler").write_bytes(bytes(space.f_bavail * space.f_frsize))
    async with serve() as site, site.connected(granted) as (host, welcome):
        assert welcome.held[CAST] == 50_000
        await host.send(Append(CAST, 50_000, data[50_000:]))
        (small_disk / "filler").unlink()
        await host.wait(Held, lambda held: held.offset == len(data))
        assert await site.stream(granted["session"], CAST) == data


def test_a_torn_write_is_cut_back_and_made_again(small_disk: Path) -> None:
    recordings = Recordings(small_disk)
    recordings.append("s1", CAST, 0, b"held")
    with pytest.raises(OSError, match="No space"):
        recordings.append("s1", CAST, 4, bytes(3 * MIB))
    assert recordings.sizes("s1") == {CAST: 4}
    recordings.append("s1", CAST, 4, b" and more")
    assert recordings.read("s1", CAST, 0, 100) == b"held and more"
