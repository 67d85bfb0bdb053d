"""A real worker process that answers, dies, hangs and makes no sense, as it is asked."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator

import pytest

from broker.server.worker import Died, Worker


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    worker = Worker("tests.server.test_worker", "an argument")
    yield worker
    await worker.close()
    assert not worker.runs


async def test_it_is_started_once_and_asked_in_turn(worker: Worker) -> None:
    assert not worker.runs
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(worker.ask(20, what="echo", number=n)) for n in range(5)]
    told = [one.result() for one in asked]
    assert [one["number"] for one in told] == [0, 1, 2, 3, 4]
    assert len({one["pid"] for one in told}) == 1
    assert told[0]["argument"] == "an argument"
    assert worker.runs


@pytest.mark.parametrize(
    ("what", "seconds", "why"),
    [
        ("die", 20, "it ended with status 7"),
        ("hang", 0.3, "no answer within 0.3 s"),
        ("babble", 20, "JSONDecodeError"),
    ],
)
async def test_one_that_fails_is_replaced(
    worker: Worker, what: str, seconds: float, why: str
) -> None:
    before = await worker.ask(20, what="echo")
    with pytest.raises(Died, match=why):
        await worker.ask(seconds, what=what)
    assert not worker.runs
    assert (await worker.ask(20, what="echo"))["pid"] != before["pid"]


async def test_a_question_that_is_given_up_leaves_no_answer_for_the_next(worker: Worker) -> None:
    await worker.ask(20, what="echo")
    async with asyncio.TaskGroup() as group:
        given_up = group.create_task(worker.ask(20, what="hang"))
        await asyncio.sleep(0)
        given_up.cancel()
    assert (await worker.ask(20, what="echo", number=2))["number"] == 2


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """The worker."""
    for line in sys.stdin:
        asked = json.loads(line)
        if asked["what"] == "die":
            sys.exit(7)
        if asked["what"] == "hang":
            time.sleep(60)  # until it is killed
        if asked["what"] == "babble":
            tell("nothing that makes sense")
            continue
        tell(json.dumps({**asked, "pid": os.getpid(), "argument": sys.argv[1]}))


if __name__ == "__main__":
    main()
