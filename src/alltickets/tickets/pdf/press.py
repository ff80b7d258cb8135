"""Prints off the event loop, a bounded number of pages at a time."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from alltickets.platform.coalescer import Overloaded
from alltickets.tickets.pdf.render import tickets_pdf
from alltickets.tickets.pdf.sheet import PrintedOrder

__all__ = ["Press"]


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
        if self._pages >= self._pages_max:
            raise Overloaded
        pages = len(order.tickets)
        self._pages += pages
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, tickets_pdf, order)
        finally:
            self._pages -= pages

    def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown(wait=False, cancel_futures=True)
