import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from broker.server import access
from tests.server.peers import Site

GRANT = {"mode": "control", "seconds": 600, "away": "pause"}
HOST = {"name": "nas", "user": "carol"}
NONCE = "0123456789abcdef"


async def post(site: Site, path: str, body: object) -> tuple[int, Any]:
    async with site.host.post(path, json=body) as got:
        told = await got.json()
        return got.status, told["error"]["code"] if got.status >= 400 else told


async def look(site: Site, code: str) -> tuple[int, Any]:
    return await post(site, "/api/invitations/look", {"code": code, "nonce": NONCE})


async def redeem(site: Site, code: str, **grant: object) -> tuple[int, Any]:
    body = {"code": code, "grant": {**GRANT, **grant}, "host": HOST, "page": ""}
    return await post(site, "/api/invitations/redeem", body)


async def test_an_invitation_from_its_making_to_its_use(site: Site) -> None:
    code = await site.invite()
    assert access._CODE.fullmatch(code.replace("-", ""))
    status, told = await look(site, code)
    assert (status, told["case"], told["engineer"]) == (200, "pool import hangs", "alice")
    assert told["max_seconds"] == 8 * 3600
    for written in (code.lower(), code.replace("-", ""), code.replace("-", " ")):
        assert (await look(site, written))[0] == 200

    status, told = await redeem(site, code)
    assert status == 201
    assert abs(told["until"] - time.time() - 600) < 30
    assert await look(site, code) == (403, "used-code")
    assert await redeem(site, code) == (403, "used-code")
    async with site.engineer.get("/api/invitations") as got:
        assert await got.json() == []


async def test_of_two_who_redeem_at_once_one_gets_it(site: Site) -> None:
    code = await site.invite()
    async with asyncio.TaskGroup() as group:
        tries = [group.create_task(redeem(site, code)) for _ in range(6)]
    assert sorted(one.result()[0] for one in tries) == [201, 403, 403, 403, 403, 403]


async def test_codes_that_are_none_or_too_old(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await look(site, "AAAA-BBBB-CCCC-DDDD") == (404, "unknown-code")
    assert await look(site, "nonsense' or 1=1") == (404, "unknown-code")
    code = await site.invite(minutes=1)
    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)
    assert await look(site, code) == (403, "expired-code")
    assert await redeem(site, code) == (403, "expired-code")


async def test_guessing_is_slowed(site: Site) -> None:
    code = await site.invite()
    for _ in range(access._TRIES):
        assert (await look(site, "AAAA-BBBB-CCCC-DDDD"))[0] == 404
    body = {"code": code, "nonce": NONCE}
    async with site.host.post("/api/invitations/look", json=body) as got:
        assert got.status == 429
        assert 0 < int(got.headers["Retry-After"]) <= 61
        assert (await got.json())["error"]["code"] == "too-many-tries"


@pytest.mark.parametrize(
    "grant",
    [
        {"mode": "root"},
        {"mode": "WATCH"},
        {"away": "never"},
        {"seconds": 0},
        {"seconds": -5},
        {"seconds": 8 * 3600 + 1},
        {"seconds": 1e300},
    ],
)
async def test_grants_that_no_broker_accepts(site: Site, grant: dict[str, object]) -> None:
    code = await site.invite()
    assert await redeem(site, code, **grant) == (400, "bad-grant")
    assert (await look(site, code))[0] == 200, "nothing was used up"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"code": 3}', b"\xff\xff", b'{"code": "x"' + b" " * 70_000 + b"}"]
)
async def test_bodies_that_make_no_sense(site: Site, body: bytes) -> None:
    async with site.host.post("/api/invitations/look", data=body) as got:
        assert got.status in (400, 413)
        assert (await got.json())["error"]["code"] in ("bad-request", "too-large")


async def test_names_of_hosts_are_printable(site: Site) -> None:
    code = await site.invite()
    for name in ("", "a\x1b[2Jb", "x" * 300):
        host = {"name": name, "user": "carol"}
        body = {"code": code, "grant": GRANT, "host": host, "page": ""}
        assert await post(site, "/api/invitations/redeem", body) == (400, "bad-request")


async def test_a_sign_in_link_works_once(site: Site) -> None:
    for token in ("", "x", "A" * 43):
        async with site.engineer.post("/api/sign-in", json={"token": token}) as got:
            assert got.status == 403
            assert (await got.json())["error"]["code"] == "bad-link"


async def test_a_sign_in_ends_by_itself(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def status() -> int:
        async with site.engineer.get("/api/me") as got:
            return got.status

    now = time.time()
    for after, expected in ((3600, 200), (3 * 3600, 200), (8 * 3600, 401), (13 * 3600, 401)):
        monkeypatch.setattr(time, "time", lambda after=after: now + after)
        assert await status() == expected, after


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_no_secret_is_kept_or_logged(
    site: Site, data: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    granted = await site.grant()
    code = await site.invite()
    cookie = next(iter(site.engineer.cookie_jar)).value
    await look(site, code)
    async with site.connected(granted):
        pass
    kept = everything_in(data)
    out, err = capfd.readouterr()
    for secret in (granted["token"], code, code.replace("-", ""), cookie):
        assert secret.encode() not in kept
        assert secret not in out + err
