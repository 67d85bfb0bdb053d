"""What the customer says of what happened: what counts as a note. Pure."""

from __future__ import annotations

MOST_CHARACTERS = 2000


def checked(text: str) -> str:
    """The note without blanks around it. Raises ValueError, with a sentence for who wrote it."""
    note = text.replace("\r\n", "\n").expandtabs().strip()
    if not note:
        raise ValueError("a note needs words")
    if len(note) > MOST_CHARACTERS:
        raise ValueError(
            f"a note has at most {MOST_CHARACTERS:,} characters, and this one {len(note):,}"
        )
    if not all(char.isprintable() or char == "\n" for char in note):
        raise ValueError("a note is made of printable characters and line breaks only")
    return note
