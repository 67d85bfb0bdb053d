"""The entries with which a run's log begins: who records what, and what was consented to."""

from __future__ import annotations

import hashlib
import os
import pwd
import socket
import time
from typing import Any, Dict

import broker
from broker.host.clock import boot_id
from broker.host.session_file import SessionFile
from broker.recording import session_log
from broker.recording.grant import Grant


def recorded_by(session: SessionFile) -> Dict[str, Any]:
    """Who records, and whether those whose shell it is can change what is recorded."""
    uid = os.geteuid()
    return {"user": pwd.getpwuid(uid).pw_name, "protected": uid == 0 and session.uid != 0}


def started(session: SessionFile, run: int, grant: Grant) -> Dict[str, Any]:
    """The fields of ``started``, as of now."""
    by = recorded_by(session)
    return {
        "format": session_log.FORMAT,
        "session": session.id,
        "run": run,
        "wall": time.time(),
        "boot": boot_id(),
        "version": broker.__version__,
        "host": socket.gethostname(),
        "recorder": {"uid": os.geteuid(), "user": by["user"]},
        "shell": {"uid": session.uid, "user": session.user, "program": session.shell},
        "protected": by["protected"],
        "grant": {
            "mode": grant.mode.value,
            "away": grant.away.value,
            "until": grant.until,
            "page": grant.page.value,
            "terminals": grant.terminals,
            "others": session.others,
            "case": session.case,
            "engineer": session.engineer,
        },
    }


def consented(session: SessionFile) -> Dict[str, Any]:
    """The fields of ``consented``."""
    digest = hashlib.sha256(session.terms.encode()).hexdigest()
    return {"text": session.terms, "text_sha256": digest, "answer": session.answer}
