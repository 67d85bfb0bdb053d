"""Which sessions are due to be deleted. Pure."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from broker.server.at_rest.settings import Retention

BY = "retention"
_DAY_SECONDS = 86_400


class Subject(NamedTuple):
    """A session that is there, as far as this goes. ``completed``: Unix time."""

    session: str
    case: str
    completed: float | None
    kept: bool


def due(subjects: Iterable[Subject], retention: Retention, now: float) -> Iterator[tuple[str, str]]:
    """The sessions that have lain long enough, and why, in words.

    The days are counted from when a session was complete: one that never was is not due, and one
    that somebody has said to keep neither.
    """
    for one in subjects:
        days = retention.of(one.case)
        if one.completed is None or one.kept or not days:
            continue
        if now >= one.completed + days * _DAY_SECONDS:
            yield one.session, "1 day has passed" if days == 1 else f"{days} days have passed"
