"""haproxy, as docs/operators.md sets it up: it ends TLS in front of a broker."""

import asyncio
import re
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.journeys import processes
from tests.journeys.broker import Broker, free_address
from tests.journeys.waiting import PATIENCE_SECONDS, until

OPERATORS = Path(__file__).parents[2] / "docs/operators.md"


@dataclass(frozen=True)
class Proxy:
    """Where it listens, and its certificate, which nobody trusts by itself."""

    url: str
    certificate: Path


@asynccontextmanager
async def tls_before(address: str, folder: Path, env: Mapping[str, str]) -> AsyncIterator[Proxy]:
    """End TLS in front of whoever listens at this address."""
    certificate, key, both = (folder / name for name in ("certificate", "key", "jumpseat.pem"))
    await _certify(certificate, key)
    both.write_text(certificate.read_text() + key.read_text())
    own = free_address("127.0.0.1")
    config = folder / "haproxy.cfg"
    config.write_text(_documented(own, address, both))
    haproxy = await processes.start("haproxy", "-db", "-f", str(config), env=dict(env))
    try:
        await until(lambda: _listens(own), "haproxy to listen")
        yield Proxy(f"https://{own}", certificate)
    finally:
        haproxy.terminate()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await haproxy.wait()


@asynccontextmanager
async def behind_tls(broker: Broker, folder: Path) -> AsyncIterator[Proxy]:
    """Have everybody come to the broker by https; it is started anew, with the URL it then has."""
    async with tls_before(broker.address, folder, broker.env) as proxy:
        await broker.stop()
        broker.url = proxy.url
        broker.options = (*broker.options, "--url", proxy.url)
        broker.tls = ssl.create_default_context(cafile=proxy.certificate)
        await broker.start()
        yield proxy


def _listens(address: str) -> bool:
    host, _, port = address.partition(":")
    with suppress(ConnectionRefusedError), socket.create_connection((host, int(port))):
        return True
    return False


async def _certify(certificate: Path, key: Path) -> None:
    making = await processes.start(
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
        "-noenc", "-days", "2", "-subj", "/CN=jumpseat", "-addext", "subjectAltName=IP:127.0.0.1",
        "-addext", "keyUsage=critical,digitalSignature,keyCertSign",
        "-keyout", str(key), "-out", str(certificate), stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert await making.wait() == 0


def _documented(own: str, broker: str, pem: Path) -> str:
    """The configuration that operators are shown, with addresses and a file of this machine."""
    shown = re.search(r"```haproxy\n(.*?)```", OPERATORS.read_text(), re.DOTALL)
    assert shown
    config = shown[1]
    for theirs, ours in {
        ":443": own,
        "/etc/haproxy/jumpseat.pem": str(pem),
        "127.0.0.1:8000": broker,
    }.items():
        assert config.count(theirs) == 1
        config = config.replace(theirs, ours)
    return config
