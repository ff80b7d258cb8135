"""SIGTERM in the middle of a rush: what was accepted is finished and answered, and the process ends well and in time."""

import asyncio
import contextlib
import json
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import httpx
import psycopg
import pytest

from alltickets.kernel.ids import new_id
from bench.people import Buyer, Organizer, Sale, some_address
from bench.plain import PLAIN
from bench.stack import Process, Stack, free_port

SHUTDOWN_SECONDS = 10
CONNECTIONS = 64
WATCHERS = 4
RUSH_SECONDS = 1.0


@dataclass(frozen=True)
class Told:
    """What became of a request: the status of its answer, or 0 where its connection was closed on it."""

    hold_id: UUID
    status: int


@pytest.fixture(scope="module")
def sale(stack: Stack) -> Sale:
    organizer = Organizer(stack.url)
    organizer.connect_sandbox()
    return organizer.publish(capacity=100_000)


@pytest.fixture(params=[1, 2], ids=["one process", "two processes"])
def web(request: pytest.FixtureRequest, stack: Stack) -> Iterator[tuple[Process, int]]:
    """A web server of its own, to be stopped by the test, and its port."""
    port = free_port()
    settings = {"ALLTICKETS_SHUTDOWN_SECONDS": str(SHUTDOWN_SECONDS)}
    process = stack.serve(surface="shop", port=port, workers=request.param, settings=settings)
    yield process, port
    process.stop()


def request_of(sale: Sale, hold_id: UUID) -> bytes:
    body = json.dumps({"event_id": str(sale.event_id), "visitor_id": str(new_id()), "lines": [sale.line(1)]}).encode()
    head = (
        f"PUT /api/shop/holds/{hold_id} HTTP/1.1\r\nHost: shop\r\nX-Forwarded-For: {some_address()}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def answer_on(reader: asyncio.StreamReader) -> int:
    """The status of the next answer on a connection; 0 when it is closed instead."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        [length] = [line.partition(b":")[2] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        await reader.readexactly(int(length))
    except (asyncio.IncompleteReadError, ConnectionError):
        return 0
    return int(head.split(b" ", 2)[1])


def taken(stack: Stack, hold_ids: list[UUID]) -> set[UUID]:
    with psycopg.connect(stack.database.url) as connection:
        rows = connection.execute("SELECT hold_id FROM inventory.holds WHERE hold_id = ANY(%s)", (hold_ids,)).fetchall()
    return {hold_id for (hold_id,) in rows}


def ends_well(process: Process, told_at: float) -> None:
    assert process.popen.wait(SHUTDOWN_SECONDS + 5) == 0, process.log.read_text()[-2000:]
    assert time.monotonic() - told_at < SHUTDOWN_SECONDS


def test_requests_that_wait_for_the_database_are_answered_before_the_process_ends(
    stack: Stack, sale: Sale, web: tuple[Process, int]
) -> None:
    process, port = web
    hold_ids = [new_id() for _ in range(CONNECTIONS)]

    async def ask_and_stop() -> list[Told]:
        connections = [await asyncio.open_connection("127.0.0.1", port) for _ in hold_ids]
        # Who has the pool's lock keeps every hold waiting, so that all of them are under way when the signal comes.
        async with await psycopg.AsyncConnection.connect(stack.database.url) as connection:
            await connection.execute("SELECT 1 FROM inventory.pools WHERE event_id = %s FOR UPDATE", (sale.event_id,))
            for (_, writer), hold_id in zip(connections, hold_ids, strict=True):
                writer.write(request_of(sale, hold_id))
            await asyncio.gather(*(writer.drain() for _, writer in connections))
            await asyncio.sleep(0.5)
            process.popen.send_signal(signal.SIGTERM)
            await asyncio.sleep(1)
        statuses = await asyncio.gather(*(answer_on(reader) for reader, _ in connections))
        return [Told(hold_id, status) for hold_id, status in zip(hold_ids, statuses, strict=True)]

    told_at = time.monotonic()
    told = asyncio.run(ask_and_stop())

    assert {one.status for one in told} == {200}
    assert taken(stack, hold_ids) == set(hold_ids)
    ends_well(process, told_at)


def test_in_a_rush_nothing_is_taken_for_anybody_who_is_not_told(stack: Stack, sale: Sale, web: tuple[Process, int]) -> None:
    process, port = web
    told: list[Told] = []

    async def shop_until_closed() -> None:
        """One request after the other on one connection, and on a new one when that is closed, until nobody listens."""
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                return
            status = 1
            while status:
                hold_id = new_id()
                writer.write(request_of(sale, hold_id))
                status = await answer_on(reader)
                told.append(Told(hold_id, status))
            writer.close()

    async def rush() -> float:
        shopping = [asyncio.create_task(shop_until_closed()) for _ in range(CONNECTIONS)]
        await asyncio.sleep(RUSH_SECONDS)
        told_at = time.monotonic()
        process.popen.send_signal(signal.SIGTERM)
        await asyncio.gather(*shopping)
        return told_at

    told_at = asyncio.run(rush())

    ends_well(process, told_at)
    statuses = {one.status for one in told}
    assert statuses <= {0, 200}
    assert taken(stack, [one.hold_id for one in told if one.status == 200]) == {one.hold_id for one in told if one.status == 200}
    assert taken(stack, [one.hold_id for one in told if one.status == 0]) == set()


def test_buyers_who_wait_for_news_keep_no_process_from_ending(stack: Stack, sale: Sale, web: tuple[Process, int]) -> None:
    process, port = web
    buyer = Buyer(stack.url)
    order = buyer.order(sale, buyer.hold(sale, 1).json()["hold_id"]).json()
    headers = {"Cookie": f"order={order['secret']}"}

    with (
        httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=SHUTDOWN_SECONDS, verify=PLAIN) as http,
        contextlib.ExitStack() as open_,
    ):
        streams = [open_.enter_context(http.stream("GET", f"/o/{order['order_id']}/news")) for _ in range(WATCHERS)]
        heard = [stream.iter_lines() for stream in streams]
        for lines in heard:
            while not next(lines).startswith("data: "):
                pass
        told_at = time.monotonic()
        process.popen.send_signal(signal.SIGTERM)
        # Each ends as an answer ends, not as a connection that is lost.
        rest = ["".join(lines) for lines in heard]

    assert rest == [""] * WATCHERS
    assert time.monotonic() - told_at < 5
    ends_well(process, told_at)
