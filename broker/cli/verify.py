"""``jumpseat verify`` at the broker: a session as it lies there, against what was signed."""

import asyncio
from pathlib import Path

import click

from broker.cli import options
from broker.cli.failure import MISUSED_VERIFY, NOT_FOUND, Failed


@click.command("verify")
@click.argument("session")
@options.data
@click.option("--key", "keys", multiple=True, metavar="SHA256:...", help="One more key to trust.")
@options.identity
@options.as_json
def command(
    session: str, data: Path, keys: tuple[str, ...], identities: tuple[Path, ...], as_json: bool
) -> int:
    """Check SESSION as this broker has it: VERIFIED, UNANCHORED or REJECTED.

    This broker's own keys are trusted. The exit status is the verdict: 0 VERIFIED, 1 UNANCHORED,
    2 REJECTED; 3: there is nothing to be checked, 64: it can't be run like this. Without --data
    this checks a bundle, offline and anywhere (jumpseat verify FILE).
    """
    from broker.cli.kept import kept_session  # noqa: PLC0415 - help needs none of it
    from broker.evidence.source import Unreadable  # noqa: PLC0415
    from broker.evidence.told import read_out  # noqa: PLC0415
    from broker.evidence.verifying import as_json as in_json  # noqa: PLC0415
    from broker.evidence.verifying import verify  # noqa: PLC0415
    from broker.host.evidence_commands import key_of  # noqa: PLC0415

    try:
        known = {key_of(key) for key in keys}
    except ValueError as error:
        raise Failed(f"--key: {error}", MISUSED_VERIFY) from None
    try:
        kept = asyncio.run(kept_session(session, data, identities))
        trusted = known | kept.trusted
        found = verify(kept.source, trusted)
    except Failed as error:  # 1 and 2 are verdicts
        raise Failed(error.message, NOT_FOUND) from None
    except Unreadable as error:
        raise Failed(str(error), NOT_FOUND) from None
    if as_json:
        options.tell_json(in_json(found))
    else:
        print("\n".join(read_out(found, trusted)))
    return found.judgement.verdict.value
