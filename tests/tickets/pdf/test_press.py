"""Printing beside everything else that a process does."""

import asyncio
from zoneinfo import ZoneInfoNotFoundError

import pytest

from alltickets.platform.coalescer import Overloaded
from alltickets.tickets.pdf.press import Press
from alltickets.tickets.pdf.render import tickets_pdf
from tests.tickets.pdf.printing import make_order, make_ticket


async def test_documents_are_printed_while_the_loop_goes_on() -> None:
    press = Press()
    order = make_order(*[make_ticket(number) for number in range(1, 11)])

    printing = asyncio.create_task(press.print(order))
    turns = 0
    while not printing.done():
        turns += 1
        await asyncio.sleep(0)
    press.close()

    assert turns > 10
    assert printing.result() == tickets_pdf(order)


async def test_who_asks_when_too_many_pages_are_waited_for_is_sent_away() -> None:
    press = Press(pages_max=3)
    two_pages = make_order(make_ticket(1), make_ticket(2))

    answers = await asyncio.gather(*[press.print(two_pages) for _ in range(3)], return_exceptions=True)
    later = await press.print(two_pages)
    press.close()

    assert [type(answer) for answer in answers] == [bytes, bytes, Overloaded]
    assert later == answers[0]


async def test_a_document_that_fails_makes_room_for_the_next() -> None:
    press = Press(pages_max=1)
    unknown_zone = make_order(timezone="America/Nowhere")

    with pytest.raises(ZoneInfoNotFoundError):
        await press.print(unknown_zone)

    assert await press.print(make_order())
    press.close()
