"""``jumpseat webhooks``, as processes, against a receiver that is a real server."""

import asyncio
import json
import sqlite3
from pathlib import Path

import pytest

from broker.server.stores.metadata import FILE_NAME, Metadata
from tests.cli.test_commands import run, told
from tests.server.receiver import Receiver


def configured(tmp_path: Path, *receivers: Receiver) -> str:
    path = tmp_path / "broker.toml"
    path.write_text("".join(one.table(f"chat {n}") for n, one in enumerate(receivers, 1)))
    return str(path)


async def test_each_webhook_is_tried_once(tmp_path: Path) -> None:
    async with Receiver().serving() as one, Receiver().serving() as other:
        file = configured(tmp_path, one)
        status, out, err = await asyncio.to_thread(run, "webhooks", "test", "--config", file)
        assert (status, out, err) == (0, "chat 1: delivered\n", "")
        (got,) = one.received
        assert got.is_signed()
        assert (got.told["type"], got.told["text"]) == ("test", "a test of Jumpseat's news")
        other.then = 403
        file = configured(tmp_path, one, other)
        status, out, err = await asyncio.to_thread(
            run, "webhooks", "test", "--config", file, "--json"
        )
        assert (status, err) == (4, "jumpseat: not delivered: chat 2\n")
        assert json.loads(out)[1] == {"webhook": "chat 2", "status": 403, "error": "answered 403"}
        assert len(other.received) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "has no [[webhook]]"), ("[[webhook]]\nurl = 7", "webhook 1: Expected `str`")],
)
def test_what_can_not_be_tried(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "broker.toml").write_text(text)
    status, out, err = run("webhooks", "test", "--config", str(tmp_path / "broker.toml"))
    assert (status, out) == (2, "")
    assert said in err


async def test_deliveries_are_listed(tmp_path: Path) -> None:
    metadata = Metadata(tmp_path)
    await metadata.migrate()
    await metadata.close()
    assert run("webhooks", "deliveries", "--data", str(tmp_path))[1] == "nothing was sent yet\n"
    rows = [
        ("m1", "chat", "left", "s1", "the body", 1.0, 7, 500, "answered 500; given up", None, 9.0),
        ("m2", "chat", "drift", "s1", "the body", 2.0, 1, 503, "answered 503", 9.0, None),
        ("m3", "chat", "ending", "s1", "the body", 3.0, 1, 204, "", None, 3.5),
    ]
    with sqlite3.connect(tmp_path / FILE_NAME) as database:  # it does not ask for the session
        database.executemany("INSERT INTO deliveries VALUES (?,?,?,?,?,?,?,?,?,?,?)", rows)
    database.close()
    found = told("webhooks", "deliveries", "--data", str(tmp_path))
    assert [one["id"] for one in found] == ["m3", "m2", "m1"]
    assert "body" not in found[0]
    _, out, _ = run("webhooks", "deliveries", "--data", str(tmp_path))
    head, third, second, first = out.splitlines()
    assert head.split() == ["CREATED", "WEBHOOK", "KIND", "SESSION", "ATTEMPTS", "OUTCOME"]
    assert third.endswith("delivered")
    assert "answered 503, next at 19" in second
    assert first.endswith("answered 500; given up")
