"""Access codes are not guessed: wrong ones are counted by address and event, whichever door and process they are tried at."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import pytest_asyncio

from alltickets.identity.interface import Permission
from alltickets.kernel.ids import new_id
from alltickets.main import subscriptions_of
from alltickets.platform.outbox import Follower
from tests.conftest import SettableClock
from tests.pricing.test_routes import published_event, quote_body
from tests.serving import Served, serving

CODE = "amigos26"
TRIES_MAX = 30
WINDOW_SECONDS = 900
OTHERS = "203.0.113.9"


@dataclass
class Town:
    """Two processes, and an event in them whose only ticket type is sold by code. Whoever asks comes from an address of this test's own."""

    served: list[Served]
    clock: SettableClock
    event: dict[str, Any]
    address: str = field(default_factory=lambda: f"2001:db8:{new_id().hex[-4:]}:{new_id().hex[-4:]}::1")

    def client(self, process: int = 0, address: str | None = None) -> httpx.AsyncClient:
        client = self.served[process].client()
        client.headers["x-forwarded-for"] = address or self.address
        return client

    async def read(self, code: str | None, **where: Any) -> httpx.Response:
        async with self.client(**where) as client:
            return await client.get(f"/api/shop/events/{self.event['event_id']}", params={} if code is None else {"code": code})

    async def quote(self, code: str | None, **where: Any) -> httpx.Response:
        async with self.client(**where) as client:
            return await client.post("/api/shop/quotes", json=quote_body(self.event, code=code))

    async def hold(self, code: str | None, **where: Any) -> httpx.Response:
        async with self.client(**where) as client:
            body = quote_body(self.event, 1, code=code, visitor_id=str(new_id()))
            return await client.put(f"/api/shop/holds/{new_id()}", json=body)


Door = Callable[..., Awaitable[httpx.Response]]
DOORS = pytest.mark.parametrize(("door", "wrong"), [(Town.read, 200), (Town.quote, 403), (Town.hold, 403)], ids=["read", "quote", "hold"])


@pytest_asyncio.fixture(scope="module")
async def built(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """The town that all of these tests share: an application takes longer to build than they take."""
    clock, folder = SettableClock(), tmp_path_factory.mktemp("town")
    async with AsyncExitStack() as open_:
        served = [await open_.enter_async_context(serving(database_url, folder, clock, hot_lane=True)) for _ in range(2)]
        token = await served[0].api_key(Permission.EVENTS_READ, Permission.EVENTS_WRITE, Permission.PRICES_READ, Permission.PRICES_WRITE)
        async with served[0].client(token) as organizer:
            event = await published_event(organizer, clock, visibility="code", codes=[CODE])
        await Follower(served[0].contexts.database, subscriptions_of(served[0].contexts)).catch_up()
        yield Town(served, clock, event)


@pytest.fixture
def town(built: Town) -> Town:
    """As one asks who was never seen before."""
    return Town(built.served, built.clock, built.event)


def is_refused(answer: httpx.Response) -> bool:
    """Whether the answer says nothing of the code, and when to come back."""
    if answer.status_code != 429 or answer.json()["type"] != "/problems/too-many-tries":
        return False
    return bool(0 < int(answer.headers["retry-after"]) == answer.json()["retry_after_seconds"] <= WINDOW_SECONDS)


@DOORS
async def test_after_too_many_wrong_codes_no_code_is_looked_at(town: Town, door: Door, wrong: int) -> None:
    answers = [(await door(town, f"amigos{number}")).status_code for number in range(100, 100 + TRIES_MAX)]
    guessed = await door(town, "amigos99")
    right = await door(town, CODE)

    assert answers == [wrong] * TRIES_MAX
    assert is_refused(guessed)
    assert is_refused(right), "an answer to right codes only would tell which they are"


@DOORS
async def test_right_codes_are_never_counted(town: Town, door: Door, wrong: int) -> None:
    answers = [await door(town, CODE.upper()) for _ in range(TRIES_MAX // 2 + 1)]
    answers += [await door(town, CODE, process=1) for _ in range(TRIES_MAX // 2 + 1)]

    # Of holds, not all are granted: an address may have so many at once.
    assert not any(is_refused(answer) for answer in answers)


@DOORS
async def test_who_gives_no_code_is_never_counted_or_kept_waiting(town: Town, door: Door, wrong: int) -> None:
    answers = [(await door(town, None)).status_code for _ in range(TRIES_MAX + 1)]
    for _ in range(TRIES_MAX + 1):
        await town.read("guessed")

    assert {*answers, (await door(town, None)).status_code} == {wrong}


async def test_the_doors_and_the_processes_count_together(town: Town) -> None:
    doors: list[Door] = [town.read, town.quote, town.hold]
    for number in range(TRIES_MAX):
        assert not is_refused(await doors[number % 3](f"amigos{number + 100}", process=number % 2))

    for door in doors:
        for process in (0, 1):
            assert is_refused(await door("amigos99", process=process))


async def test_guesses_at_the_same_moment_do_not_slip_past_the_limit(town: Town) -> None:
    answers = await asyncio.gather(*(town.quote(f"amigos{number + 100}", process=number % 2) for number in range(3 * TRIES_MAX)))

    assert sum(not is_refused(answer) for answer in answers) <= TRIES_MAX


async def test_others_and_the_same_address_later_are_answered(town: Town) -> None:
    for number in range(TRIES_MAX + 1):
        await town.read(f"amigos{number + 100}")

    others = await town.quote(CODE, address=OTHERS)
    town.clock.advance(seconds=WINDOW_SECONDS)
    later = await town.quote(CODE)

    assert (others.status_code, later.status_code) == (200, 200)


async def test_a_code_that_nothing_asks_for_is_not_counted(town: Town) -> None:
    token = await town.served[0].api_key(Permission.EVENTS_READ, Permission.EVENTS_WRITE)
    async with town.served[0].client(token) as organizer:
        town.event = await published_event(organizer, town.clock)

    answers = [await door("an-old-link") for _ in range(TRIES_MAX) for door in (town.read, town.quote)]

    assert {answer.status_code for answer in answers} == {200}
