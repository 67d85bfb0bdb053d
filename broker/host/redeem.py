"""Asks the broker about an invitation, and redeems it; a process of its own, like the uplink.

So that nothing that talks to the network ever runs as root on the customer's host. One JSON
object on standard input says what to ask, one on standard output what came of it.
"""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from typing import Any, Dict

_TIMEOUT_SECONDS = 15.0
_MOST_BYTES = 64 * 1024


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A code is for the broker that was named, not for one that it points to."""

    def redirect_request(self, *_: Any) -> None:  # noqa: ANN401 - urllib's own signature
        return None


def ask(url: str, body: Dict[str, Any]) -> Dict[str, Any]:
    """POST ``body``; ``{"answer": …}``, or ``{"error": {"code", "message"}}``. Never raises."""
    request = urllib.request.Request(  # noqa: S310 - command.py lets http and https through only
        url,
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        opener = urllib.request.build_opener(_NoRedirects)
        with opener.open(request, timeout=_TIMEOUT_SECONDS) as response:
            return {"answer": json.loads(response.read(_MOST_BYTES))}
    except urllib.error.HTTPError as error:
        return _told(error)
    except urllib.error.URLError as error:
        return _failure("unreachable", _why(error.reason))
    except OSError as error:
        return _failure("unreachable", error.strerror or str(error) or "no answer")
    except ValueError:
        return _failure("no-broker", "it does not answer as a broker does")
    except Exception as error:  # noqa: BLE001 - http.client's own: whatever it was, no broker
        return _failure("no-broker", type(error).__name__)


def _why(reason: object) -> str:
    distrust = getattr(reason, "verify_message", None)  # of an ssl.SSLCertVerificationError
    if distrust:
        return f"its certificate is not trusted here ({distrust})"
    return str(getattr(reason, "strerror", None) or reason)


def _told(error: urllib.error.HTTPError) -> Dict[str, Any]:
    try:
        told = json.loads(error.read(_MOST_BYTES))["error"]
        return _failure(str(told["code"]), str(told["message"]))
    except (ValueError, KeyError, TypeError, OSError):
        return _failure("no-broker", f"it answers {error.code}, not as a broker does")


def _failure(code: str, message: str) -> Dict[str, Any]:
    return {"error": {"code": code, "message": message}}


def main() -> int:
    """Run as a process."""
    wanted = json.load(sys.stdin)
    json.dump(ask(wanted["url"], wanted["body"]), sys.stdout)
    return 0
