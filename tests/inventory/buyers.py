"""Buying processes, started and stopped by tests."""

import asyncio
import contextlib
import json
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator

import msgspec

from tests.inventory.traffic import Orders


class Buyer:
    """A running process of `traffic.py`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    def begin(self) -> None:
        """Let it do its task."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")

    async def heard(self, word: str) -> None:
        """Return when it says this word; anything else is passed over."""
        while await self._line() != word:
            pass

    async def outcomes(self) -> Counter[str]:
        """What came of its task, once it is through."""
        line = await self._line()
        while not isinstance(line, dict):
            line = await self._line()
        assert await self._process.wait() == 0
        return Counter(line)

    async def kill(self) -> None:
        """End it as `kill -9` does, wherever it is."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def _line(self) -> object:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        assert line, "the process ended before it said so"
        return json.loads(line)


@contextlib.asynccontextmanager
async def buyers(*orders: Orders) -> AsyncIterator[list[Buyer]]:
    """Processes with these orders, all ready to begin; none outlives the block."""
    started = [
        Buyer(
            await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "tests.inventory.traffic", msgspec.json.encode(each).decode()),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )
        )
        for each in orders
    ]
    try:
        for buyer in started:
            await buyer.heard("ready")
        yield started
    finally:
        for buyer in started:
            await buyer.kill()
