"""haproxy, as docs/operators.md sets it up: it ends TLS in front of a broker."""

import asyncio
import re
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.journeys import processes
from tests.journeys.broker import Broker, free_address
from tests.journeys.waiting import PATIENCE_SECONDS

OPERATORS = Path(__file__).parents[2] / "docs/operators.md"


@asynccontextmanager
async def behind_tls(broker: Broker, folder: Path) -> AsyncIterator[Path]:
    """Have everybody come to the broker by https; the certificate, which nobody trusts by itself.

    The broker is started anew, with the URL that it then has.
    """
    certificate = folder / "certificate.pem"
    pem = folder / "jumpseat.pem"
    await _certify(certificate, folder / "key.pem")
    pem.write_text(certificate.read_text() + (folder / "key.pem").read_text())
    address = free_address("127.0.0.1")
    config = folder / "haproxy.cfg"
    config.write_text(_documented(address, broker.address, pem))
    await broker.stop()
    broker.url = f"https://{address}"
    broker.options = (*broker.options, "--url", broker.url)
    broker.tls = ssl.create_default_context(cafile=certificate)
    proxy = await processes.start("haproxy", "-db", "-f", str(config), env=broker.env)
    try:
        await broker.start()
        yield certificate
    finally:
        proxy.terminate()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await proxy.wait()


async def _certify(certificate: Path, key: Path) -> None:
    making = await processes.start(
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
        "-noenc", "-days", "2", "-subj", "/CN=jumpseat", "-addext", "subjectAltName=IP:127.0.0.1",
        "-addext", "keyUsage=critical,digitalSignature,keyCertSign",
        "-keyout", str(key), "-out", str(certificate), stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert await making.wait() == 0


def _documented(address: str, broker: str, pem: Path) -> str:
    """The configuration that operators are shown, with addresses and a file of this machine."""
    shown = re.search(r"```haproxy\n(.*?)```", OPERATORS.read_text(), re.DOTALL)
    assert shown
    config = shown[1]
    for theirs, ours in {
        ":443": address,
        "/etc/haproxy/jumpseat.pem": str(pem),
        "127.0.0.1:8000": broker,
    }.items():
        assert config.count(theirs) == 1
        config = config.replace(theirs, ours)
    return config
