"""``jumpseat invite``: a code for one customer."""

import asyncio
from pathlib import Path
from typing import Any

import click

from broker.cli import options
from broker.cli.failure import NOT_FOUND, USAGE, Failed


@click.command("invite")
@click.option("--case", "title", required=True, metavar="TEXT", help="The support case.")
@options.data
@click.option(
    "--engineer", metavar="NAME", help="Who invites.  [default: the first engineer there is]"
)
@click.option("--minutes", default=60, show_default=True, metavar="N", help="How long it is good.")
@options.as_json
def command(title: str, data: Path, engineer: str | None, minutes: int, as_json: bool) -> None:
    """Make an invitation, and print its code and the line that the customer runs.

    A case of that title is used if there is one, else opened. Works while the broker runs.
    """
    told = asyncio.run(_invite(title, data, engineer, minutes))
    if as_json:
        options.tell_json(told)
    else:
        print(f"Code: {told['code']}   (works once, within {minutes} minutes)")
        print(f"The customer runs:\n  {told['line']}")


async def _invite(title: str, data: Path, engineer: str | None, minutes: int) -> dict[str, Any]:
    from broker.cli.stored import stored  # noqa: PLC0415 - help needs no server
    from broker.server.access import BadRequest  # noqa: PLC0415
    from broker.server.http.addresses import customer_line  # noqa: PLC0415

    async with stored(data) as kept:
        names = await kept.metadata.engineer_names()
        name = engineer or (names[0] if names else "engineer")
        engineer_id = await kept.metadata.engineer_id(name)
        if engineer_id is None:
            raise Failed(f"no engineer is called {name}; see jumpseat engineer add", NOT_FOUND)
        try:
            case = await kept.metadata.case_titled(title.strip())
            if case is None:
                case = await kept.access.open_case(title)
            invitation, code = await kept.access.invite(case, name, engineer_id, minutes)
        except BadRequest as error:
            raise Failed(error.message, USAGE) from None
        url = await kept.url()
        return {
            "id": invitation.id,
            "code": code,
            "line": customer_line(url, code),
            "expires": invitation.expires,
            "case": {"id": case.id, "title": case.title},
            "engineer": name,
            "broker": url,
        }
