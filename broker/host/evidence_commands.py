"""``jumpseat verify`` and ``jumpseat bundle`` on the customer's side, or wherever a bundle is."""

from __future__ import annotations

import argparse
import json
import re
import time
from pathlib import Path
from typing import Any, Dict, List, Set, Tuple

from broker.evidence import replay_page
from broker.evidence.encryption import (
    BadKey,
    Keys,
    NotInstalled,
    check_recipients,
    encrypting,
    read_keys,
)
from broker.evidence.folder import Folder
from broker.evidence.opening import opened
from broker.evidence.packing import Maker, keys_of, pack
from broker.evidence.placing import Occupied, placed
from broker.evidence.source import Source, Unreadable, entries
from broker.evidence.told import read_out
from broker.evidence.told_bundle import bundle_as_json, bundle_read_out
from broker.evidence.verifying import as_json, verify
from broker.host import away_text, command_text, known_brokers, paths, sessions
from broker.host.failures import Declined, Failed, NotFound
from broker.host.session_file import load
from broker.recording import away, commands
from broker.recording.receipts import lines
from broker.recording.statements import fingerprint, from_base64url

NOT_JUDGED, MISUSED = 3, 64
"""Exit statuses of ``verify`` when there is no verdict; 0, 1 and 2 are verdicts."""

_KEY = re.compile(r"SHA256:[A-Za-z0-9+/]{43}", re.ASCII)


class NotJudged(Failed):
    """There is no verdict; a sentence."""

    status = NOT_JUDGED


def key_of(text: str) -> str:
    """A broker's key as people are shown it. Raises ValueError with a sentence."""
    if not _KEY.fullmatch(text):
        raise ValueError("a key looks like SHA256: and 43 characters, as `jumpseat keys` lists it")
    return text


def verified(args: argparse.Namespace) -> Tuple[str, int]:
    """A verdict to print, and the exit status that it is. Raises NotJudged."""
    try:
        source, trusted = _wanted(args.what, read_keys(map(Path, args.identity)))
        trusted |= set(args.key)
        found = verify(source, trusted)
    except (BadKey, Unreadable, Failed) as error:
        raise NotJudged(str(error)) from None
    told = json.dumps(as_json(found)) if args.json else "\n".join(read_out(found, trusted))
    return told, found.judgement.verdict.value


def bundled(args: argparse.Namespace) -> str:
    """Write a session of this host to one file; what to print. Raises Failed."""
    folder = sessions.newest(args.session)
    path = Path(args.output)
    try:
        to = check_recipients(args.recipient)
        page = replay_page.template()
        source = Folder(folder, folder.name)
        trusted = known_brokers.fingerprints(paths.state_dir()) | _pinned(folder).keys()
        maker = Maker("host", time.time(), _keys(folder, source), trusted, _reports(source))
        with placed(path, folder.name) as file, encrypting(file, to) as plain:
            packed = pack(source, maker, page, plain)
    except Occupied as error:
        raise Declined(str(error)) from None
    except (Unreadable, replay_page.NotBuilt, NotInstalled, BadKey) as error:
        raise Failed(str(error)) from None
    except OSError as error:
        raise Failed(f"{error.filename or path}: {error.strerror}") from None
    told = bundle_as_json(str(path), path.stat().st_size, packed)
    return json.dumps(told) if args.json else "\n".join(bundle_read_out(told))


def _wanted(what: str, keys: Keys) -> Tuple[Source, Set[str]]:
    """The file, folder or session of that name, and the keys that are known here.

    Raises Failed and Unreadable.
    """
    state = paths.state_dir()
    known = set(known_brokers.fingerprints(state))
    if Path(what).exists():
        return opened(Path(what), keys), known
    try:
        folder = sessions.newest(what)
    except NotFound:
        raise NotFound(f"{what!a} is no file, and no session of this user here") from None
    return Folder(folder, folder.name), known | _pinned(folder).keys()


def _pinned(folder: Path) -> Dict[str, str]:
    """The key that was consented to with the session's terms, by its fingerprint."""
    try:
        key = load(folder).broker_key
        return {fingerprint(from_base64url(key)): key} if key else {}
    except (NotFound, ValueError):
        return {}


def _keys(folder: Path, source: Source) -> List[Dict[str, Any]]:
    found = keys_of(lines(source.receipts))
    named = {one["key"] for one in found}
    earlier = [
        {"key": key, "public": public, "since": 0, "signature": ""}
        for key, public in _pinned(folder).items()
        if key not in named
    ]
    return [*earlier, *found]


def _reports(source: Source) -> Dict[str, str]:
    """The reports as the host's commands print them."""
    told = away.tell(entries(source))
    began = told["began"] or 0.0
    absences = ["\n".join(away_text.told(one, began)) for one in told["absences"]]
    ran = command_text.table(commands.tell(entries(source)))
    return {
        "away": "\n\n".join(absences or ["No absence in this session."]) + "\n",
        "commands": "\n".join(ran) + "\n",
    }
