"""``jumpseat serve``: run the broker in the foreground."""

import asyncio
from pathlib import Path

import click

from broker.cli import options
from broker.cli.failure import REFUSED, UNREACHABLE, Failed

_ANYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound to


@click.command("serve")
@options.data
@click.option("--listen", required=True, metavar="HOST:PORT", help="Where to listen; port 0: any.")
@click.option(
    "--url",
    metavar="URL",
    help="What browsers and hosts call this broker, such as https://support.example.com.  "
    "[default: http://HOST:PORT]",
)
@click.option(
    "--config",
    "file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Settings in TOML, such as banner, max_grant and webhook.",
)
@click.option(
    "--engineer",
    metavar="NAME",
    help="Print a sign-in link for this engineer; until somebody has signed in, one is printed "
    "for 'engineer' in any case.",
)
@options.as_json
def command(
    data: Path,
    listen: str,
    url: str | None,
    file: Path | None,
    engineer: str | None,
    as_json: bool,
) -> None:
    """Run the broker until it is told to stop (SIGTERM, SIGINT, Ctrl-C).

    Pages, API and all links share one port. It is ready when GET /healthz answers 200; then it
    prints its URL, the fingerprint of its key, which customers are shown too, and, where one is
    due, a sign-in link that works once, within 15 minutes.
    Put a proxy in front that ends TLS, and say --url https://...; without, listen on loopback.
    """
    from broker.server import logs  # noqa: PLC0415 - help and errors need no server
    from broker.server.app import Broker, CantListen, Config, InUse, run  # noqa: PLC0415
    from broker.server.configuration import BadConfiguration, Configuration, read  # noqa: PLC0415
    from broker.server.http.addresses import BadUrl  # noqa: PLC0415
    from broker.server.http.pages import NotBuilt  # noqa: PLC0415
    from broker.server.identity import BadIdentity  # noqa: PLC0415

    host, port = _address(listen)
    if host in _ANYWHERE and url is None:
        raise click.UsageError(f"--listen {listen} needs --url: what is this broker called?")
    try:
        configuration = read(file) if file is not None else Configuration()
    except BadConfiguration as error:
        raise click.UsageError(str(error)) from None
    config = Config(data=data, host=host, port=port, url=url, configuration=configuration)
    logs.set_up()

    async def ready(broker: Broker) -> None:
        link = None
        if engineer is not None or not await broker.metadata.any_sign_in():
            engineer_id = await broker.access.engineer(engineer or "engineer")
            link = broker.addresses.sign_in_link(await broker.access.sign_in_token(engineer_id))
        _tell(broker.addresses.url, broker.fingerprint, link, as_json=as_json)

    try:
        asyncio.run(run(config, ready))
    except BadUrl as error:
        raise click.UsageError(str(error)) from None
    except InUse:
        raise Failed(f"another broker runs on {data}", REFUSED) from None
    except BadIdentity as error:
        raise Failed(str(error)) from None
    except NotBuilt:
        raise Failed("the pages are not built; run: make setup") from None
    except CantListen as error:
        raise Failed(f"can't listen on {listen}: {error.reason}", UNREACHABLE) from None
    except OSError as error:
        raise Failed(f"can't use {error.filename or data}: {error.strerror}") from None


def _tell(url: str, fingerprint: str, link: str | None, *, as_json: bool) -> None:
    if as_json:
        options.tell_json({"url": url, "key": fingerprint, "sign_in": link})
        return
    print(f"Jumpseat serves {url}", flush=True)
    print(f"Its key, for customers to compare: {fingerprint}", flush=True)
    if link is not None:
        print(f"Sign in (once, within 15 minutes): {link}", flush=True)


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise click.BadParameter(f"{listen!r} is not HOST:PORT", param_hint="--listen")
    return host.strip("[]"), int(port)
