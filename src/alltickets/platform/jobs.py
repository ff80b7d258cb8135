"""One-off work outside of transactions (a mail, a gateway poll): procrastinate jobs, deferred in the transaction that calls for them."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

import procrastinate
from procrastinate.types import JSONValue

from alltickets.platform.database import Transaction

__all__ = ["Arguments", "Jobs"]

# A worker says every 10 s that it is alive and counts as dead after 30 s of silence.
TAKE_OVER_SECONDS = 30
Arguments = dict[str, JSONValue]
JobFunction = Callable[..., Awaitable[None]]


class Jobs:
    """The jobs of the application, by name. A job is two lines: read its arguments, call a use case that may be called twice."""

    def __init__(self, url: str) -> None:
        """`url` must reach PostgreSQL directly: workers listen for new jobs."""
        self._app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(conninfo=url, min_size=1, max_size=4, kwargs={"application_name": "alltickets jobs"})
        )
        self._tasks: dict[str, procrastinate.tasks.Task[..., Any, Any]] = {}

    def register(self, name: str, function: JobFunction, *, tries_max: int = 10) -> None:
        """Make `function` callable as a job; a failing one is tried again after 4 s, 16 s, 64 s, …, and `tries_max` times in all."""
        retry = procrastinate.RetryStrategy(max_attempts=tries_max - 1, exponential_wait=4)
        self._tasks[name] = self._app.task(name=name, queue=name.partition(".")[0], retry=retry)(function)

    async def defer(self, tx: Transaction, name: str, *, run_at: datetime | None = None, **arguments: JSONValue) -> None:
        """Have a job run once `tx` has committed, and not before `run_at`."""
        assert name in self._tasks, f"no job is called {name}"
        await self._tasks[name].configure(schedule_at=run_at, connection=tx.connection).defer_async(**arguments)

    async def defer_each(self, tx: Transaction, name: str, each: Sequence[Arguments], *, run_at: datetime | None = None) -> None:
        """The same for several sets of arguments, in one statement."""
        assert name in self._tasks, f"no job is called {name}"
        if each:
            await self._tasks[name].configure(schedule_at=run_at, connection=tx.connection).batch_defer_async(*each)

    async def work(self, *, concurrency: int = 8) -> None:
        """Run jobs until cancelled."""
        async with self._app.open_async():
            await self._take_over()
            taking_over = asyncio.create_task(self._keep_taking_over())
            try:
                await self._app.run_worker_async(
                    concurrency=concurrency, install_signal_handlers=False, listen_notify=True, delete_jobs="successful"
                )
            finally:
                taking_over.cancel()

    async def _keep_taking_over(self) -> None:
        while True:
            await asyncio.sleep(TAKE_OVER_SECONDS)
            await self._take_over()

    async def _take_over(self) -> None:
        """Put jobs back whose worker died: a killed process leaves them as being done, and procrastinate never looks at them again."""
        # Trouble here is trouble for the worker too, which tells of it; two that put the same job back are no trouble.
        with contextlib.suppress(procrastinate.exceptions.ConnectorException):
            for job in await self._app.job_manager.get_stalled_jobs():
                await self._app.job_manager.retry_job(job)
