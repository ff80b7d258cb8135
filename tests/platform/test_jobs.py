"""Jobs: deferred with the transaction that calls for them, run after it, tried again when they fail, and not lost with their worker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row

from alltickets.platform.database import Database
from alltickets.platform.jobs import Jobs
from tests.waiting import until


class Mails:
    """A job that records its arguments, and fails as often as it is told."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.sent: list[tuple[str, int]] = []
        self.tries = 0

    async def send(self, to: str, number: int = 0) -> None:
        self.tries += 1
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append((to, number))


def jobs_with(url: str, mails: Mails, **options: int) -> Jobs:
    """An application with one job."""
    jobs = Jobs(url)
    jobs.register("mail.send", mails.send, **options)
    return jobs


@asynccontextmanager
async def working(jobs: Jobs, url: str) -> AsyncIterator[None]:
    """Work off jobs during the block, which begins when the worker does: jobs of dead ones are taken over by then."""
    before = listening(url)
    task = asyncio.create_task(jobs.work())
    await until(lambda: bool(listening(url) - before))
    try:
        yield
    finally:
        task.cancel()
        async with asyncio.timeout(10):
            await asyncio.wait([task])


def listening(url: str) -> set[int]:
    """The server processes of workers that hear of new jobs; the others look every five seconds."""
    with psycopg.connect(url) as connection:
        statement = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query ILIKE 'listen%procrastinate%'"
        return {pid for (pid,) in connection.execute(statement).fetchall()}


@pytest.fixture(autouse=True)
def no_jobs(event_log_url: str) -> None:
    """Each test begins without jobs of the one before."""
    run(event_log_url, "TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")


def run(url: str, sql: str, **params: object) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql, params)


def waiting(url: str) -> list[dict[str, Any]]:
    """The jobs there are."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        return connection.execute("SELECT * FROM procrastinate_jobs ORDER BY id").fetchall()


async def test_a_job_runs_once_its_transaction_has_committed(event_log: Database, event_log_url: str, ana: UUID) -> None:
    mails = Mails()
    jobs = jobs_with(event_log_url, mails)

    async with working(jobs, event_log_url):
        async with event_log.transaction(ana) as tx:
            await jobs.defer(tx, "mail.send", to="ana@example.com", number=7)
            seen_by_others = waiting(event_log_url)
        await until(lambda: bool(mails.sent))
        await until(lambda: waiting(event_log_url) == [])

    assert seen_by_others == []
    assert mails.sent == [("ana@example.com", 7)]


async def test_a_job_of_a_transaction_that_is_rolled_back_never_runs(event_log: Database, event_log_url: str, ana: UUID) -> None:
    mails = Mails()
    jobs = jobs_with(event_log_url, mails)

    async def change_my_mind() -> None:
        async with event_log.transaction(ana) as tx:
            await jobs.defer(tx, "mail.send", to="never@example.com")
            raise LookupError

    async with working(jobs, event_log_url):
        with pytest.raises(LookupError):
            await change_my_mind()
        async with event_log.transaction(ana) as tx:
            await jobs.defer(tx, "mail.send", to="ana@example.com")
        await until(lambda: bool(mails.sent))

    assert mails.sent == [("ana@example.com", 0)]
    assert waiting(event_log_url) == []


async def test_a_job_can_be_deferred_to_a_later_time(event_log: Database, event_log_url: str, ana: UUID) -> None:
    mails = Mails()
    jobs = jobs_with(event_log_url, mails)
    later = datetime.now(UTC) + timedelta(hours=1)

    async with working(jobs, event_log_url):
        async with event_log.transaction(ana) as tx:
            await jobs.defer(tx, "mail.send", to="later@example.com", run_at=later)
            await jobs.defer(tx, "mail.send", to="now@example.com")
        await until(lambda: bool(mails.sent))

    assert mails.sent == [("now@example.com", 0)]
    [job] = waiting(event_log_url)
    assert job["scheduled_at"] == later


async def test_deferring_leaves_the_transaction_as_it_was(event_log: Database, event_log_url: str, ana: UUID) -> None:
    jobs = jobs_with(event_log_url, Mails())

    async with event_log.transaction(ana) as tx:
        await jobs.defer(tx, "mail.send", to="ana@example.com")
        rows = await tx.fetch_tuples("SELECT organizer_id FROM platform.organizers WHERE organizer_id = %(organizer_id)s")
        await jobs.defer(tx, "mail.send", to="beto@example.com")

    assert rows == [(ana,)]
    assert [job["args"]["to"] for job in waiting(event_log_url)] == ["ana@example.com", "beto@example.com"]
    assert {job["queue_name"] for job in waiting(event_log_url)} == {"mail"}


async def test_a_job_that_nobody_registered_cannot_be_deferred(event_log: Database, event_log_url: str, ana: UUID) -> None:
    jobs = jobs_with(event_log_url, Mails())

    async with event_log.transaction(ana) as tx:
        with pytest.raises(AssertionError, match=r"no job is called mail\.sned"):
            await jobs.defer(tx, "mail.sned", to="ana@example.com")


async def test_a_job_that_fails_is_tried_again_after_a_while(event_log: Database, event_log_url: str, ana: UUID) -> None:
    mails = Mails(ConnectionError("mail server gone"))
    jobs = jobs_with(event_log_url, mails)

    async with working(jobs, event_log_url):
        async with event_log.transaction(ana) as tx:
            await jobs.defer(tx, "mail.send", to="ana@example.com")
        await until(lambda: [job["status"] for job in waiting(event_log_url)] == ["todo"] and mails.tries == 1)
        [job] = waiting(event_log_url)
        wait = job["scheduled_at"] - datetime.now(UTC)
    run(event_log_url, "UPDATE procrastinate_jobs SET scheduled_at = now()")
    async with working(jobs, event_log_url):
        await until(lambda: bool(mails.sent))
        await until(lambda: waiting(event_log_url) == [])

    assert timedelta(seconds=2) < wait <= timedelta(seconds=4)
    assert mails.tries == 2


async def test_a_job_that_keeps_failing_stays_as_failed_for_people_to_see(event_log: Database, event_log_url: str, ana: UUID) -> None:
    mails = Mails(ConnectionError("1"), ConnectionError("2"), ConnectionError("3"))
    jobs = jobs_with(event_log_url, mails, tries_max=2)
    async with event_log.transaction(ana) as tx:
        await jobs.defer(tx, "mail.send", to="ana@example.com")

    for tries in (1, 2):
        run(event_log_url, "UPDATE procrastinate_jobs SET scheduled_at = now()")
        async with working(jobs, event_log_url):
            await until(lambda tries=tries: mails.tries == tries and _is_settled(event_log_url))  # type: ignore[misc]

    assert [job["status"] for job in waiting(event_log_url)] == ["failed"]
    assert mails.tries == 2


def _is_settled(url: str) -> bool:
    return all(job["status"] != "doing" for job in waiting(url))


async def test_a_job_whose_worker_died_is_taken_over(event_log: Database, event_log_url: str, ana: UUID) -> None:
    mails = Mails()
    jobs = jobs_with(event_log_url, mails)
    async with event_log.transaction(ana) as tx:
        await jobs.defer(tx, "mail.send", to="ana@example.com")
    run(
        event_log_url,
        """
        WITH dead AS (INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id)
        UPDATE procrastinate_jobs SET status = 'doing', worker_id = dead.id FROM dead
        """,
    )

    async with working(jobs, event_log_url):
        await until(lambda: bool(mails.sent))

    assert mails.sent == [("ana@example.com", 0)]


async def test_a_job_whose_worker_is_alive_is_left_to_it(event_log: Database, event_log_url: str, ana: UUID) -> None:
    mails, go_on, started = Mails(), asyncio.Event(), asyncio.Event()
    slow = Jobs(event_log_url)

    async def send_slowly(to: str) -> None:
        started.set()
        await go_on.wait()

    slow.register("mail.send", send_slowly)
    async with working(slow, event_log_url):
        async with event_log.transaction(ana) as tx:
            await slow.defer(tx, "mail.send", to="ana@example.com")
        await started.wait()
        async with working(jobs_with(event_log_url, mails), event_log_url):
            [job] = waiting(event_log_url)
            go_on.set()

    assert (job["status"], job["attempts"]) == ("doing", 0)
    assert mails.sent == []


async def test_several_jobs_are_deferred_together(event_log: Database, event_log_url: str, ana: UUID) -> None:
    jobs = jobs_with(event_log_url, Mails())
    later = datetime.now(UTC) + timedelta(hours=1)

    async with event_log.transaction(ana) as tx:
        await jobs.defer_each(tx, "mail.send", [{"to": "ana@example.com"}, {"to": "beto@example.com", "number": 7}], run_at=later)
        await jobs.defer_each(tx, "mail.send", [])

    assert [job["args"] for job in waiting(event_log_url)] == [{"to": "ana@example.com"}, {"to": "beto@example.com", "number": 7}]
    assert {job["scheduled_at"] for job in waiting(event_log_url)} == {later}
