"""The broker's one composition root: opens everything, serves, and closes it in order."""

import asyncio
import contextlib
import fcntl
import os
import resource
import signal
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from aiohttp import web

from broker.server import admin, identity
from broker.server.access import Access
from broker.server.at_rest.commands import AtRestCommands
from broker.server.at_rest.custody import Custody
from broker.server.configuration import Configuration
from broker.server.http import headers
from broker.server.http.addresses import Addresses
from broker.server.http.api import Api, VendorTerms
from broker.server.http.connections import Connections
from broker.server.http.downloads import Downloads
from broker.server.http.errors import tell_errors
from broker.server.http.guard import Guard
from broker.server.http.host_socket import HostSockets
from broker.server.http.live_socket import LiveSockets
from broker.server.http.pages import BUILT, Pages
from broker.server.http.reports import Reports
from broker.server.http.routes import routes
from broker.server.http.search import Search
from broker.server.http.viewer_socket import ViewerSockets
from broker.server.http.webhooks import DeliveryLog
from broker.server.hub import Hub
from broker.server.importing import Import
from broker.server.last_receipts import sign_last
from broker.server.pyz import Pyz
from broker.server.room import Services
from broker.server.rotation import Rotation
from broker.server.screens import Screens
from broker.server.search.indexer import Indexer
from broker.server.stores.deliveries import Deliveries
from broker.server.stores.keeps import Keeps
from broker.server.stores.metadata import Metadata
from broker.server.stores.recordings import Recordings
from broker.server.tasks import Tasks
from broker.server.telling import Telling
from broker.server.webhooks.sender import Pace, Sender

log = structlog.get_logger()

URL_SETTING = "url"
RECORDINGS = "recordings"
LOCK = "lock"
_THREADS = 16
_MOST_BODY_BYTES = 64 * 1024
_IDLE_SECONDS = 75.0
_SHUTDOWN_SECONDS = 5.0
_STOP_SECONDS = 10.0
"""Beyond what all that is done on the way out may take: then something hangs."""
_BACKLOG = 1024


class CantListen(Exception):
    """The address is taken, or is not ours; ``reason`` says which."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class InUse(Exception):
    """Another broker works on this data directory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """How one broker is to run. ``url`` is needed where it listens on more than loopback."""

    data: Path
    host: str
    port: int
    url: str | None = None
    configuration: Configuration = field(default_factory=Configuration)
    pages: Path = field(default=BUILT)
    pace: Pace = field(default_factory=Pace)
    """Of webhooks."""


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker that serves: for whoever started it."""

    addresses: Addresses
    access: Access
    metadata: Metadata
    fingerprint: str
    """Of the broker's key; for customers to compare."""


async def run(config: Config, ready: Callable[[Broker], Awaitable[None]]) -> None:
    """Serve until SIGTERM or SIGINT. ``ready`` is called once when requests are answered.

    Raises CantListen, InUse, NotBuilt, BadIdentity, BadUrl, and OSError for a directory that can't
    be used.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with serving(config) as broker:
        await ready(broker)
        await stop.wait()
        log.info("stopping")
        _end_in_any_case()


def _end_in_any_case() -> None:
    """A thread that a disk or a network file system holds would keep this process for as long.

    Nothing that was told to anybody depends on an orderly end.
    """

    def end() -> None:
        log.error("stopped with work under way: something hangs")
        os._exit(1)

    timer = threading.Timer(_STOP_SECONDS, end)
    timer.daemon = True
    timer.start()


@asynccontextmanager
async def serving(config: Config) -> AsyncIterator[Broker]:  # noqa: PLR0915 - the wiring
    """A broker that answers requests while the block runs. Raises as ``run`` does."""
    _allow_many_files()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(_THREADS, "broker"))
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(_owned(config.data))
        listener = stack.enter_context(_listener(config.host, config.port))
        addresses = Addresses.of(config.host, listener.getsockname()[1], config.url)

        own = await asyncio.to_thread(identity.load_or_make, config.data)
        metadata = Metadata(config.data)
        stack.push_async_callback(metadata.close)
        await metadata.migrate()
        await metadata.set_setting(URL_SETTING, addresses.url)
        at_rest = config.configuration.at_rest
        recordings = Recordings(config.data / RECORDINGS, at_rest.keys)
        await asyncio.to_thread(recordings.prepare)

        tasks = Tasks()
        screens = Screens(tasks)
        stack.push_async_callback(screens.close)
        stack.push_async_callback(tasks.close)
        configuration = config.configuration
        deliveries = Deliveries(metadata.engine)
        sender = Sender(configuration.webhooks, deliveries, tasks, config.pace)
        await sender.start()
        telling = Telling(deliveries, sender, tasks)
        await telling.start()
        stack.push_async_callback(telling.close)
        indexer = Indexer(recordings.root, config.data, tasks)
        indexer.start()
        hub = Hub(metadata, Services(recordings, screens, indexer, own, tasks), telling)
        stack.callback(hub.close)
        await hub.load()
        keeps = Keeps(metadata.engine)
        custody = Custody(
            hub, recordings, keeps, deliveries, indexer, tasks, at_rest, configuration.retention
        )
        await custody.start()

        access = Access(metadata, configuration.max_grant_seconds)
        connections = Connections()
        guard = Guard(access, addresses)
        app = web.Application(
            middlewares=[tell_errors, guard.middleware], client_max_size=_MOST_BODY_BYTES
        )
        app.on_response_prepare.append(headers.setter(addresses))
        table = routes(
            pages=Pages(config.pages, addresses, Pyz()),
            api=Api(
                metadata,
                access,
                hub,
                addresses,
                connections,
                VendorTerms(own, configuration.banner, configuration.probes, configuration.trees),
            ),
            downloads=Downloads(hub, recordings),
            reports=Reports(hub, recordings),
            search=Search(hub, custody, indexer, config.data),
            hosts=HostSockets(hub, connections),
            viewers=ViewerSockets(hub, connections),
            live=LiveSockets(hub, telling, connections),
            deliveries=DeliveryLog(deliveries),
        )
        guard.install(app, table)
        runner = web.AppRunner(
            app,
            access_log=None,
            keepalive_timeout=_IDLE_SECONDS,
            shutdown_timeout=_SHUTDOWN_SECONDS,
        )
        stack.push_async_callback(runner.cleanup)
        await runner.setup()
        site = web.SockSite(runner, listener, backlog=_BACKLOG)
        await site.start()
        stack.callback(connections.end_all)
        stack.push_async_callback(sign_last, hub.rooms())
        stack.push_async_callback(site.stop)
        await stack.enter_async_context(
            admin.answering(
                config.data,
                {
                    "rotate": Rotation(own).rotate,
                    "import": Import(hub, metadata, access, recordings, own).take_in,
                    **AtRestCommands(hub, custody, metadata, keeps, at_rest).table(),
                },
            )
        )
        fingerprint = own.ring.signer.fingerprint
        log.info("serving", url=addresses.url, key=fingerprint)
        yield Broker(addresses, access, metadata, fingerprint)


@contextlib.contextmanager
def _owned(data: Path) -> Iterator[None]:
    """Have the data directory to ourselves. Raises InUse and OSError."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    fd = os.open(data / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse from None
        yield
    finally:
        os.close(fd)


@contextlib.contextmanager
def _listener(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    """Raises CantListen."""
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise CantListen(error.strerror or str(error)) from None
        yield listener


def _allow_many_files() -> None:
    """A session takes a few descriptors; the usual soft limit is 1024."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
