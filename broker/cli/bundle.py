"""``jumpseat bundle`` at the broker: a session as one file that replays and verifies anywhere."""

import asyncio
import time
from pathlib import Path

import click

from broker.cli import options
from broker.cli.failure import REFUSED, Failed


@click.command("bundle")
@click.argument("session")
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Where to write the zip file.",
)
@options.data
@click.option(
    "--recipient",
    "recipients",
    multiple=True,
    metavar="age1...",
    help="Encrypt FILE with age to this key; may be said again. It is best called NAME.age.",
)
@options.identity
@options.as_json
def command(
    session: str,
    output: Path,
    data: Path,
    recipients: tuple[str, ...],
    identities: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Write SESSION to one zip file: streams, receipts, reports, and a page that replays it.

    It is checked with `jumpseat verify FILE`. Also while the session goes on: then as far as it is
    held. A file that is there is replaced only where it is a bundle of the same session. Without
    --data this is the customer's command, which packs a session of this host.
    """
    from broker.cli.kept import kept_session  # noqa: PLC0415 - help needs none of it
    from broker.evidence import replay_page  # noqa: PLC0415
    from broker.evidence.encryption import (  # noqa: PLC0415
        BadKey,
        check_recipients,
        encrypting,
    )
    from broker.evidence.packing import Maker, pack  # noqa: PLC0415
    from broker.evidence.placing import Occupied, placed  # noqa: PLC0415
    from broker.evidence.source import Unreadable  # noqa: PLC0415
    from broker.evidence.told_bundle import bundle_as_json, bundle_read_out  # noqa: PLC0415

    try:
        to = check_recipients(recipients)
    except BadKey as error:
        raise click.UsageError(f"--recipient: {error}") from None
    kept = asyncio.run(kept_session(session, data, identities))
    kept.check()
    try:
        page = replay_page.template()
        maker = Maker("broker", time.time(), kept.keys, kept.trusted)
        with placed(output, session) as file, encrypting(file, to) as plain:
            packed = pack(kept.source, maker, page, plain)
        told = bundle_as_json(str(output), output.stat().st_size, packed)
    except Occupied as error:
        raise Failed(str(error), REFUSED) from None
    except (Unreadable, replay_page.NotBuilt) as error:
        raise Failed(str(error)) from None
    except OSError as error:
        raise Failed(f"{error.filename or output}: {error.strerror}") from None
    if as_json:
        options.tell_json(told)
    else:
        print("\n".join(bundle_read_out(told)))
