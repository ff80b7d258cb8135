"""Copies in a process: at most a second old, loaded once however many ask, and gone as soon as a change is announced."""

import asyncio
import time
from uuid import UUID

import pytest

from alltickets.kernel.ids import new_id
from alltickets.platform.cache import FRESH_SECONDS, Snapshots
from alltickets.platform.database import Database
from alltickets.platform.notify import Listener
from tests.platform.conftest import OwnDatabase
from tests.waiting import until


class Source:
    """Things by key, each with a version that rises when it changes; and how often it was asked."""

    def __init__(self, **things: str) -> None:
        self.things = {key: (thing, 1) for key, thing in things.items()}
        self.loads: list[str] = []
        self.looks: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()

    def change(self, key: str, thing: str) -> None:
        self.things[key] = (thing, self.things[key][1] + 1)

    async def load(self, key: str) -> tuple[str | None, object]:
        self.loads.append(key)
        found = self.things.get(key, (None, None))
        await self.gate.wait()
        return found

    async def version_of(self, key: str) -> object:
        self.looks.append(key)
        return self.things.get(key, (None, None))[1]


async def aged(snapshots: Snapshots[str, str], *keys: str) -> None:
    """Wait until these copies are old enough to be looked at again."""
    await until(lambda: all(snapshots.peek(key) is None for key in keys), seconds=2 * FRESH_SECONDS)


async def test_a_copy_is_loaded_once_however_many_ask_at_the_same_time() -> None:
    source = Source(a="first")
    source.gate.clear()
    snapshots = Snapshots(source.load)

    asking = [asyncio.create_task(snapshots.get("a")) for _ in range(50)]
    await until(lambda: bool(source.loads))
    source.gate.set()
    copies = await asyncio.gather(*asking)

    assert copies == ["first"] * 50
    assert source.loads == ["a"]


async def test_a_fresh_copy_is_there_without_asking() -> None:
    source = Source(a="first")
    snapshots = Snapshots(source.load)

    before = snapshots.peek("a")
    await snapshots.get("a")
    source.change("a", "second")

    assert before is None
    assert snapshots.peek("a") == "first"
    assert await snapshots.get("a") == "first"
    assert source.loads == ["a"]


async def test_a_copy_is_at_most_a_second_old() -> None:
    source = Source(a="first")
    snapshots = Snapshots(source.load)
    await snapshots.get("a")
    source.change("a", "second")
    changed_at = time.monotonic()

    async def is_new() -> bool:
        return await snapshots.get("a") == "second"

    await until(is_new)

    assert time.monotonic() - changed_at < FRESH_SECONDS + 0.2
    assert source.loads == ["a", "a"]


async def test_an_old_copy_whose_version_still_stands_is_kept_at_the_cost_of_a_look() -> None:
    source = Source(a="first", b="first")
    snapshots = Snapshots(source.load, version_of=source.version_of)
    await snapshots.get("a")
    await snapshots.get("b")
    source.change("b", "second")

    await aged(snapshots, "a", "b")
    kept, renewed = await snapshots.get("a"), await snapshots.get("b")

    assert (kept, renewed) == ("first", "second")
    assert source.looks == ["a", "b"]
    assert source.loads == ["a", "b", "b"]
    assert snapshots.peek("a") == "first"


async def test_that_there_is_no_such_thing_is_remembered_too() -> None:
    source = Source()
    snapshots = Snapshots(source.load, version_of=source.version_of)

    first, second = await snapshots.get("a"), await snapshots.get("a")

    assert (first, second) == (None, None)
    assert source.loads == ["a"]


async def test_a_load_that_fails_is_told_to_all_who_wait_and_tried_again_by_the_next() -> None:
    failures = [ConnectionError("gone")]

    async def load(key: str) -> tuple[str, object]:
        await asyncio.sleep(0)
        if failures:
            raise failures.pop()
        return "loaded", 1

    snapshots = Snapshots(load)
    outcomes = await asyncio.gather(*(snapshots.get("a") for _ in range(3)), return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [ConnectionError] * 3
    assert await snapshots.get("a") == "loaded"


async def test_who_is_cancelled_while_waiting_takes_nobody_with_him() -> None:
    source = Source(a="first")
    source.gate.clear()
    snapshots = Snapshots(source.load)
    impatient, patient = (asyncio.create_task(snapshots.get("a")) for _ in range(2))
    await until(lambda: bool(source.loads))

    impatient.cancel()
    await asyncio.sleep(0)
    source.gate.set()

    assert await patient == "first"
    assert impatient.cancelled()
    assert source.loads == ["a"]


async def test_a_copy_that_is_dropped_is_loaded_anew() -> None:
    source = Source(a="first", b="first")
    snapshots = Snapshots(source.load)
    await snapshots.get("a")
    await snapshots.get("b")
    source.change("a", "second")

    snapshots.drop("a")
    snapshots.drop("never seen")

    assert snapshots.peek("a") is None
    assert snapshots.peek("b") == "first"
    assert await snapshots.get("a") == "second"


async def test_a_load_that_was_under_way_when_its_copy_was_dropped_is_believed_for_a_second_at_most() -> None:
    source = Source(a="first")
    source.gate.clear()
    snapshots = Snapshots(source.load)
    asking = asyncio.create_task(snapshots.get("a"))
    await until(lambda: bool(source.loads))
    source.change("a", "second")

    snapshots.drop("a")
    source.gate.set()
    old = await asking
    await aged(snapshots, "a")

    assert old == "first"
    assert await snapshots.get("a") == "second"


async def test_no_more_copies_are_kept_than_asked_for() -> None:
    source = Source(a="a", b="b", c="c")
    snapshots = Snapshots(source.load, kept_max=2)

    for key in ("a", "b", "c"):
        await snapshots.get(key)

    assert [snapshots.peek(key) for key in ("a", "b", "c")] == [None, "b", "c"]


@pytest.fixture
def labels() -> dict[UUID, str]:
    return {new_id(): "first", new_id(): "first"}


async def test_a_change_that_is_announced_drops_its_copy_and_no_other(
    own: OwnDatabase, own_database: Database, labels: dict[UUID, str]
) -> None:
    async def load(key: UUID) -> tuple[str | None, object]:
        return labels.get(key), 1

    changed, unchanged = labels
    snapshots = Snapshots(load)
    listener = Listener(own.url)
    snapshots.follow(listener, "things", UUID)
    await snapshots.get(changed)
    listener.start()
    await until(lambda: snapshots.peek(changed) is None, seconds=FRESH_SECONDS / 2)
    loaded_at = time.monotonic()
    await snapshots.get(changed)
    await snapshots.get(unchanged)

    async with own_database.transaction(new_id()) as tx:
        labels[changed] = "second"
        tx.announce("things", "no id")
        tx.announce("things", str(changed))
    await until(lambda: snapshots.peek(changed) is None)
    took = time.monotonic() - loaded_at

    assert took < FRESH_SECONDS / 2
    assert snapshots.peek(unchanged) == "first"
    assert await snapshots.get(changed) == "second"
    await listener.stop()


async def test_when_announcements_may_have_been_missed_every_copy_is_dropped(own: OwnDatabase) -> None:
    source = Source(a="first", b="first")
    snapshots = Snapshots(source.load)
    listener = Listener(own.url)
    snapshots.follow(listener, "things", str)
    await snapshots.get("a")
    await snapshots.get("b")
    loaded_at = time.monotonic()

    listener.start()
    await until(lambda: snapshots.peek("a") is None and snapshots.peek("b") is None)

    assert time.monotonic() - loaded_at < FRESH_SECONDS / 2
    await listener.stop()
