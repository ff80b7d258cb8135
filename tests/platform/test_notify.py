"""Announcements: hints that cost nobody anything, least of all when they are lost."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import psycopg_pool
import pytest_asyncio
from structlog.testing import capture_logs

from alltickets.platform.notify import CHANNEL, Listener, Notifier
from tests.platform.conftest import OwnDatabase
from tests.waiting import until

LISTENER = "alltickets listener"


@pytest_asyncio.fixture
async def pool(own: OwnDatabase) -> AsyncIterator["psycopg_pool.AsyncConnectionPool[psycopg.AsyncConnection]"]:
    """Two connections."""
    pool = psycopg_pool.AsyncConnectionPool(
        own.url, min_size=1, max_size=2, open=False, timeout=1, kwargs={"autocommit": True, "application_name": "alltickets"}
    )
    await pool.open()
    yield pool
    await pool.close()


@asynccontextmanager
async def listening(own: OwnDatabase, *topics: str) -> AsyncIterator[dict[str, list[str | None]]]:
    """What a listener hears under each of these topics, beginning with None for what it missed before it came."""
    listener = Listener(own.url)
    heard: dict[str, list[str | None]] = {topic: [] for topic in topics}
    for topic in topics:
        listener.on(topic, heard[topic].append)
    listener.start()
    await until(lambda: all(keys == [None] for keys in heard.values()))
    yield heard
    await listener.stop()


def announce(own: OwnDatabase, *payloads: str) -> None:
    """Announce past our own code, as another process would."""
    with psycopg.connect(own.url, autocommit=True) as connection:
        for payload in payloads:
            connection.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])


async def test_what_is_said_is_heard_under_its_topic(own: OwnDatabase, pool: "psycopg_pool.AsyncConnectionPool") -> None:
    async with listening(own, "events", "catalog") as heard:
        Notifier(pool).say(["events:1", "catalog:a:b", "nobody:listens"])

        await until(lambda: heard == {"events": [None, "1"], "catalog": [None, "a:b"]})


async def test_what_is_said_often_in_a_moment_is_sent_once(own: OwnDatabase, pool: "psycopg_pool.AsyncConnectionPool") -> None:
    async with listening(own, "events") as heard:
        notifier = Notifier(pool)
        for _ in range(50):
            notifier.say(["events:1"])
        notifier.say(["events:2"])
        await notifier.close()

        await until(lambda: len(heard["events"]) == 3)

    assert sorted(key for key in heard["events"] if key) == ["1", "2"]


async def test_what_is_said_while_something_is_sent_is_sent_next(own: OwnDatabase, pool: "psycopg_pool.AsyncConnectionPool") -> None:
    async with listening(own, "events") as heard:
        notifier = Notifier(pool)
        for number in range(200):
            notifier.say([f"events:{number}"])
            await until(lambda last=str(number): last in heard["events"])  # type: ignore[misc]

    assert heard["events"] == [None, *(str(number) for number in range(200))]


async def test_hints_that_cannot_be_sent_are_lost_and_the_next_ones_are_not(
    own: OwnDatabase, pool: "psycopg_pool.AsyncConnectionPool"
) -> None:
    notifier = Notifier(pool)
    async with listening(own, "events") as heard:
        own.cut_connections()
        with capture_logs() as logs:
            notifier.say(["events:lost"])
            await notifier.close()
        notifier.say(["events:sent"])

        await until(lambda: heard["events"] == [None, "sent"])

    assert [log["event"] for log in logs] == ["announcements lost"]


async def test_a_listener_that_was_cut_off_hears_again_and_is_told_that_it_may_have_missed_something(own: OwnDatabase) -> None:
    async with listening(own, "events", "catalog") as heard:
        own.cut_connections(LISTENER)
        await until(lambda: heard == {"events": [None, None], "catalog": [None, None]})
        announce(own, "events:1")

        await until(lambda: heard["events"] == [None, None, "1"])


async def test_a_listener_may_start_while_its_database_is_away(own: OwnDatabase) -> None:
    listener = Listener(own.url)
    heard: list[str | None] = []
    listener.on("events", heard.append)
    own.go_away()

    with capture_logs() as logs:
        listener.start()
        await until(lambda: bool(logs))
    own.come_back()

    await until(lambda: heard == [None])
    await listener.stop()


def refuse_words(key: str | None) -> None:
    int(key or "0")


async def test_a_callback_that_fails_disturbs_neither_the_others_nor_what_comes_after(own: OwnDatabase) -> None:
    listener = Listener(own.url)
    heard: list[str | None] = []
    listener.on("events", refuse_words)
    listener.on("events", heard.append)
    listener.start()
    await until(lambda: heard == [None])

    with capture_logs() as logs:
        announce(own, "events:not a number", "events", "events:3")
        await until(lambda: len(heard) == 4)

    assert heard == [None, "not a number", "", "3"]
    assert [log["topic"] for log in logs] == ["events"]
    await listener.stop()


async def test_a_listener_that_is_stopped_lets_go_of_its_connection(own: OwnDatabase) -> None:
    async with listening(own, "events"):
        while_listening = own.connections(LISTENER)

    await until(lambda: own.connections(LISTENER) == 0)
    assert while_listening == 1


async def test_a_listener_that_never_started_can_be_stopped(own: OwnDatabase) -> None:
    await Listener(own.url).stop()
