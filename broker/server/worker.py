"""Worker processes: what would hold up the loop, or may crash, is asked for line by line of JSON.

A worker ends when its standard input does, so that it never outlives the broker.
"""

import asyncio
import json
import sys
from typing import Any

_ANSWER_BYTES = 256 * 1024 * 1024


class Died(Exception):
    """The worker ended, was silent for too long, or made no sense; the next one asked is new."""


class Worker:
    """``python -m MODULE ARGUMENTS``, started when asked. Methods are for the loop's thread."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._command = (sys.executable, "-m", module, *arguments)
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None

    @property
    def runs(self) -> bool:
        """Whether the next question goes to a process that has been asked before."""
        return self._process is not None and self._process.returncode is None

    async def ask(self, seconds: float, **asked: object) -> dict[str, Any]:
        """Its answer, once those who asked before have theirs.

        Raises Died, also where there is none within ``seconds``. Safe to cancel.
        """
        async with self._turn:
            try:
                async with asyncio.timeout(seconds):
                    return await self._exchange(json.dumps(asked).encode() + b"\n")
            except TimeoutError:
                await self._end()
                raise Died(f"no answer within {seconds:g} s") from None
            except (OSError, ValueError) as error:
                await self._end()
                raise Died(type(error).__name__) from None
            except BaseException:
                # Its answer would be taken for the next one's: what is half asked is thrown away.
                await self._end()
                raise

    async def close(self) -> None:
        """End the process, once it is not being asked."""
        async with self._turn:
            await self._end()

    async def _exchange(self, line: bytes) -> dict[str, Any]:
        if not self.runs:
            self._process = await self._start()
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise Died("it has no pipes")
        process.stdin.write(line)
        await process.stdin.drain()
        answer = await process.stdout.readline()
        if not answer:
            raise Died(f"it ended with status {await process.wait()}")
        return json.loads(answer)  # type: ignore[no-any-return]

    async def _start(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # a panic's message quotes what was printed
            limit=_ANSWER_BYTES,
        )

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                process.kill()
            await process.wait()
