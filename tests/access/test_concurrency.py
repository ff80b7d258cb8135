"""One ticket at many doors at the same moment: the race is there, and the unique index decides it."""

import asyncio
import random
from collections import Counter
from uuid import UUID

from alltickets.access.events import AdmissionRefused, TicketAdmitted
from alltickets.access.rules import Outcome
from alltickets.access.schemas import ScanAnswer
from alltickets.kernel.ids import new_id
from tests.access.conftest import House
from tests.stream import events_of

DOORS = 50


async def redemptions_of(house: House) -> list[UUID]:
    async with house.database.reading(house.organizer_id) as reader:
        rows = await reader.fetch_tuples("SELECT ticket_id FROM access.redemptions WHERE organizer_id = %(organizer_id)s")
    return [ticket_id for (ticket_id,) in rows]


async def test_reading_first_and_writing_then_would_let_two_in(house: House) -> None:
    ticket, _ = await house.make_ticket()
    both_have_read = asyncio.Barrier(2)

    async def let_in_if_unused(door: int) -> bool:
        async with house.database.transaction(house.organizer_id) as tx:
            used = await tx.fetch_tuples(
                "SELECT 1 FROM access.redemptions WHERE organizer_id = %(organizer_id)s AND ticket_id = %(ticket_id)s",
                ticket_id=ticket.ticket_id,
            )
            await both_have_read.wait()
            if used:
                return False
            # An entry number of the door's own is what a table without the unique index would allow.
            await tx.execute(
                """
                INSERT INTO access.redemptions (organizer_id, ticket_id, entry_number, scan_id, checkpoint_id, admitted_at)
                VALUES (%(organizer_id)s, %(ticket_id)s, %(door)s, %(scan_id)s, %(checkpoint_id)s, now())
                """,
                ticket_id=ticket.ticket_id,
                door=door,
                scan_id=new_id(),
                checkpoint_id=house.checkpoint_id,
            )
            return True

    assert list(await asyncio.gather(let_in_if_unused(1), let_in_if_unused(2))) == [True, True]


async def test_a_ticket_scanned_at_fifty_doors_at_once_lets_one_in(house: House) -> None:
    ticket, code = await house.make_ticket()
    processes = house.processes(10)

    answers = await asyncio.gather(*(processes[door % 10].scan(house.device, house.request(code)) for door in range(DOORS)))

    admitted = [one for one in answers if one.outcome is Outcome.ADMITTED]
    refused = [one for one in answers if one.outcome is Outcome.ALREADY_USED]
    assert (len(admitted), len(refused)) == (1, DOORS - 1)
    assert {one.first.checkpoint_id for one in refused if one.first is not None} == {house.checkpoint_id}
    assert await redemptions_of(house) == [ticket.ticket_id]
    counters = await house.access.counters(house.device, house.checkpoint_id)
    assert (counters.admitted, counters.refused) == (1, DOORS - 1)
    assert len(await events_of(house.database, house.organizer_id, TicketAdmitted)) == 1
    assert len(await events_of(house.database, house.organizer_id, AdmissionRefused)) == DOORS - 1


async def test_one_scan_sent_to_every_process_at_once_is_one_scan(house: House) -> None:
    _, code = await house.make_ticket()
    request = house.request(code)

    answers = await asyncio.gather(*(access.scan(house.device, request) for access in house.processes(10) for _ in range(3)))

    assert {one.outcome for one in answers} == {Outcome.ADMITTED}
    counters = await house.access.counters(house.device, house.checkpoint_id)
    assert (counters.admitted, counters.refused) == (1, 0)


async def test_many_doors_with_the_same_tickets_in_any_order_let_each_in_once_and_never_deadlock(house: House) -> None:
    made = await house.make_tickets(40)
    codes = [code for _, code in made]

    async def one_door(seed: int) -> list[ScanAnswer]:
        [access] = house.processes(1)
        order = random.Random(seed).sample(codes, len(codes))
        return list(await asyncio.gather(*(access.scan(house.device, house.request(code)) for code in order)))

    answers = [answer for door in await asyncio.gather(*(one_door(seed) for seed in range(8))) for answer in door]

    counts = Counter(answer.outcome for answer in answers)
    assert counts == {Outcome.ADMITTED: 40, Outcome.ALREADY_USED: 7 * 40}
    assert {answer.ticket_id for answer in answers if answer.outcome is Outcome.ADMITTED} == {ticket.ticket_id for ticket, _ in made}
    assert sorted(await redemptions_of(house)) == sorted(ticket.ticket_id for ticket, _ in made)
