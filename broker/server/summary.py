"""A session in one JSON object: what pages, the API and commands tell of it."""

import contextlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from broker.recording.grant import Standing
from broker.recording.presence import Shown, granted
from broker.server.at_rest import standing
from broker.server.at_rest.opened import Sealed
from broker.server.facts import Facts, read_again
from broker.server.stores.metadata import Session
from broker.server.stores.recordings import Recordings
from broker.server.wants import fit_to_print
from broker.wire.names import parse_stream

_CAUSE_CHARACTERS = 64


def summary(
    session: Session, facts: Facts, shown: Shown, streams: Iterable[tuple[str, int]]
) -> dict[str, Any]:
    """What is known but for who watches; ``streams``: names and held bytes, in order."""
    grant = facts.grant
    return {
        "id": session.id,
        "case": {"id": session.case.id, "title": session.case.title},
        "engineer": session.engineer,
        "host": {"name": session.host_name, "user": session.host_user},
        "mode": session.mode if grant is None else grant.mode.value,
        "standing": (Standing.LIVE if grant is None else grant.standing).value,
        "away": session.away if grant is None else grant.away.value,
        "until": session.until if facts.until is None else facts.until,
        "created": session.created,
        "imported": session.imported,
        "ended": facts.ended if facts.ended is not None else session.completed,
        "recorder": facts.recorder,
        "shell": facts.shell,
        "protected": facts.protected,
        "presence": told_presence(shown),
        "streams": [{"name": name, "size": size} for name, size in streams],
    }


def told_presence(shown: Shown) -> dict[str, Any]:
    """Presence, as people and pages are told of it."""
    told: dict[str, Any] = {"state": shown.state, "since": shown.since, "detail": shown.detail}
    last = shown.last
    if last is None:
        return {**told, "last": {}}
    cause = fit_to_print(last.cause, _CAUSE_CHARACTERS)
    return {**told, "last": {"cause": cause, "since": last.since, "until": last.until}}


def read_summary(session: Session, shown: Shown, recordings: Recordings) -> dict[str, Any]:
    """The same from what is stored, beside a broker or without one. Blocking; raises OSError."""
    streams = sorted(recordings.sizes(session.id).items(), key=lambda item: parse_stream(item[0]))
    logs = [
        (parse_stream(name).run, recordings.pieces(session.id, name, size))
        for name, size in streams
        if parse_stream(name).is_log
    ]
    stands = standing.read(recordings.folder(session.id))
    facts = Facts(granted(session.created))
    with contextlib.suppress(Sealed):
        facts = read_again(facts, logs)
    told = summary(session, facts, replace(shown, last=facts.presence.last), streams)
    return {**told, **stands.told()}
