"""Secrets of orders are not tried one after the other: wrong ones are counted by address, whichever door and process they are tried at."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio

from alltickets.catalog.schemas.organizer import EventRead
from alltickets.identity.interface import Permission
from alltickets.kernel.ids import new_id
from alltickets.main import subscriptions_of
from alltickets.platform.outbox import Follower
from tests.conftest import SettableClock
from tests.pricing.test_routes import published_event
from tests.serving import Served, serving
from tests.storefront.shopper import place_order

TRIES_MAX = 30
WINDOW_SECONDS = 900
OTHERS = "203.0.113.9"


@dataclass
class Office:
    """Two processes, and an order. Whoever asks comes from an address of this test's own."""

    served: list[Served]
    clock: SettableClock
    order: dict[str, Any]
    address: str = field(default_factory=lambda: f"2001:db8:{new_id().hex[-4:]}:{new_id().hex[-4:]}::1")

    @property
    def secret(self) -> str:
        return str(self.order["secret"])

    @property
    def wrong(self) -> str:
        return f"{self.secret[:-4]}{new_id().hex[-4:]}"

    async def ask(self, method: str, path: str, *, process: int = 0, address: str | None = None, **how: Any) -> httpx.Response:
        async with self.served[process].client() as client:
            client.headers["x-forwarded-for"] = address or self.address
            return await client.request(method, path.format(order=self.order["order_id"]), **how)

    async def read(self, secret: str, **where: Any) -> httpx.Response:
        return await self.ask("GET", "/api/shop/orders/{order}", headers={"authorization": f"Bearer {secret}"}, **where)

    async def resend(self, secret: str, **where: Any) -> httpx.Response:
        return await self.ask("POST", "/api/shop/orders/{order}/mails", headers={"authorization": secret}, **where)

    async def look(self, secret: str, **where: Any) -> httpx.Response:
        return await self.ask("GET", "/en/o/{order}/tickets.pdf", headers={"cookie": f"order={secret}", "accept": "text/html"}, **where)

    async def open(self, secret: str, **where: Any) -> httpx.Response:
        return await self.ask("POST", "/o/{order}", data={"secret": f"http://tickets.example/o/x#{secret}"}, **where)


Door = Callable[..., Awaitable[httpx.Response]]
DOORS = pytest.mark.parametrize("door", [Office.read, Office.resend, Office.look, Office.open], ids=["read", "resend", "look", "open"])


@pytest_asyncio.fixture(scope="module")
async def built(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """The office that all of these tests share: an application takes longer to build than they take."""
    clock, folder = SettableClock(), tmp_path_factory.mktemp("office")
    async with AsyncExitStack() as open_:
        served = [await open_.enter_async_context(serving(database_url, folder, clock, hot_lane=True)) for _ in range(2)]
        async with served[0].client(await served[0].api_key(Permission.EVENTS_READ, Permission.EVENTS_WRITE)) as organizer:
            event = await published_event(organizer, clock, price_minor=0)
        await Follower(served[0].contexts.database, subscriptions_of(served[0].contexts)).catch_up()
        async with served[0].client() as shop:
            yield Office(served, clock, await place_order(shop, msgspec.convert(event, EventRead)))


@pytest.fixture
def office(built: Office) -> Office:
    """As one asks who was never seen before."""
    return Office(built.served, built.clock, built.order)


@DOORS
async def test_after_too_many_wrong_secrets_no_wrong_one_is_looked_at(office: Office, door: Door) -> None:
    answers = [(await door(office, office.wrong, process=number % 2)).status_code for number in range(TRIES_MAX)]
    guessed = [await door(office, office.wrong, process=process) for process in (0, 1)]
    elsewhere = await door(office, office.wrong, address=OTHERS)
    office.clock.advance(seconds=WINDOW_SECONDS)
    later = await door(office, office.wrong)

    assert answers == [404] * TRIES_MAX
    assert [answer.status_code for answer in guessed] == [429, 429]
    assert all(0 < int(answer.headers["retry-after"]) <= WINDOW_SECONDS for answer in guessed)
    assert (elsewhere.status_code, later.status_code) == (404, 404)


@DOORS
async def test_who_has_the_right_one_is_shut_out_by_nobody_who_guesses_beside_them(office: Office, door: Door) -> None:
    before = await door(office, office.secret)
    for _ in range(TRIES_MAX + 1):
        await office.read(office.wrong)

    after = await door(office, office.secret)

    assert before.status_code == after.status_code < 400


async def test_all_doors_count_together_and_the_closed_page_with_them(office: Office) -> None:
    doors: list[Door] = [office.read, office.resend, office.look, office.open]
    closed: list[int] = []
    for number in range(TRIES_MAX):
        await doors[number % 4](office.wrong)
    for secret in (office.wrong, office.secret, ""):
        answer = await office.ask("GET", "/o/{order}", headers={"cookie": f"order={secret}", "accept": "text/html"})
        closed.append(answer.status_code)

    assert closed == [429, 200, 200]


async def test_who_shows_none_is_not_counted_and_right_ones_never_are(office: Office) -> None:
    for _ in range(TRIES_MAX + 1):
        await office.ask("GET", "/o/{order}/tickets.pdf")
        await office.read(office.secret)

    assert (await office.read(office.wrong)).status_code == 404


async def test_an_order_that_is_placed_needs_no_secret_whatever_stands_in_its_headers(office: Office) -> None:
    answers = [
        (await office.ask("PUT", "/api/shop/orders/{order}", json={}, headers={"authorization": "Bearer of-something-else"})).status_code
        for _ in range(TRIES_MAX + 1)
    ]

    assert set(answers) == {422}
    assert (await office.read(office.wrong)).status_code == 404
