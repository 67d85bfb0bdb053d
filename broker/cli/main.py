"""``jumpseat``: one command for both sides. Each subcommand is imported when it is run."""

import importlib
import sys
from keyword import iskeyword
from typing import NoReturn

import click

from broker import __version__
from broker.cli.failure import MISUSED_VERIFY, USAGE, Failed

_CUSTOMER = {
    "grant": "show an invitation's terms and, on consent, open a recorded shell",
    "status": "tell the facts of the session",
    "take-back": "hold off all that is the engineers', at once",
    "give-back": "let it through again",
    "approve": "let a proposed line run, or say yes to a request",
    "refuse": "refuse a proposed line or a request",
    "mode": "change what engineers may do",
    "extend": "let the grant last longer",
    "revoke": "end for good what engineers may do",
    "hold": "say what nobody should touch, and stop commands at it",
    "holds": "list what nobody should touch",
    "lift": "lift a hold",
    "note": "say what you did, for engineers and reviewers to read",
    "away": "tell what happened while you, or the link, was away",
    "commands": "list what was run: by whom, and how it ended",
    "bundle": "write a session to one file that replays and verifies anywhere",
    "verify": "check a session's evidence: a bundle, anywhere, or a session of this host",
    "disconnect": "cut the link; the shell and the recording go on",
    "reconnect": "let the link be made again",
    "reattach": "take the seat at the session's terminal again",
    "shell": "open a shell here, recorded as one more terminal of the session",
    "end": "end the session and deliver its records",
}
_BROKER = {
    "serve": "run the broker",
    "engineer": "let engineers sign in",
    "invite": "make an invitation: a code for one customer",
    "sessions": "list the sessions",
    "commands": "list what was run in a session (with --data)",
    "keys": "list the keys that sign for the broker, or let a new one take over",
    "webhooks": "list what was sent to webhooks, and try them",
    "encrypt": "encrypt complete sessions to today's recipients",
    "delete": "delete a session; a signed tombstone stays",
    "keep": "say what nobody may delete",
    "export": "write a session's recordings, logs and receipts to files",
    "bundle": "write a session to one file (with --data)",
    "verify": "check a session's evidence as the broker has it (with --data)",
    "import": "take in a session from a bundle",
    "demo": "a broker, an engineer's link and a customer's shell, on this machine",
}
_STATUSES = (
    ("0, 1, 2", "of verify: VERIFIED, UNANCHORED, REJECTED; 3: nothing to check; 64: misuse"),
    ("1", "something else went wrong"),
    ("2", "the command can't be run like this"),
    ("3", "there is no such session, or no data"),
    ("4", "an address can't be reached, or is taken"),
    ("5", "refused"),
    ("75", "a shell here can't be recorded"),
)


class _Jumpseat(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*_CUSTOMER, *_BROKER]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _BROKER:
            return None
        module = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        command: click.Command = importlib.import_module(f"broker.cli.{module}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, commands in (("At the customer", _CUSTOMER), ("At the broker", _BROKER)):
            with formatter.section(title):
                formatter.write_dl(list(commands.items()))
        with formatter.section("Exit status"):
            formatter.write_dl(_STATUSES)


@click.command(
    cls=_Jumpseat,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="jumpseat", message="%(prog)s %(version)s")
def _jumpseat() -> None:
    """A jump seat at a customer's terminal: granted, watched, recorded, taken back.

    A customer grants a support engineer a seat at a terminal of their own host. Everything in it
    is recorded there, also while nobody is connected, and copied to the broker, where engineers
    watch, propose or type as far as they may, and replay.

    Each command has its own --help.
    """


def main() -> NoReturn:
    """Run the command that the process was started with, and exit."""
    arguments = sys.argv[1:]
    if arguments and arguments[0] in _CUSTOMER and not _is_at_the_broker(*arguments):
        from broker.host.command import main as at_the_customer  # noqa: PLC0415 - one side only

        sys.exit(at_the_customer(arguments))
    sys.exit(_at_the_broker(arguments))


def _is_at_the_broker(name: str, *arguments: str) -> bool:
    """Of a command that both sides have, whether the broker's is meant."""
    return name in _BROKER and any(one.partition("=")[0] == "--data" for one in arguments)


def _at_the_broker(arguments: list[str]) -> int:
    try:
        status = _jumpseat.main(arguments or ["--help"], "jumpseat", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        from broker.host.failures import reader_gone  # noqa: PLC0415 - one side only

        return reader_gone()
    except click.UsageError as error:
        of = f" {error.ctx.info_name}" if error.ctx is not None and error.ctx.parent else ""
        status = MISUSED_VERIFY if of == " verify" else USAGE  # its 2 is a verdict
        return _fail(f"{error.format_message()} (see jumpseat{of} --help)", status)
    except Failed as error:
        return _fail(error.format_message(), error.status)
    except click.ClickException as error:
        return _fail(error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        return 130
    return status if isinstance(status, int) else 0


def _fail(message: str, status: int) -> int:
    print(f"jumpseat: {' '.join(message.split())}", file=sys.stderr)
    return status
