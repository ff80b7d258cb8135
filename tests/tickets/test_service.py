"""Issuing, revoking and reissuing on the real database."""

import asyncio
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from alltickets.catalog.interface import CatalogService
from alltickets.identity.interface import Actor
from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.platform.database import Database
from alltickets.tickets.events import TicketReissued, TicketRevoked, TicketsIssued
from alltickets.tickets.interface import (
    EventKeys,
    IssueTicket,
    NoSuchTicket,
    ReplacedTooOften,
    Revocation,
    Ticket,
    TicketIsRevoked,
    Tickets,
    TicketStatus,
    issue,
    read_code,
    read_states,
    revoke,
    revoke_of_orders,
)
from alltickets.tickets.token import SERIAL_MAX, SignedToken
from tests.conftest import SettableClock
from tests.stream import events_of
from tests.tickets.conftest import MakeRequest, make_event
from tests.tickets.verification import is_genuine


async def issue_now(database: Database, organizer_id: UUID, clock: SettableClock, *requests: IssueTicket) -> list[Ticket]:
    async with database.transaction(organizer_id) as tx:
        return await issue(tx, requests, now=clock())


async def token_shown(tickets: Tickets, organizer_id: UUID, ticket: Ticket) -> SignedToken:
    shown = await tickets.shown(organizer_id, ticket.order_id, ticket.ticket_id)
    assert shown.code is not None
    read = read_code(shown.code)
    assert isinstance(read, SignedToken)
    return read


async def test_issued_tickets_are_what_was_asked_for(
    database: Database, organizer_id: UUID, clock: SettableClock, tickets: Tickets, make_request: MakeRequest
) -> None:
    requests = [
        make_request(number=1, seat_label="A-7", holder_document="30111222", holder_mail="ana@example.com"),
        make_request(number=2, holder_name="Beto “Ñ” <Ríos>", price=Money(0, "ARS")),
    ]

    issued = await issue_now(database, organizer_id, clock, *requests)

    read = [one.ticket for one in await tickets.shown_of_order(organizer_id, requests[0].order_id)]
    assert read == issued
    assert [(one.number, one.seat_label, one.holder_name, one.price_minor, one.serial) for one in read] == [
        (1, "A-7", "Ana Paz", 1_000_000, 1),
        (2, None, "Beto “Ñ” <Ríos>", 0, 1),
    ]
    assert {one.status for one in read} == {TicketStatus.VALID}


async def test_the_same_order_numbers_again_issue_nothing_twice_and_tell_nobody_twice(
    database: Database, organizer_id: UUID, clock: SettableClock, make_request: MakeRequest
) -> None:
    requests = [make_request(number=1), make_request(number=2)]
    first = await issue_now(database, organizer_id, clock, *requests)

    second = await issue_now(database, organizer_id, clock, make_request(number=3), *reversed(requests))

    assert second[1:] == first[::-1]
    events = await events_of(database, organizer_id, TicketsIssued)
    assert [[part.number for part in event.tickets] for event in events if isinstance(event, TicketsIssued)] == [[1, 2], [3]]


async def test_a_number_that_stands_twice_in_one_batch_is_one_ticket(
    database: Database, organizer_id: UUID, clock: SettableClock, make_request: MakeRequest
) -> None:
    first, second = await issue_now(database, organizer_id, clock, make_request(), make_request())

    assert first == second


async def test_processes_that_fulfil_the_same_order_at_once_issue_its_tickets_once(
    database: Database, organizer_id: UUID, clock: SettableClock, make_request: MakeRequest
) -> None:
    requests = [make_request(number=number) for number in range(1, 5)]

    results = await asyncio.gather(*(issue_now(database, organizer_id, clock, *requests) for _ in range(10)))

    assert {tuple(ticket.ticket_id for ticket in result) for result in results} == {tuple(ticket.ticket_id for ticket in results[0])}
    assert len(await events_of(database, organizer_id, TicketsIssued)) == 1


async def test_a_batch_of_many_orders_is_one_statement_and_an_event_for_each_order(
    database: Database, organizer_id: UUID, clock: SettableClock, make_request: MakeRequest
) -> None:
    requests = [make_request(order_id=order_id, number=number) for order_id in [new_id() for _ in range(20)] for number in (1, 2)]

    issued = await issue_now(database, organizer_id, clock, *requests)

    assert [ticket.order_id for ticket in issued] == [request.order_id for request in requests]
    assert len(await events_of(database, organizer_id, TicketsIssued)) == 20


async def test_what_is_rolled_back_was_never_issued(
    database: Database, organizer_id: UUID, clock: SettableClock, tickets: Tickets, make_request: MakeRequest
) -> None:
    request = make_request()

    async def fail_after_issuing() -> None:
        async with database.transaction(organizer_id) as tx:
            await issue(tx, [request], now=clock())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_after_issuing()

    assert await tickets.shown_of_order(organizer_id, request.order_id) == []
    assert await events_of(database, organizer_id, TicketsIssued) == []


async def test_a_shown_code_is_genuine_and_says_what_the_ticket_is(
    database: Database, organizer_id: UUID, clock: SettableClock, tickets: Tickets, keys: EventKeys, make_request: MakeRequest
) -> None:
    [ticket] = await issue_now(database, organizer_id, clock, make_request())

    read = await token_shown(tickets, organizer_id, ticket)

    public = await keys.of(organizer_id, ticket.event_id)
    assert is_genuine(read, Ed25519PublicKey.from_public_bytes(public[read.token.key_number].public_key))
    assert (read.token.ticket_id, read.token.serial) == (ticket.ticket_id, 1)
    assert ticket.sector_id.bytes.endswith(read.token.sector)
    assert await token_shown(tickets, organizer_id, ticket) == read


async def test_a_ticket_is_not_shown_to_another_order_or_organizer(
    database: Database, organizer_id: UUID, clock: SettableClock, tickets: Tickets, make_request: MakeRequest
) -> None:
    [ticket] = await issue_now(database, organizer_id, clock, make_request())

    for organizer, order in ((organizer_id, new_id()), (new_id(), ticket.order_id)):
        with pytest.raises(NoSuchTicket):
            await tickets.shown(organizer, order, ticket.ticket_id)


async def test_a_revoked_ticket_has_no_code_and_says_why(
    database: Database, organizer_id: UUID, clock: SettableClock, tickets: Tickets, make_request: MakeRequest
) -> None:
    kept, revoked = await issue_now(database, organizer_id, clock, make_request(number=1), make_request(number=2))

    async with database.transaction(organizer_id) as tx:
        assert await revoke(tx, [revoked.ticket_id, new_id()], reason=Revocation.FRAUD, now=clock()) == [revoked.ticket_id]
        assert await revoke(tx, [revoked.ticket_id], reason=Revocation.MISTAKE, now=clock()) == []

    shown = await tickets.shown_of_order(organizer_id, kept.order_id)
    assert [one.code is None for one in shown] == [False, True]
    assert shown[1].ticket.revoked_reason is Revocation.FRAUD
    assert shown[1].ticket.revoked_at == clock()
    [event] = await events_of(database, organizer_id, TicketRevoked)
    assert event == TicketRevoked(ticket_id=revoked.ticket_id, order_id=kept.order_id, event_id=kept.event_id, reason="fraud")


async def test_refunded_orders_lose_all_their_tickets_and_no_others(
    database: Database, organizer_id: UUID, clock: SettableClock, make_request: MakeRequest
) -> None:
    refunded, kept = new_id(), new_id()
    requests = [make_request(order_id=order, number=number) for order in (refunded, kept) for number in (1, 2)]
    issued = await issue_now(database, organizer_id, clock, *requests)

    async with database.transaction(organizer_id) as tx:
        revoked = await revoke_of_orders(tx, [refunded], reason=Revocation.REFUNDED, now=clock())
        states = await read_states(tx, [ticket.ticket_id for ticket in issued])

    assert set(revoked) == {ticket.ticket_id for ticket in issued if ticket.order_id == refunded}
    assert [states[ticket.ticket_id].is_revoked for ticket in issued] == [True, True, False, False]


async def test_a_reissued_ticket_shows_a_code_of_the_next_serial(
    database: Database, organizer_id: UUID, clock: SettableClock, tickets: Tickets, actor: Actor, make_request: MakeRequest
) -> None:
    [ticket] = await issue_now(database, organizer_id, clock, make_request())

    reissued = await tickets.reissue(actor, ticket.ticket_id, serial=1, reason="the telephone was stolen")

    assert reissued.serial == 2
    assert (await token_shown(tickets, organizer_id, ticket)).token.serial == 2
    [event] = await events_of(database, organizer_id, TicketReissued)
    assert isinstance(event, TicketReissued)
    assert event.serial == 2


async def test_a_reissue_that_is_sent_twice_replaces_one_code(
    database: Database, organizer_id: UUID, clock: SettableClock, tickets: Tickets, actor: Actor, make_request: MakeRequest
) -> None:
    [ticket] = await issue_now(database, organizer_id, clock, make_request())

    again = [await tickets.reissue(actor, ticket.ticket_id, serial=1, reason="lost") for _ in range(2)]

    assert [one.serial for one in again] == [2, 2]
    assert len(await events_of(database, organizer_id, TicketReissued)) == 1


async def test_a_revoked_ticket_is_not_reissued(
    database: Database, organizer_id: UUID, clock: SettableClock, tickets: Tickets, actor: Actor, make_request: MakeRequest
) -> None:
    [ticket] = await issue_now(database, organizer_id, clock, make_request())
    revoked = [await tickets.revoke(actor, ticket.ticket_id, Revocation.CANCELLED) for _ in range(2)]
    assert {one.status for one in revoked} == {TicketStatus.REVOKED}

    with pytest.raises(TicketIsRevoked, match="cancelled"):
        await tickets.reissue(actor, ticket.ticket_id, serial=1, reason="lost")


async def test_serials_do_not_run_over(tickets: Tickets, actor: Actor) -> None:
    with pytest.raises(ReplacedTooOften):
        await tickets.reissue(actor, new_id(), serial=SERIAL_MAX, reason="lost")


async def test_another_organizers_ticket_does_not_exist(
    database: Database, organizer_id: UUID, clock: SettableClock, tickets: Tickets, make_request: MakeRequest
) -> None:
    [ticket] = await issue_now(database, organizer_id, clock, make_request())
    stranger = Actor.system(new_id(), "stranger")

    with pytest.raises(NoSuchTicket):
        await tickets.revoke(stranger, ticket.ticket_id, Revocation.FRAUD)
    with pytest.raises(NoSuchTicket):
        await tickets.reissue(stranger, ticket.ticket_id, serial=1, reason="lost")


async def test_an_events_tickets_page_by_key_and_by_status(
    database: Database,
    organizer_id: UUID,
    clock: SettableClock,
    tickets: Tickets,
    catalog_service: CatalogService,
    actor: Actor,
    make_request: MakeRequest,
) -> None:
    event_id = await make_event(catalog_service, actor)
    requests = [make_request(event_id=event_id, number=number) for number in range(1, 6)]
    issued = await issue_now(database, organizer_id, clock, *requests)
    await issue_now(database, organizer_id, clock, make_request(event_id=new_id(), order_id=new_id()))
    async with database.transaction(organizer_id) as tx:
        await revoke(tx, [issued[2].ticket_id], reason=Revocation.FRAUD, now=clock())

    first = await tickets.list_of_event(organizer_id, event_id, status=None, cursor=None, size=3)
    rest = await tickets.list_of_event(organizer_id, event_id, status=None, cursor=first.next, size=3)
    revoked = await tickets.list_of_event(organizer_id, event_id, status=TicketStatus.REVOKED, cursor=None, size=3)

    assert [one.number for one in [*first.items, *rest.items]] == [1, 2, 3, 4, 5]
    assert rest.next is None
    assert [one.number for one in revoked.items] == [3]
