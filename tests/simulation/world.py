"""One seed: a host, a broker, what befalls them, and what must be true whatever befalls them.

- What is held was durable at the broker when it was said, and stays.
- Both sides' streams are prefixes of what was written, however often either side crashed.
- What was printed is recorded, or lies in a gap that a session log tells of.
- Once nothing fails any more, all of it is held within ``CONVERGED_SECONDS``.
- Neither side ever finds the other breaking the protocol, and nothing fails but by what was done.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from broker.host import connection, receipts, spool, uplink
from broker.recording import ed25519
from broker.recording import receipts as chains
from broker.server import ingest, receipt_sender, room, signing, tasks
from broker.server import receipts as signed
from broker.server.http import host_socket
from broker.server.stores import recordings
from broker.wire.messages import Append, Held, Message, Welcome
from broker.wire.names import RECEIPTS, parse_stream
from tests.simulation.disk import Disk
from tests.simulation.faults import Faults
from tests.simulation.files import SimPath, fcntl_of, os_of
from tests.simulation.host import Host, Uplinks, Watched
from tests.simulation.loop import Gone, VirtualLoop
from tests.simulation.network import Network
from tests.simulation.vendor import Vendor

CONVERGED_SECONDS = 30.0
_LOGGING = (room, ingest, tasks, host_socket, signing, signed, receipt_sender)
_TOKEN = re.compile(r"<(\d+):([0-9a-f]{8})>")
_ROUNDED = 2e-6


class Broken(Exception):
    """Something that must be true is not."""


class World:
    """Everything there is while one seed runs."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.chance = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
        self.trace: list[str] = []
        self.wrong: list[str] = []
        self.loop = VirtualLoop(self.chance, self.found)
        self.network = Network(self.loop, self.chance)
        self.written: dict[str, bytearray] = {}
        self.acknowledged: dict[str, int] = {}
        self.safe_at_host: dict[str, int] = {}
        self.printed: list[tuple[float, str]] = []
        self.seconds = 0.0
        """How long all of it took, of the simulation's time."""
        self.converged = 0.0
        """How long after the last fault all was held."""
        self._host_disk = Disk("host", self.chance)
        self._broker_disk = Disk("broker", self.chance)
        self._heard_of: set[str] = set()

    # --- what happens ---------------------------------------------------------------------------

    def run(self) -> World:
        """Let it happen; ``wrong`` is what was found to be."""
        gc.disable()
        try:
            with self._installed():
                self.loop.run_until_complete(self._live())
        except Broken:
            pass
        except Exception as why:  # noqa: BLE001 - a defect of the simulation is one, too
            self.found(f"the simulation failed: {why!r}")
        finally:
            self.seconds = self.loop.time()
            with self._installed():
                self.loop.run_until_complete(self._bury())
            self.loop.close()
            gc.enable()
        return self

    async def _live(self) -> None:
        self.host = Host(self.loop, self._host_disk, self.network, self.say, self._failed)
        self.vendor = Vendor(
            self.loop, self._broker_disk, self.network, self.say, self._sent, self.found,
            self.look_at_broker,
        )  # fmt: skip
        self._host_disk._safe_folders |= self._host_disk.folders
        faults = Faults(self)
        self.vendor.start()
        self.host.start()
        await faults.happen()
        await self._converge(self._apart)
        self._look_at_both()
        if self.host.run is not None:
            self.host.run.life.run(self.host.run.end)
        await self._converge(self._undelivered)
        self._look_at_both()
        self._look_for_holes()
        self._look_at_receipts()

    async def _bury(self) -> None:
        """End every process that is left."""
        self.host.lose_power()
        self.vendor.lose_power()
        for _ in range(20):
            await asyncio.sleep(0)

    async def _converge(self, apart: Callable[[], str | None]) -> None:
        began = self.loop.time()
        while (why := apart()) is not None:
            if self.loop.time() - began > CONVERGED_SECONDS:
                self.break_off(f"not converged after {CONVERGED_SECONDS} s: {why}")
            await asyncio.sleep(0.25)
        self.converged = max(self.converged, self.loop.time() - began)
        self.say(f"converged in {self.loop.time() - began:.2f} s")

    def _apart(self) -> str | None:
        run, vendor = self.host.run, self.vendor.room
        if run is None or vendor is None:
            return "a side is down"
        if not run.copies.up:
            return "no link"
        if run.missing or (run.records._log is not None and run.records._log.behind):
            return "the recording has not gone on"
        if run.copies.unheld:
            return f"{run.copies.unheld} bytes are not held"
        return None

    def _undelivered(self) -> str | None:
        run = self.host.run
        return None if run is not None and run.session.delivered else "not signed as complete"

    def prints(self, tokens: int) -> None:
        """The shell prints, if there is one."""
        run = self.host.run
        if run is None:
            return
        text = []
        for _ in range(tokens):
            number = len(self.printed)
            digest = hashlib.blake2b(b"%d %d" % (self.seed, number), digest_size=4).hexdigest()
            text.append(f"<{number}:{digest}>")
            self.printed.append((self.loop.time(), text[-1]))
        try:
            run.life.run(run.printed, ("\r\n".join(text) + "\r\n").encode())
        except Exception as why:  # noqa: BLE001 - as a loop does
            self.found(f"what was printed was not taken in: {why!r}")

    # --- what is found --------------------------------------------------------------------------

    def say(self, what: str) -> None:
        """Note what happens."""
        self.trace.append(f"{self.loop.time():.6f} {what}")

    def found(self, wrong: str) -> None:
        """Note that something is wrong."""
        self.say(f"WRONG: {wrong}")
        self.wrong.append(wrong)

    def break_off(self, wrong: str) -> None:
        """Something is wrong and nothing after it means anything. Raises Broken."""
        self.found(wrong)
        raise Broken(wrong)

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, OSError) and not isinstance(error, TimeoutError):
            self.say(f"host: failed: {error}")  # its disk did
        elif not isinstance(error, Gone):
            self.found(f"the recorder failed: {error!r}")

    def _sent(self, message: Message) -> None:
        """The broker says what it holds: it must be durable now."""
        if isinstance(message, Append):
            here = self._broker_disk.safe(f"/broker/recordings/s1/{message.stream}")
            if here[message.offset : message.offset + len(message.data)] != message.data:
                self.found(f"{message.stream} were sent up to {message.offset} and not safe")
            self.say(f"broker: receipts to {message.offset + len(message.data)}")
            return
        if isinstance(message, Welcome):
            told = sorted(message.held.items())
        else:
            assert isinstance(message, Held)
            told = [(message.stream, message.offset)]
            self.say(f"broker: held {message.stream} {message.offset}")
        for name, offset in told:
            before = self.acknowledged.get(name, 0)
            safe = self._broker_disk.safe(f"/broker/recordings/s1/{name}")
            if name == RECEIPTS:
                continue
            if len(safe) < offset:
                self.found(f"held {name} {offset}, but only {len(safe)} are safe")
            elif safe[before:offset] != self.written.get(name, b"")[before:offset]:
                self.found(f"held {name} {offset}, but not what was written")
            self.acknowledged[name] = max(before, offset)

    def look_at(
        self, disk: Disk, side: str, folder: str, least: dict[str, int], *, torn: bool = False
    ) -> None:
        """A side has its streams as they were written, and at least so much of them.

        ``torn``: what comes after that no start has cut yet.
        """
        for name, whole in sorted(self.written.items()):
            inode = disk.files.get(f"{folder}/{name}")
            data = b"" if inode is None else bytes(inode.data)
            if torn:
                data = data[: least.get(name, 0)]
            if not whole.startswith(data):
                at = next(
                    (n for n, (a, b) in enumerate(zip(data, whole, strict=False)) if a != b),
                    len(whole),
                )
                self.break_off(f"{side}: {name} differs at {at} of {len(data)}/{len(whole)}")
            if len(data) < least.get(name, 0):
                self.break_off(f"{side}: {name} has {len(data)}, {least[name]} were safe")

    def look_at_host(self) -> None:
        """After a start of the recorder: before it, what it had made safe is what must be there."""
        self.look_at(self._host_disk, "host", "/host/s1", self.safe_at_host)

    def note_safe(self) -> None:
        """What the recorder has made safe from a loss of power, by its own account."""
        run = self.host.run
        if run is not None:
            own = f"run-{run.number}."
            for name, stream in run.records.streams.items():
                # A failed sync's loss is not seen by the next process, nor by its own syncs.
                if not name.startswith(own):
                    continue
                self.safe_at_host[name] = max(self.safe_at_host.get(name, 0), stream._synced)

    def look_at_broker(self, *, torn: bool = False) -> None:
        """The broker has all that it ever acknowledged. ``torn``: it has just lost power."""
        folder = "/broker/recordings/s1"
        self.look_at(self._broker_disk, "broker", folder, self.acknowledged, torn=torn)

    def _look_at_both(self) -> None:
        self.note_safe()
        self.look_at_host()
        self.look_at_broker()
        for name in self.written:
            here = (
                len(self._host_disk.files[f"/host/s1/{name}"].data)
                if (f"/host/s1/{name}" in self._host_disk.files)
                else 0
            )
            if self.acknowledged.get(name, 0) < here:
                self.found(f"{name}: {here} at the host, {self.acknowledged.get(name, 0)} held")

    def _look_for_holes(self) -> None:
        recorded: set[str] = set()
        gaps: list[tuple[float, float]] = []
        for name in self.written:
            kept = max(
                (self._of(self._host_disk, f"/host/s1/{name}"),
                 self._of(self._broker_disk, f"/broker/recordings/s1/{name}")),
                key=len,
            )  # fmt: skip
            # The broker may hold half a line of which its host has lost the rest.
            lines = kept.decode("utf-8", "replace").split("\n")[:-1]
            if parse_stream(name).is_log:
                for line in lines:
                    entry = json.loads(line)
                    if entry["event"] == "gap":
                        gaps.append((entry["since"], entry["until"]))
            else:
                events = [json.loads(line) for line in lines[1:]]
                text = "".join(one[2] for one in events if one[1] == "o")
                recorded.update(found[0] for found in _TOKEN.finditer(text))
        silent = [
            (t, token)
            for t, token in self.printed
            if token not in recorded
            and not any(since - _ROUNDED <= t <= until + _ROUNDED for since, until in gaps)
        ]
        if silent:
            t, token = silent[0]
            self.found(f"{len(silent)} tokens are missing without a gap, the first {token} at {t}")

    def _look_at_receipts(self) -> None:
        """The host's are the broker's, and speak of what was written."""
        there = self._of(self._broker_disk, f"/broker/recordings/s1/{RECEIPTS}")
        here = self._of(self._host_disk, f"/host/s1/{RECEIPTS}")
        if here != there:
            self.found(f"receipts: {len(here)} bytes at the host, {len(there)} at the broker")
        found = chains.read("s1", there)
        if found.bad is not None:
            self.found(f"receipts: {found.bad}")
        for one in found.statements:
            if one.kind == "receipt":
                whole = self.written.get(one.fields["stream"], b"")[: one.fields["offset"]]
                if one.fields["sha256"] != hashlib.sha256(whole).hexdigest():
                    self.found(f"receipts: line {one.n} speaks of what was not written")

    @staticmethod
    def _of(disk: Disk, path: str) -> bytes:
        inode = disk.files.get(path)
        return b"" if inode is None else bytes(inode.data)

    # --- the seams ------------------------------------------------------------------------------

    @contextmanager
    def _installed(self) -> Iterator[None]:
        """What the product's modules have of the system is the simulation's, for now."""
        Watched.written = self.written
        Uplinks.loop = self.loop
        SimPath.disks = {"host": self._host_disk, "broker": self._broker_disk}
        clock = SimpleNamespace(time=self.loop.time, monotonic=self.loop.time)
        quiet = SimpleNamespace(
            info=_nothing, warning=_nothing, error=self._logged, exception=self._logged
        )
        seams: list[tuple[Any, str, object]] = [
            (spool, "os", os_of(self._host_disk)),
            (spool, "fcntl", fcntl_of(self._host_disk)),
            (spool, "StreamFile", Watched),
            (receipts, "os", os_of(self._host_disk)),
            (connection, "UplinkProcess", Uplinks),
            (connection, "time", clock),
            (connection, "suspended", lambda: 0.0),
            (connection, "boot_id", lambda: self.host.boot),
            (recordings, "os", os_of(self._broker_disk)),
            (uplink, "dial", self.network.dial),
            (uplink, "random", SimpleNamespace(uniform=self.chance.uniform)),
            (signing, "time", clock),
            (ed25519, "verify", _verified),
            (room, "time", clock),
            (host_socket, "time", clock),
            *((module, "log", quiet) for module in _LOGGING),
        ]
        before = [(module, name, getattr(module, name)) for module, name, _ in seams]
        for module, name, ours in seams:
            setattr(module, name, ours)
        try:
            yield
        finally:
            for module, name, theirs in before:
                setattr(module, name, theirs)

    def _logged(self, event: str, **fields: object) -> None:
        if event in ("write failed", "not read") or isinstance(fields.get("exc_info"), OSError):
            self.say(f"broker: {event}: {fields.get('error', fields.get('exc_info'))}")
        else:
            self.found(f"the broker logs: {event} {fields}")


def _verified(key: bytes, message: bytes, signature: bytes) -> bool:
    """As ed25519.verify, in a fiftieth of the time."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _nothing(*args: object, **fields: object) -> None:
    """Nobody reads it."""
