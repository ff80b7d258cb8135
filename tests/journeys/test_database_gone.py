"""The database goes away for a while: everybody is told so at once, nothing is half written, and nobody is restarted afterwards."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import pytest

from alltickets.kernel.ids import new_id
from bench.people import Buyer, Organizer, Sale, some_address
from bench.plain import PLAIN
from bench.stack import Stack, wait_until
from tests.journeys.gateway import Gateway
from tests.journeys.seen import places, problem_of

GONE_SECONDS = float(os.environ.get("JOURNEYS_GONE_SECONDS", 6))
ANSWER_SECONDS_MAX = 8
"""A request waits at most five seconds for a connection."""
RECOVERY_SECONDS_MAX = 8


@dataclass
class Shop:
    """A shop that sells, and what it was doing when its database went."""

    stack: Stack
    organizer: Organizer
    sale: Sale
    gateway: Gateway


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    stack = Stack(tmp_path_factory.mktemp("gone"))
    stack.start_database()
    try:
        stack.sandbox("--callback-retry-seconds", "1,1,2,2,4,4,8,8")
        stack.serve()
        stack.work()
        organizer = Organizer(stack.url)
        organizer.connect_sandbox()
        yield Shop(stack, organizer, organizer.publish(capacity=1_000), Gateway(organizer))
    finally:
        stack.stop()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def sell(shop: Shop, until: float, answers: "Counter[tuple[str, int]]", slowest: list[float]) -> list[dict[str, Any]]:
    """One buyer after the other, each told by whatever answer comes; the orders that were placed."""
    placed = []
    async with httpx.AsyncClient(base_url=shop.stack.url, timeout=30, verify=PLAIN) as http:
        while time.monotonic() < until:
            hold_id, order_id = new_id(), new_id()
            headers = {"X-Forwarded-For": some_address()}
            body = {"event_id": str(shop.sale.event_id), "visitor_id": str(new_id()), "lines": [shop.sale.line(1)]}
            buyer = {"name": "Julia Ríos", "mail": "julia@example.com", "document": "30123456"}
            order = {"event_id": str(shop.sale.event_id), "hold_id": str(hold_id), "buyer": buyer}
            requests: list[tuple[str, str, object]] = [("hold", f"holds/{hold_id}", body), ("order", f"orders/{order_id}", order)]
            for what, path, data in requests:
                began = time.monotonic()
                answer = await http.put(f"/api/shop/{path}", json=data, headers=headers)
                slowest.append(time.monotonic() - began)
                answers[(what, answer.status_code)] += 1
                if answer.status_code == 503:
                    assert problem_of(answer) == "unavailable"
                    assert int(answer.headers["retry-after"]) > 0
                if not answer.is_success:
                    break
                if what == "order":
                    placed.append(answer.json())
            await asyncio.sleep(0.05)
    return placed


def test_a_shop_without_its_database_says_so_and_goes_on_when_it_is_back(shop: Shop) -> None:
    buyer = Buyer(shop.stack.url)
    waiting = buyer.order(shop.sale, buyer.hold(shop.sale, 2).json()["hold_id"]).json()
    answers: Counter[tuple[str, int]] = Counter()
    slowest: list[float] = []

    async def lose_the_database() -> None:
        await asyncio.sleep(1)
        await asyncio.to_thread(shop.stack.database.stop)
        await asyncio.sleep(GONE_SECONDS)
        await asyncio.to_thread(shop.stack.start_database)

    async def everything() -> list[dict[str, Any]]:
        until = time.monotonic() + GONE_SECONDS + 4
        losing = asyncio.create_task(lose_the_database())
        placed = await asyncio.gather(*(sell(shop, until, answers, slowest) for _ in range(8)))
        await losing
        return [order for orders in placed for order in orders]

    placed = asyncio.run(everything())
    back = time.monotonic()
    wait_until(lambda: Buyer(shop.stack.url).hold(shop.sale, 1).status_code == 200, "the shop to sell again", RECOVERY_SECONDS_MAX)
    buyer.pay(waiting)
    paid = buyer.paid(waiting)

    assert answers[("hold", 200)] > 0
    assert answers[("hold", 503)] > 0
    assert {status for _, status in answers} <= {200, 409, 503}
    assert max(slowest) < ANSWER_SECONDS_MAX
    assert len(paid["tickets"]) == 2
    assert time.monotonic() - back < RECOVERY_SECONDS_MAX + 5
    assert_nothing_is_half_written(shop, placed)


def test_each_surface_answers_with_a_problem_that_says_when_to_come_back(shop: Shop) -> None:
    steward = shop.organizer.steward(shop.sale)
    event = f"/api/shop/events/{shop.sale.event_id}"
    selection = {"event_id": str(shop.sale.event_id), "lines": [shop.sale.line(1)]}
    credentials = {"mail": "ana@example.com", "password": "una clave muy larga"}
    scan = {"scan_id": str(new_id()), "checkpoint_id": str(steward.checkpoint_id), "code": "A"}
    cookies = dict(shop.organizer.http.cookies)
    paid_for = Buyer(shop.stack.url)
    order = paid_for.order(shop.sale, paid_for.hold(shop.sale, 1).json()["hold_id"]).json()
    payment = shop.gateway.payment(order)

    shop.stack.database.stop()
    try:
        # Copies that are a second old answer by themselves until then.
        time.sleep(1.5)
        with httpx.Client(base_url=shop.stack.url, timeout=30, cookies=cookies, verify=PLAIN) as http, ThreadPoolExecutor(16) as hands:
            asked = {
                "quote": hands.submit(http.post, "/api/shop/quotes", json=selection),
                "availability": hands.submit(http.get, f"{event}/availability"),
                "events": hands.submit(http.get, "/api/shop/events"),
                "order": hands.submit(http.get, f"/api/shop/orders/{order['order_id']}", headers=bearer(order["secret"])),
                "organizer": hands.submit(http.get, "/api/organizer/events"),
                "sign-in": hands.submit(http.post, "/api/organizer/sign-in", json=credentials),
                "scan": hands.submit(http.post, "/api/gate/scans", json=scan, headers=bearer(steward.token)),
                "callback": hands.submit(shop.gateway.tell, payment),
            }
            looks = {path: hands.submit(http.get, f"/health/{path}") for path in ("live", "ready")}
            refused = {name: asking.result() for name, asking in asked.items()}
            health = {path: look.result().status_code for path, look in looks.items()}
    finally:
        shop.stack.start_database()

    told = {name: (answer.status_code, problem_of(answer), "retry-after" in answer.headers) for name, answer in refused.items()}
    assert told == dict.fromkeys(refused, (503, "unavailable", True))
    assert health == {"live": 200, "ready": 503}
    wait_until(lambda: shop.gateway.tell(payment).status_code == 200, "the callback to be taken", RECOVERY_SECONDS_MAX)
    assert len(paid_for.paid(order)["tickets"]) == 1


def assert_nothing_is_half_written(shop: Shop, placed: list[dict[str, Any]]) -> None:
    """Every order that somebody was told of is there, each with its hold and its payment, and no hold or payment without."""
    with psycopg.connect(shop.stack.database.url) as connection:
        [(orders, without_payment, without_hold, without_order)] = connection.execute(
            """
            SELECT (SELECT count(*) FROM orders.orders WHERE organizer_id = %(o)s AND order_id = ANY(%(placed)s)),
                   (SELECT count(*) FROM orders.orders o
                     WHERE o.organizer_id = %(o)s
                       AND NOT EXISTS (SELECT 1 FROM payments.payments p JOIN payments.attempts a ON a.payment_id = p.id
                                        WHERE p.organizer_id = o.organizer_id AND p.reference = o.order_id)),
                   (SELECT count(*) FROM orders.orders o
                     WHERE o.organizer_id = %(o)s
                       AND NOT EXISTS (SELECT 1 FROM inventory.holds h
                                        WHERE h.organizer_id = o.organizer_id AND h.hold_id = o.hold_id
                                          AND h.state IN ('held', 'confirmed'))),
                   (SELECT count(*) FROM payments.payments p
                     WHERE p.organizer_id = %(o)s
                       AND NOT EXISTS (SELECT 1 FROM orders.orders o
                                        WHERE o.organizer_id = p.organizer_id AND o.order_id = p.reference))
            """,
            {"o": shop.organizer.organizer_id, "placed": [order["order_id"] for order in placed]},
        ).fetchall()
        [(held,)] = connection.execute(
            """
            SELECT coalesce(sum(draw.value::int), 0)
              FROM inventory.holds, jsonb_each_text(draws) AS draw
             WHERE organizer_id = %s AND state = 'held'
            """,
            (shop.organizer.organizer_id,),
        ).fetchall()
    assert (orders, without_payment, without_hold, without_order) == (len(placed), 0, 0, 0)
    assert places(shop.organizer, shop.sale)[0] == held
