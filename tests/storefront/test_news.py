"""An order's page hears of its payment while it is open, whoever has the order's secret, and nobody else."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest_asyncio

from tests.conftest import SettableClock
from tests.guessing import nearly
from tests.storefront.conftest import House, Site, make_contexts, make_house, opened
from tests.storefront.shopper import connect_sandbox, place_order, with_secret


@dataclass
class Listening:
    """A browser on an open connection: `head` is the answer's beginning, `text` what has come so far."""

    head: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    has_ended: bool = False
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.head = {name.decode(): value.decode() for name, value in message["headers"]} | {"status": message["status"]}
        else:
            self.text += message.get("body", b"").decode()
            self.has_ended = not message.get("more_body", False)
        self.moved.set()

    async def until(self, text: str) -> None:
        async with asyncio.timeout(10):
            while text not in self.text:
                await self.moved.wait()
                self.moved.clear()


def listen(site: Site, path: str, cookie: str) -> tuple[Listening, "asyncio.Task[None]", asyncio.Event]:
    """Ask, and keep listening until `gone` is set."""
    listening, gone = Listening(), asyncio.Event()
    asked = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        if asked:
            return asked.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"cookie", cookie.encode()), (b"accept", b"text/event-stream"), (b"host", b"tickets.example")],
        "client": ("127.0.0.1", 4000),
        "server": ("tickets.example", 80),
        "scheme": "http",
        "http_version": "1.1",
        "root_path": "",
        "state": {},
    }
    return listening, asyncio.create_task(site.app(scope, receive, listening.send)), gone


async def test_the_page_says_what_it_shows_and_where_its_news_come_from_and_they_begin_with_the_same(site: Site, house: House) -> None:
    await connect_sandbox(house)
    event = await house.published()
    async with site.browser() as browser:
        order = await place_order(browser, event)
        page = await browser.get(f"/en/o/{order['order_id']}", headers=with_secret(order))

    listening, task, gone = listen(site, f"/en/o/{order['order_id']}/news", with_secret(order)["cookie"])
    await listening.until("data: awaiting_payment open\n\n")
    gone.set()
    await task

    assert 'data-state="awaiting_payment open"' in page.text
    assert (listening.head["status"], listening.head["content-type"].partition(";")[0]) == (200, "text/event-stream")
    assert listening.head["cache-control"] == "no-store"
    assert listening.head["x-accel-buffering"] == "no"
    assert listening.head["referrer-policy"] == "no-referrer"
    assert "content-encoding" not in listening.head
    assert listening.text.startswith("retry: ")


@pytest_asyncio.fixture
async def own_site(database_url: str, clock: SettableClock, tmp_path: Path) -> AsyncIterator[Site]:
    """An application of one test's own, which it may stop."""
    async for site in opened(make_contexts(database_url, clock, tmp_path), clock):
        yield site


async def test_who_goes_away_frees_the_place_and_who_stays_is_let_go_when_the_process_stops(own_site: Site) -> None:
    site, house = own_site, await make_house(own_site)
    event = await house.published(ticket_type={"price_minor": 0})
    async with site.browser() as browser:
        order = await place_order(browser, event)
    path, cookie = f"/o/{order['order_id']}/news", with_secret(order)["cookie"]
    # More than may watch one order at a time, one after the other.
    for _ in range(8):
        listening, task, gone = listen(site, path, cookie)
        await listening.until("data: paid none")
        gone.set()
        await task

    listening, task, _ = listen(site, path, cookie)
    await listening.until("data: paid none")
    site.contexts.orders.watching.stop()
    await task

    assert listening.has_ended
    refused, task, _ = listen(site, path, cookie)
    await task
    assert (refused.head["status"], refused.head["retry-after"]) == (503, "5")


async def test_nobody_else_hears_them(site: Site, house: House) -> None:
    event = await house.published(ticket_type={"price_minor": 0})
    async with site.browser() as browser:
        order, other = await place_order(browser, event), await place_order(browser, event)
        path = f"/o/{order['order_id']}/news"

        answers = [
            await browser.get(path),
            await browser.get(path, headers=with_secret(other)),
            await browser.get(path, headers={"cookie": f"order={nearly(order['secret'])}"}),
        ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert {answer.headers["content-type"].partition(";")[0] for answer in answers} == {"text/html"}
