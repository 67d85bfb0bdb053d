"""Complete sessions are sealed: read again with a key, sealed to others, and killed amid it."""

from pathlib import Path

import pytest

from broker.evidence.encryption import read_keys
from broker.recording.verification import Verdict
from broker.server.at_rest import custody, sealing, standing
from broker.server.at_rest.opened import Opened
from broker.server.at_rest.standing import Standing
from broker.server.search import indexer
from tests.server.at_rest.complete import (
    RECORDING,
    SECRET,
    STREAMS,
    Key,
    ask,
    delivered,
    encrypting,
    is_forgotten,
    is_found,
    is_nowhere,
    is_sealed,
    judged,
    killed,
    opened,
    refusal,
    sealed,
    until,
    written,
)
from tests.server.casts import CAST, LOG
from tests.server.conftest import Serve


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(custody, "_ROUND_SECONDS", 0.05)
    monkeypatch.setattr(indexer, "_PAUSE_SECONDS", 0.02)


@pytest.fixture
def key(tmp_path: Path) -> Key:
    return Key(tmp_path / "key")


async def test_a_complete_session_is_sealed_and_no_plaintext_is_left(
    serve: Serve, data: Path, key: Key
) -> None:
    async with serve(encrypting(key)) as site:
        session = await delivered(site)
        folder = data / "recordings" / session
        told = await sealed(site, folder, key)
        assert {one["name"]: one["size"] for one in told["streams"]} == {
            name: len(text) for name, text in written(folder.name).items()
        }
        for path in (f"streams/{CAST}", f"streams/{CAST}?as=v3", "timeline", "commands"):
            status, code, said = await refusal(site, f"/api/sessions/{session}/{path}")
            assert (status, code) == (409, "sealed")
            assert key.to in said
        await is_forgotten(site, session, SECRET)
        assert judged(folder) == (Verdict.UNANCHORED, ["sealed", "sealed"])
        await until(lambda: is_nowhere(data, SECRET))

    # After a restart there is nothing else to tell, and with a key all is there.
    async with serve(encrypting(key)) as site:
        again = await site.summary(session)
        assert again["sealed"] == [key.to]
        assert again["presence"]["state"] == told["presence"]["state"]
    async with serve(encrypting(key, keys=(key,))) as site:
        assert (await site.summary(session))["recorder"] == told["recorder"]
        for name, text in written(folder.name).items():
            assert await site.stream(session, name) == text
        async with site.engineer.get(f"/api/sessions/{session}/timeline") as got:
            assert got.status == 200
        assert is_sealed(folder)
        async with site.viewing(session) as viewer:
            await viewer.watch(CAST, 0)
            await viewer.reaches(CAST, len(RECORDING))
            assert viewer.data[CAST] == RECORDING


POINTS = [
    "encrypt:1:before",
    "encrypt:1:after",
    "sync:1:after",
    "say:1:before",
    "say:1:after",
    "rename:1:after",
    "unlink:1:before",
    "encrypt:2:after",
    "say:2:after",
]


async def test_a_kill_at_any_step_leaves_the_plaintext_or_what_the_receipts_name(
    serve: Serve, data: Path, pages: Path, tmp_path: Path, key: Key
) -> None:
    async with serve() as site:
        session = await delivered(site)
    folder = data / "recordings" / session
    original = {path.name: path.read_bytes() for path in folder.iterdir()}
    config = tmp_path / "broker.toml"
    config.write_text(f'at_rest.recipients = ["{key.to}"]')
    for point in POINTS:
        await killed(data, pages, config, point)
        assert_all_there(folder, key)
        # And from here on to the end.
        async with serve(encrypting(key)) as site:
            await sealed(site, folder, key)
        assert_all_there(folder, key)
        assert judged(folder, key)[0] is Verdict.VERIFIED
        for path in folder.iterdir():
            path.unlink()
        for name, text in original.items():
            (folder / name).write_bytes(text)


def assert_all_there(folder: Path, key: Key) -> None:
    """Each stream is there in plain, or sealed as the receipts say."""
    seals = standing.read(folder).seals
    for name, text in written(folder.name).items():
        if (folder / name).exists():
            assert (folder / name).read_bytes() == text
        else:
            lies = sealing.lying(folder / name, seals[name])
            assert lies is not None
            assert opened(lies, key) == text


async def test_other_recipients(serve: Serve, data: Path, tmp_path: Path, key: Key) -> None:
    new = Key(tmp_path / "new")
    async with serve(encrypting(key)) as site:
        folder = data / "recordings" / await delivered(site)
        await sealed(site, folder, key)

    # Without the old key nothing can be done, and nothing is.
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    async with serve(encrypting(new)):
        status, due = await ask(data, "encrypt")
        assert (status, due["sessions"], due["recipients"]) == (200, [folder.name], [new.to])
        _, told = await ask(data, "encrypt", session=folder.name)
        assert told["streams"] == 0
        assert all(key.to in problem for problem in told["problems"])
        assert len(told["problems"]) == len(STREAMS)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before

    async with serve(encrypting(new, keys=(key,))) as site:
        _, told = await ask(data, "encrypt", session=folder.name)
        assert told == {"streams": 2, "problems": []}
        assert (await sealed(site, folder, new))["sealed"] == [new.to]
        assert (await ask(data, "encrypt"))[1]["sessions"] == []
    assert judged(folder, new)[0] is Verdict.VERIFIED
    assert judged(folder) == (Verdict.UNANCHORED, ["sealed", "sealed"])
    async with serve(encrypting(new, keys=(new,))) as site:
        assert await site.stream(folder.name, CAST) == RECORDING
    # Who changes the ciphertext is found out without a key.
    (folder / f"{CAST}.age").write_bytes(before[f"{CAST}.age"])
    assert judged(folder) == (Verdict.REJECTED, ["sealed-digest", "sealed"])


async def test_kills_while_it_is_sealed_to_others(
    serve: Serve, data: Path, pages: Path, tmp_path: Path, key: Key
) -> None:
    """The old ciphertext or the new one, and the receipts name which."""
    async with serve(encrypting(key)) as site:
        folder = data / "recordings" / await delivered(site)
        await sealed(site, folder, key)
    # What the command does, done at the start: the kill comes in the same steps.
    name, new = CAST, Key(tmp_path / "new")
    path, stands = folder / name, standing.read(folder)
    holder = Opened(read_keys([key.path]))
    sealing.write(path, standing.signed(folder)[name], [new.to], holder)
    assert sealing.lying(path, stands.seals[name]) == folder / f"{name}.age"
    sealing.tidy(folder, stands)  # nobody signed for it
    assert not (folder / f"{name}.age.part").exists()

    seal = sealing.write(path, standing.signed(folder)[name], [new.to], holder)
    stands = Standing(stands.complete, stands.completed, {**stands.seals, name: seal})
    assert sealing.lying(path, seal) == folder / f"{name}.age.part"
    sealing.tidy(folder, stands)  # it was signed
    assert opened(folder / f"{name}.age", new) == RECORDING
    assert sealing.lying(path, seal) == folder / f"{name}.age"


async def test_what_is_not_as_it_was_signed_is_not_sealed(
    serve: Serve, data: Path, key: Key
) -> None:
    async with serve() as site:
        folder = data / "recordings" / await delivered(site)
    changed = bytearray(RECORDING)
    changed[-20] ^= 1
    (folder / CAST).write_bytes(changed)
    async with serve(encrypting(key)):
        await until((folder / f"{LOG}.age").exists)
        _, told = await ask(data, "encrypt", session=folder.name)
        assert told["problems"] == [f"{CAST} is not what the broker signed for; it is left alone"]
    assert (folder / CAST).read_bytes() == changed
    assert not (folder / f"{CAST}.age.part").exists()


async def test_a_search_that_is_kept(serve: Serve, data: Path, key: Key) -> None:
    async with serve(encrypting(key, search=True)) as site:
        folder = data / "recordings" / await delivered(site)
        await sealed(site, folder, key)
        await is_found(site, folder.name, SECRET)
    async with serve(encrypting(key)) as site:  # it is no longer wanted
        await is_forgotten(site, folder.name, SECRET)
        await until(lambda: is_nowhere(data, SECRET))
