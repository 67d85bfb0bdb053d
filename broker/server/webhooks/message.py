"""What a webhook is sent: the body, the same at each attempt, and the signature over it. Pure.

As the Standard Webhooks specification has it; for Slack's incoming webhooks, what these take.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import asdict
from datetime import UTC, datetime

from broker.server.news import News

_SLACK_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def body_of(news: News, form: str) -> str:
    """The body in one of the formats of ``settings``."""
    if form == "slack":
        told: dict[str, object] = {"text": news.text.translate(_SLACK_MARKUP)}
    else:
        told = {
            "type": news.kind,
            "timestamp": datetime.fromtimestamp(news.at, UTC).isoformat(timespec="seconds"),
            "data": asdict(news),
            "text": news.text,
        }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def headers(message_id: str, body: bytes, secret: bytes | None, now: float) -> dict[str, str]:
    """What goes with a body that is sent at Unix time ``now``; unsigned without a secret."""
    timestamp = str(int(now))
    told = {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
    }
    if secret is not None:
        signed = f"{message_id}.{timestamp}.".encode() + body
        digest = hmac.new(secret, signed, hashlib.sha256).digest()
        told["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return told
