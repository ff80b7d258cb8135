"""Subscriptions: each effect once, in order, together with the cursor; what cannot be digested is parked and the others go on."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from alltickets.kernel.errors import Trouble
from alltickets.platform.database import Database, DatabaseUnavailable, Transaction
from alltickets.platform.events import Event
from alltickets.platform.outbox import LIMIT_TRIES_MAX, TRIES_MAX, Follower, Recorded, Subscription, dead_letters, lags, replay
from tests.platform.streams import Counted, Noted, counting, cursor, effects, publish, write_effects
from tests.waiting import until


def subscribing(name: str, refuse: Callable[[Counted], Awaitable[None] | None]) -> Subscription:
    """A subscription that writes an effect for each `Counted` that `refuse` lets through."""

    async def handle(tx: Transaction, recorded: Sequence[Recorded]) -> None:
        await write_effects(tx, name, recorded)
        for entry in recorded:
            assert isinstance(entry.event, Counted)
            refused = refuse(entry.event)
            if refused is not None:
                await refused

    return Subscription(name, (Counted,), handle)


def numbers(*values: int) -> list[Event]:
    """Events that carry these."""
    return [Counted(value=value) for value in values]


async def parked(database: Database, subscription: str) -> list[tuple[UUID, int]]:
    """Organizer and position of this subscription's dead letters."""
    return [(letter.organizer_id, letter.position) for letter in await dead_letters(database) if letter.subscription == subscription]


async def test_a_subscription_gets_the_events_it_asked_for_as_they_stand_in_the_stream(event_log: Database, ana: UUID) -> None:
    received: list[Recorded] = []

    async def handle(tx: Transaction, recorded: Sequence[Recorded]) -> None:
        assert tx.organizer_id == ana
        received.extend(recorded)

    await publish(event_log, ana, Noted(), Counted(value=7), Noted(), Counted(value=8), Noted())
    await Follower(event_log, [Subscription("as_asked", (Counted,), handle)]).catch_up()

    assert [(entry.organizer_id, entry.position, entry.event) for entry in received] == [
        (ana, 2, Counted(value=7)),
        (ana, 4, Counted(value=8)),
    ]
    assert received[0].occurred_at.tzinfo is not None
    assert await cursor(event_log, ana, "as_asked") == 5


async def test_each_subscription_reads_at_its_own_pace_from_the_beginning(event_log: Database, ana: UUID) -> None:
    await publish(event_log, ana, *numbers(1, 2))
    await Follower(event_log, [counting("early")]).catch_up()
    await publish(event_log, ana, *numbers(3))

    await Follower(event_log, [counting("late"), counting("early")]).catch_up()

    assert await effects(event_log, ana, "early") == [1, 2, 3]
    assert await effects(event_log, ana, "late") == [1, 2, 3]


async def test_a_stream_longer_than_a_batch_is_read_to_its_end(event_log: Database, ana: UUID) -> None:
    sizes: list[int] = []

    async def handle(tx: Transaction, recorded: Sequence[Recorded]) -> None:
        sizes.append(len(recorded))

    await publish(event_log, ana, *numbers(*range(1_200)), Noted())
    await Follower(event_log, [Subscription("long", (Counted,), handle)]).catch_up()

    assert sizes == [500, 500, 200]
    assert await cursor(event_log, ana, "long") == 1_201


async def test_what_a_handler_publishes_is_delivered_too(event_log: Database, ana: UUID) -> None:
    async def answer(tx: Transaction, recorded: Sequence[Recorded]) -> None:
        for entry in recorded:
            if isinstance(entry.event, Noted):
                tx.publish(Counted(value=len(entry.event.text)))

    await publish(event_log, ana, Noted(text="four"))
    await Follower(event_log, [Subscription("answering", (Noted,), answer), counting("answered")]).catch_up()

    assert await effects(event_log, ana, "answered") == [2]


async def test_effects_and_cursor_are_written_together_or_not_at_all(event_log: Database, ana: UUID) -> None:
    seen: list[tuple[list[int], int]] = []

    def gone(event: Counted) -> None:
        raise Trouble("gone")

    await publish(event_log, ana, *numbers(1, 2))
    with pytest.raises(Trouble):
        await Follower(event_log, [subscribing("together", gone)]).catch_up()
    seen.append((await effects(event_log, ana, "together"), await cursor(event_log, ana, "together")))
    await Follower(event_log, [counting("together")]).catch_up()
    seen.append((await effects(event_log, ana, "together"), await cursor(event_log, ana, "together")))

    assert seen == [([], 0), ([1, 2], 2)]


async def test_a_failure_that_passes_costs_nothing(event_log: Database, ana: UUID) -> None:
    failures = [ValueError("once"), ValueError("twice")]

    def fail_at_first(event: Counted) -> None:
        if failures and event.value == 2:
            raise failures.pop()

    await publish(event_log, ana, *numbers(1, 2, 3))
    await Follower(event_log, [subscribing("passing", fail_at_first)]).catch_up()

    assert await effects(event_log, ana, "passing") == [1, 2, 3]
    assert await parked(event_log, "passing") == []


async def test_a_poison_event_is_parked_after_its_tries_and_everything_else_goes_on(event_log: Database, ana: UUID, beto: UUID) -> None:
    tried: list[int] = []

    def refuse_13(event: Counted) -> None:
        tried.append(event.value)
        if event.value == 13:
            raise ValueError("unlucky\0number")

    await publish(event_log, ana, *numbers(12, 13, 14))
    await publish(event_log, beto, *numbers(1, 2))
    with capture_logs() as logs:
        await Follower(event_log, [subscribing("superstitious", refuse_13), counting("plain")]).catch_up()

    assert tried.count(13) == 1 + TRIES_MAX
    assert await effects(event_log, ana, "superstitious") == [1, 3]
    assert await effects(event_log, beto, "superstitious") == [1, 2]
    assert await effects(event_log, ana, "plain") == [1, 2, 3]
    [letter] = [letter for letter in await dead_letters(event_log) if letter.subscription == "superstitious"]
    assert (letter.organizer_id, letter.position, letter.type) == (ana, 2, "Counted")
    assert "ValueError: unlucky" in letter.fault
    assert "event parked in the dead letters" in [log["event"] for log in logs if log["log_level"] == "error"]


async def over_time(tx: Transaction) -> None:
    await tx.connection.execute("SET LOCAL statement_timeout = '10ms'")
    await tx.connection.execute("SELECT pg_sleep(5)")


async def over_the_wait_for_a_lock(tx: Transaction) -> None:
    await tx.connection.execute("SET LOCAL lock_timeout = '10ms'")
    await tx.connection.execute("SELECT 1 FROM proof.locked FOR UPDATE")


@pytest.mark.parametrize(("beyond", "limit"), [(over_time, "statement"), (over_the_wait_for_a_lock, "lock")])
async def test_an_event_that_alone_runs_into_a_limit_again_and_again_is_parked_and_everything_else_goes_on(
    event_log: Database, ana: UUID, beyond: Callable[[Transaction], Awaitable[None]], limit: str
) -> None:
    tries = 0
    name = beyond.__name__

    async def handle(tx: Transaction, recorded: Sequence[Recorded]) -> None:
        nonlocal tries
        await write_effects(tx, name, recorded)
        if Counted(value=13) in [entry.event for entry in recorded]:
            tries += 1
            await beyond(tx)

    await publish(event_log, ana, *numbers(1, 13, 2))
    async with event_log.transaction(None) as blocking:
        await blocking.connection.execute("CREATE TABLE IF NOT EXISTS proof.locked AS SELECT 1 AS one")
    async with event_log.transaction(None) as blocking:
        await blocking.connection.execute("SELECT 1 FROM proof.locked FOR UPDATE")
        await Follower(event_log, [Subscription(name, (Counted,), handle)]).catch_up()

    assert (await effects(event_log, ana, name), await cursor(event_log, ana, name)) == ([1, 3], 3)
    assert await parked(event_log, name) == [(ana, 2)]
    [fault] = [letter.fault for letter in await dead_letters(event_log) if letter.subscription == name]
    assert fault.rpartition("\n")[2] == f"DatabaseBusy {LIMIT_TRIES_MAX} times, at last: canceling statement due to {limit} timeout"
    assert TRIES_MAX < tries <= 1 + LIMIT_TRIES_MAX, "whoever only meets others at the wrong moment gets more tries than a fault"


async def test_an_event_that_runs_into_a_limit_for_a_while_is_not_parked(event_log: Database, ana: UUID) -> None:
    tries = 0

    async def handle(tx: Transaction, recorded: Sequence[Recorded]) -> None:
        nonlocal tries
        tries += 1
        await write_effects(tx, "busy", recorded)
        if tries < LIMIT_TRIES_MAX:
            await over_time(tx)

    await publish(event_log, ana, *numbers(1))
    await Follower(event_log, [Subscription("busy", (Counted,), handle)]).catch_up()

    assert (await effects(event_log, ana, "busy"), await parked(event_log, "busy")) == ([1], [])


async def test_while_the_database_is_away_an_event_waits_without_end(event_log: Database, ana: UUID) -> None:
    def away(event: Counted) -> None:
        raise DatabaseUnavailable("gone")

    await publish(event_log, ana, *numbers(1))
    for _ in range(3 * LIMIT_TRIES_MAX):
        with pytest.raises(DatabaseUnavailable):
            await Follower(event_log, [subscribing("waiting", away)]).catch_up()
    await Follower(event_log, [counting("waiting")]).catch_up()

    assert (await effects(event_log, ana, "waiting"), await parked(event_log, "waiting")) == ([1], [])


async def test_a_follower_that_is_stopped_does_not_try_an_event_to_the_end(event_log: Database, ana: UUID) -> None:
    tries = 0

    async def handle(tx: Transaction, recorded: Sequence[Recorded]) -> None:
        nonlocal tries
        tries += 1
        if tries == 3:
            follower.stop()
        await over_time(tx)

    await publish(event_log, ana, *numbers(1))
    follower = Follower(event_log, [Subscription("stopped", (Counted,), handle)])
    await follower.run()

    assert (tries, await parked(event_log, "stopped")) == (3, [])


class Malformed(Event, frozen=True):
    """What an older release called `Counted`."""

    value: str


Malformed.__name__ = "Counted"


async def test_an_event_that_cannot_be_read_is_parked_too(event_log: Database, ana: UUID) -> None:
    await publish(event_log, ana, Counted(value=1), Malformed(value="two"), Counted(value=3))

    await Follower(event_log, [counting("reading")]).catch_up()

    assert await effects(event_log, ana, "reading") == [1, 3]
    assert await parked(event_log, "reading") == [(ana, 2)]


async def test_two_that_fail_on_the_same_event_do_not_park_its_neighbour(event_log: Database, ana: UUID) -> None:
    tries = 0
    others: list[asyncio.Task[None]] = []

    async def park_elsewhere() -> None:
        async with event_log.transaction(ana) as tx:
            await tx.execute(
                "UPDATE platform.cursors SET position = 1 WHERE organizer_id = %(organizer_id)s AND subscription = 'contended'"
            )

    async def fail_while_another_parks(event: Counted) -> None:
        nonlocal tries
        if event.value == 13:
            tries += 1
            if tries == 1 + TRIES_MAX:
                others.append(asyncio.create_task(park_elsewhere()))
                await until(lambda: _waits_for_a_lock(event_log))
            raise ValueError("unlucky")

    await publish(event_log, ana, *numbers(13, 14, 15))
    await Follower(event_log, [counting("contended")]).catch_up()
    async with event_log.transaction(ana) as tx:
        await tx.execute("UPDATE platform.cursors SET position = 0 WHERE organizer_id = %(organizer_id)s AND subscription = 'contended'")
        await tx.execute("DELETE FROM proof.effects WHERE organizer_id = %(organizer_id)s AND subscription = 'contended'")
    await Follower(event_log, [subscribing("contended", fail_while_another_parks)]).catch_up()
    await asyncio.gather(*others)

    assert await effects(event_log, ana, "contended") == [2, 3]
    assert await parked(event_log, "contended") == []


async def _waits_for_a_lock(database: Database) -> bool:
    async with database.reading(None) as reader:
        rows = await reader.fetch_tuples("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
    return bool(rows)


async def test_a_dead_letter_is_replayed_once(event_log: Database, ana: UUID) -> None:
    def refuse(event: Counted) -> None:
        raise ValueError("not yet")

    await publish(event_log, ana, *numbers(13))
    await Follower(event_log, [subscribing("mended", refuse)]).catch_up()

    with pytest.raises(ValueError, match="not yet"):
        await replay(event_log, subscribing("mended", refuse), ana, 1)
    after_failure = await parked(event_log, "mended")
    replayed = [await replay(event_log, counting("mended"), ana, 1), await replay(event_log, counting("mended"), ana, 1)]

    assert after_failure == [(ana, 1)]
    assert replayed == [True, False]
    assert await effects(event_log, ana, "mended") == [1]
    assert await parked(event_log, "mended") == []


async def test_dead_letters_come_oldest_first_and_not_more_than_asked_for(event_log: Database, ana: UUID, beto: UUID) -> None:
    for organizer_id, parked_at in ((beto, "2026-11-24 21:00Z"), (ana, "2026-11-24 20:00Z")):
        await publish(event_log, organizer_id, *numbers(13))
        async with event_log.transaction(organizer_id) as tx:
            await tx.execute(
                """
                INSERT INTO platform.dead_letters (organizer_id, subscription, position, fault, parked_at)
                VALUES (%(organizer_id)s, 'old', 1, 'a fault', %(parked_at)s)
                """,
                parked_at=parked_at,
            )

    every = await dead_letters(event_log)
    first = await dead_letters(event_log, limit=1)

    assert [letter.organizer_id for letter in every] == [ana, beto]
    assert first == every[:1]


async def test_lag_is_what_is_not_read_yet_and_how_long_it_waits(event_log: Database, ana: UUID, beto: UUID) -> None:
    await Follower(event_log, [counting("lagging")]).catch_up()
    [before] = await lags(event_log, ["lagging"])
    await publish(event_log, ana, *numbers(1, 2))
    await publish(event_log, beto, Noted())

    [behind] = await lags(event_log, ["lagging"])
    await Follower(event_log, [counting("lagging")]).catch_up()
    [after] = await lags(event_log, ["lagging"])

    assert (before.events, before.oldest_seconds) == (0, 0)
    assert behind.events == 3
    assert 0 < behind.oldest_seconds < 30
    assert (after.events, after.oldest_seconds) == (0, 0)


async def test_every_named_subscription_has_a_lag_even_where_there_are_no_organizers(event_log: Database) -> None:
    figures = await lags(event_log, ["b", "a"])

    assert [(lag.subscription, lag.events, lag.oldest_seconds) for lag in figures] == [("a", 0, 0), ("b", 0, 0)]
