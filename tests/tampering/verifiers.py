"""The two verifiers, as cases are put to them: ours, and the browser's in Node."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from broker.recording.receipts import read
from broker.recording.verification import Bytes, Judgement, judge, offsets, session_named
from tests.tampering.honest import Case

WEB = Path(__file__).parent.parent.parent / "web"
_BUILT = WEB / "dist" / "verifier.mjs"


class Said(NamedTuple):
    """A verdict, and the first finding: where both verifiers have to agree."""

    verdict: str
    code: str
    stream: str
    offset: int
    line: int


def ours(case: Case) -> Judgement:
    """Judge a case as ``jumpseat verify`` would."""
    found = read(case.session, case.receipts)
    at = offsets(found)
    streams = {
        name: Bytes(
            len(data),
            {end: hashlib.sha256(data[:end]).hexdigest() for end in at.get(name, ())},
            session_named(data[: data.find(b"\n") + 1]) if name.endswith(".log") else None,
        )
        for name, data in case.streams.items()
    }
    return judge(found, streams, case.trusted)


def said(judgement: Judgement) -> Said:
    """What of it is compared."""
    first = judgement.findings[0] if judgement.findings else None
    if first is None:
        return Said(judgement.verdict.name, "", "", 0, 0)
    return Said(judgement.verdict.name, first.code.value, first.stream, first.offset, first.line)


class Browsers:
    """The browser's verifier in a Node process; cases go in and answers come out in order."""

    def __enter__(self) -> Browsers:
        subprocess.run(["npm", "--prefix", str(WEB), "run", "--silent", "verifier"], check=True)
        self._process = subprocess.Popen(
            ["node", str(_BUILT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def judge(self, cases: Iterable[Case]) -> list[Said]:
        """Judge some cases; as many as a pipe can hold answers of."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        told = []
        for case in cases:
            self._process.stdin.write(json.dumps(_as_json(case)).encode() + b"\n")
            self._process.stdin.flush()
            told.append(_said_there(json.loads(self._process.stdout.readline())))
        return told


def _as_json(case: Case) -> dict[str, Any]:
    return {
        "session": case.session,
        "receipts": base64.b64encode(case.receipts).decode(),
        "streams": {name: base64.b64encode(data).decode() for name, data in case.streams.items()},
        "trusted": sorted(case.trusted),
    }


def _said_there(told: dict[str, Any]) -> Said:
    first = told["findings"][0] if told["findings"] else None
    if first is None:
        return Said(told["verdict"], "", "", 0, 0)
    return Said(told["verdict"], first["code"], first["stream"], first["offset"], first["line"])
