"""Prints off the event loop, a bounded number of pages at a time."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from alltickets.platform.coalescer import Overloaded
from alltickets.tickets.pdf.render import sheet_pdf, tickets_pdf
from alltickets.tickets.pdf.sheet import PrintedOrder

__all__ = ["Press"]

SHEET_PAGES = 3


class Press:
    """A thread that renders, and those who wait for it.

    A thread and not a process: the typesetter is native and works without the interpreter's lock, so the loop goes on meanwhile, and
    nothing has to be sent to and fro. One, since the typesetter itself sets pages on all cores. pages_max: pages that are waited for
    before `Overloaded` is raised, some two seconds of a core, so that whoever asks again and again keeps others waiting no longer.
    """

    def __init__(self, *, pages_max: int = 200) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="press")
        self._pages_max = pages_max
        self._pages = 0

    async def print(self, order: PrintedOrder) -> bytes:
        """`tickets_pdf`, while the loop goes on. Raises `Overloaded`."""
        return await self._run(len(order.tickets), tickets_pdf, order)

    async def typeset(self, template: Path, said: Mapping[str, object]) -> bytes:
        """`sheet_pdf`, likewise; it counts as a few pages. Raises `Overloaded`."""
        return await self._run(SHEET_PAGES, sheet_pdf, template, said)

    async def _run(self, pages: int, make: Callable[..., bytes], *facts: object) -> bytes:
        if self._pages >= self._pages_max:
            raise Overloaded
        self._pages += pages
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, make, *facts)
        finally:
            self._pages -= pages

    def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown(wait=False, cancel_futures=True)
