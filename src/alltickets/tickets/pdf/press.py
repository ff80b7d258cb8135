"""Prints off the event loop, a bounded number of documents at a time."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from alltickets.platform.coalescer import Overloaded
from alltickets.tickets.pdf.render import tickets_pdf
from alltickets.tickets.pdf.sheet import PrintedOrder

__all__ = ["Press"]


class Press:
    """A thread that renders, and those who wait for it.

    A thread and not a process: the typesetter is native and works without the interpreter's lock, so the loop goes on meanwhile, and
    nothing has to be sent to and fro. One, since the typesetter itself sets pages on all cores. waiting_max: documents waiting before
    `Overloaded` is raised, so that whoever asks for tickets again and again takes neither memory nor a sale's cores.
    """

    def __init__(self, *, waiting_max: int = 64) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="press")
        self._accepted_max = 1 + waiting_max
        self._accepted = 0

    async def print(self, order: PrintedOrder) -> bytes:
        """`tickets_pdf`, while the loop goes on. Raises `Overloaded`."""
        if self._accepted >= self._accepted_max:
            raise Overloaded
        self._accepted += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, tickets_pdf, order)
        finally:
            self._accepted -= 1

    def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown(wait=False, cancel_futures=True)
