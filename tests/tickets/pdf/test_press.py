"""Printing beside everything else that a process does."""

import asyncio

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


async def test_who_asks_when_too_many_wait_is_sent_away() -> None:
    press = Press(waiting_max=1)

    answers = await asyncio.gather(*[press.print(make_order()) for _ in range(3)], return_exceptions=True)
    later = await press.print(make_order())
    press.close()

    assert [type(answer) for answer in answers] == [bytes, bytes, Overloaded]
    assert later == answers[0]


async def test_a_document_that_fails_makes_room_for_the_next() -> None:
    press = Press(waiting_max=0)

    with pytest.raises(AssertionError):
        await press.print(make_order(tickets=()))

    assert await press.print(make_order())
    press.close()
