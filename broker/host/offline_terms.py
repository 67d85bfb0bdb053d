"""The terms of an offline session: no broker, nobody who watches, carried out by hand. Pure."""

from __future__ import annotations

from broker.host.choices import length
from broker.host.columns import plain, wrapped
from broker.host.terms_here import Here, item, items, kept, long, named, row, rows

MOST_SECONDS = 24 * 3600.0
"""So long an offline session may last from any moment on."""


def offline_terms(here: Here) -> str:
    """The text to show; exactly this goes into the session log. No line is wider than 78."""
    choices = here.choices
    lines = [
        *wrapped("This records a terminal of this host, offline."),
        "",
        *row("case", plain(here.case)),
        *row("broker", "none"),
        *row("for", long(here)),
        *rows(here),
        "",
        *item(
            "NOBODY WATCHES OR TYPES but you: there is no broker and no engineer, and no process "
            "of ours listens on a network or connects to one."
        ),
        *item(
            "A new shell opens here. Everything that it prints is recorded, whoever types, on this "
            f"host only: in {here.folder}, {kept(here)}"
        ),
        *item(
            "It leaves this host when somebody carries it out: `jumpseat bundle SESSION -o FILE` "
            "writes one file, with which anybody can replay it, and which a broker can import; "
            "the vendor's engineers and reviewers can then replay it there."
        ),
        *item(
            f"When you leave the terminal, the recording goes on; after {length(choices.seconds)} "
            "it ends as soon as you are not there."
        ),
        *items(here, "into the record"),
        "",
        *wrapped("From any shell of yours:"),
        *named(here),
        "  jumpseat status       tells how it stands",
        "  jumpseat reattach     takes the seat again after you left it",
        "  jumpseat end          ends the session, and so does leaving the shell (exit)",
    ]
    return "\n".join(lines) + "\n"
