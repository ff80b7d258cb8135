"""What buyers do after paying: correct who goes in, within their organizer's limit, and have codes replaced."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from alltickets.access.interface import Outcome
from alltickets.access.rules import Checkpoint, identify, judge, rules_of
from alltickets.access.tables import redemptions
from alltickets.catalog.interface import QuestionKind
from alltickets.catalog.schemas.organizer import EventChange, QuestionCreate
from alltickets.identity.interface import TooManyTries
from alltickets.kernel.ids import new_id
from alltickets.orders.events import HolderCorrected
from alltickets.orders.records import Order
from alltickets.orders.refusals import HoldersInvalid, OrderNotFound, TicketChanged, TicketNotChangeable
from alltickets.orders.rules import Holder, Objection
from alltickets.tickets.events import TicketReissued
from alltickets.tickets.interface import NoSuchTicket, ShownTicket, read_states
from tests.guessing import nearly
from tests.orders.box_office import BoxOffice

BRUNO = Holder("Bruno Díaz", "bruno@example.com", "28999111")


def secret_of(box: BoxOffice, order: Order) -> str:
    return box.orders.secrets.secret_of(box.organizer_id, order.order_id)


async def allow(box: BoxOffice, *, most: int = 1, until_hours: int = 2) -> None:
    """The organizer sets the limit."""
    version = (await box.service.events.read(box.actor, box.event_id)).version
    change = EventChange(version=version, holder_corrections_max=most, holder_corrections_until_hours=until_hours)
    await box.service.events.change(box.actor, box.event_id, change)


async def correct(box: BoxOffice, order: Order, holder: Holder = BRUNO, *, made_on: int = 0, number: int = 1) -> Any:
    ticket = (await box.tickets(order))[number - 1].ticket
    return await box.orders.self_service.correct(order.order_id, secret_of(box, order), ticket.ticket_id, made_on=made_on, holder=holder)


async def objection_at_the_door(box: BoxOffice, shown: ShownTicket) -> Outcome | None:
    """What a door says to this code, as far as the code and the ticket go."""
    event = await box.snapshot()
    keys = await box.process.tickets._keys.of(box.organizer_id, box.event_id)
    rules = rules_of(Checkpoint(new_id(), box.event_id, "Puerta", (), (), (), None, None), event)
    assert shown.code is not None
    token, objection = identify(shown.code, rules.event, keys)
    assert token is not None
    async with box.database.reading(box.organizer_id) as reader:
        states = await read_states(reader, [token.ticket_id])
    at = event.performances[box.performance_id].starts_at
    return objection or judge(token, rules, states[token.ticket_id], at)


async def admit(box: BoxOffice, shown: ShownTicket) -> None:
    """Somebody goes in with the ticket."""
    async with box.database.transaction(box.organizer_id) as tx:
        await tx.execute(
            f"""
            INSERT INTO {redemptions.fullname} (organizer_id, ticket_id, entry_number, scan_id, checkpoint_id, admitted_at)
            VALUES (%(organizer_id)s, %(ticket_id)s, 1, %(id)s, %(id)s, %(now)s)
            """,
            ticket_id=shown.ticket.ticket_id,
            id=new_id(),
            now=box.clock(),
        )


class TestCorrection:
    async def test_somebody_else_goes_in_with_a_new_code_and_the_old_one_stays_outside(self, box: BoxOffice) -> None:
        order = await box.paid(quantity=2, holders=(Holder("Ana Paz"), Holder("Carla Ríos")))
        [before, untouched] = await box.tickets(order)

        shown = await correct(box, order)

        [after, other] = await box.tickets(order)
        assert (shown.holder, shown.corrections_left, shown.objection) == (BRUNO, 0, "used_up")
        assert (after.ticket.holder_name, after.ticket.holder_document, after.ticket.holder_mail) == (
            BRUNO.name,
            BRUNO.document,
            BRUNO.mail,
        )
        assert (await box.read(order.order_id)).holders == (BRUNO, Holder("Carla Ríos"))
        assert [await objection_at_the_door(box, one) for one in (before, after)] == [Outcome.REVOKED, None]
        assert other == untouched
        assert await box.told(HolderCorrected, TicketReissued) == [
            TicketReissued(
                ticket_id=after.ticket.ticket_id,
                order_id=order.order_id,
                event_id=box.event_id,
                serial=2,
                reason="holder corrected",
                is_correction=True,
            ),
            HolderCorrected(
                order_id=order.order_id, event_id=box.event_id, ticket_id=after.ticket.ticket_id, correction=1, has_new_code=True
            ),
        ]

    async def test_what_does_not_say_who_goes_in_leaves_the_code(self, box: BoxOffice) -> None:
        order = await box.paid(holders=(Holder("Ana Paz"),))
        [before] = await box.tickets(order)

        await correct(box, order, Holder("Ana Paz", "ana.paz@example.com"))

        [after] = await box.tickets(order)
        assert (after.code, after.ticket.holder_mail, after.ticket.corrections) == (before.code, "ana.paz@example.com", 1)
        assert await box.told(TicketReissued) == []

    async def test_what_is_said_already_counts_for_nothing_also_when_sent_twice(self, box: BoxOffice) -> None:
        order = await box.paid()
        await correct(box, order)

        shown = await correct(box, order, Holder(f" {BRUNO.name} ", BRUNO.mail, "28.999.111"))

        assert (shown.ticket.corrections, shown.ticket.serial) == (1, 2)
        assert len(await box.told(HolderCorrected)) == 1

    async def test_it_is_written_down_without_what_the_fields_said(self, box: BoxOffice) -> None:
        order = await box.paid(holders=(Holder("Ana Paz"),))

        await correct(box, order)

        [(kind, label, detail)] = await box.rows(
            """
            SELECT actor_kind, actor_label, detail
              FROM identity.audit_entries
             WHERE organizer_id = %(organizer_id)s AND action = 'ticket.holder_corrected'
            """
        )
        assert (kind, label, detail) == (
            "buyer",
            order.number,
            {"order": order.number, "fields": "name, mail, document", "new_code": True},
        )

    async def test_the_questions_are_asked_as_at_the_checkout(self, box: BoxOffice) -> None:
        order = await box.paid(holders=(Holder("Ana Paz"),))
        dni = QuestionCreate(key="dni", label="DNI", kind=QuestionKind.DOCUMENT, required=True)
        await box.service.questions.add(box.actor, box.event_id, dni)

        for holder, faults in (
            (Holder(" ", "x@", "12"), {"holder/name": "required", "holder/mail": "mail", "holder/document": "document"}),
            (Holder("Bruno"), {}),
            (Holder("Bruno", answers={"dni": "12", "shoe": "43"}), {"holder/answers/dni": "document", "holder/answers/shoe": "unknown"}),
        ):
            with pytest.raises(HoldersInvalid) as refused:
                await correct(box, order, holder)
            told = {fault.where: fault.code for fault in refused.value.faults}
            assert told == {"holder/answers/dni": "required", **faults}
        assert (await box.tickets(order))[0].ticket.corrections == 0

    async def test_another_document_in_an_answer_is_another_person(self, box: BoxOffice) -> None:
        dni = QuestionCreate(key="dni", label="DNI", kind=QuestionKind.DOCUMENT, required=True)
        size = QuestionCreate(key="size", label="Talle", kind=QuestionKind.TEXT, required=False)
        for question in (dni, size):
            await box.service.questions.add(box.actor, box.event_id, question)
        await allow(box, most=5)
        order = await box.paid(holders=(Holder("Ana Paz", answers={"dni": "30111222"}),))

        await correct(box, order, Holder("Ana Paz", answers={"dni": "30.111.222", "size": "M"}))
        same = (await box.tickets(order))[0].ticket.serial
        await correct(box, order, Holder("Ana Paz", answers={"dni": "28999111", "size": "M"}), made_on=1)

        assert (same, (await box.tickets(order))[0].ticket.serial) == (1, 2)

    async def test_answers_to_what_is_no_longer_asked_stay(self, box: BoxOffice) -> None:
        size = QuestionCreate(key="size", label="Talle", kind=QuestionKind.TEXT, required=False)
        question = await box.service.questions.add(box.actor, box.event_id, size)
        order = await box.paid(holders=(Holder("Ana Paz", answers={"size": "M"}),))
        await box.service.questions.delete(box.actor, box.event_id, question.question_id)

        await correct(box, order)

        assert (await box.read(order.order_id)).holders[0].answers == {"size": "M"}

    async def test_of_two_at_the_same_time_one_is_made_whichever_process_takes_them(self, box: BoxOffice) -> None:
        await allow(box, most=5)
        order = await box.paid()
        other = box.other_process()
        ticket_id = (await box.tickets(order))[0].ticket.ticket_id

        outcomes = await asyncio.gather(
            *(
                one.orders.self_service.correct(
                    order.order_id, secret_of(box, order), ticket_id, made_on=0, holder=Holder(f"Nadie {number}")
                )
                for number, one in enumerate([box, other] * 4)
            ),
            return_exceptions=True,
        )

        assert sum(isinstance(one, TicketChanged) for one in outcomes) == 7
        assert (await box.tickets(order))[0].ticket.corrections == 1

    async def test_it_is_for_whoever_has_the_secret_and_for_tickets_of_the_order(self, box: BoxOffice) -> None:
        order, other = await box.paid(), await box.paid()
        [ticket], [theirs] = await box.tickets(order), await box.tickets(other)
        service, secret = box.orders.self_service, secret_of(box, order)

        with pytest.raises(OrderNotFound):
            await service.correct(order.order_id, nearly(secret), ticket.ticket.ticket_id, made_on=0, holder=BRUNO)
        with pytest.raises(OrderNotFound):
            await service.correct(other.order_id, secret, theirs.ticket.ticket_id, made_on=0, holder=BRUNO)
        with pytest.raises(NoSuchTicket):
            await service.correct(order.order_id, secret, theirs.ticket.ticket_id, made_on=0, holder=BRUNO)


class TestLimits:
    async def test_the_organizer_says_how_often(self, box: BoxOffice) -> None:
        await allow(box, most=2)
        order = await box.paid()

        for made_on in (0, 1):
            await correct(box, order, Holder(f"Nadie {made_on}"), made_on=made_on)

        with pytest.raises(TicketNotChangeable, match="as often as"):
            await correct(box, order, Holder("Nadie 2"), made_on=2)

    async def test_zero_is_never(self, box: BoxOffice) -> None:
        await allow(box, most=0)
        order = await box.paid()

        with pytest.raises(TicketNotChangeable) as refused:
            await correct(box, order)

        assert refused.value.objection == "not_allowed"

    @pytest.mark.parametrize(
        ("minutes_before", "objection"), [(181, None), (180, "too_late"), (0, "too_late"), (-179, "too_late"), (-180, "over")]
    )
    async def test_the_organizer_says_until_when(self, box: BoxOffice, minutes_before: int, objection: str | None) -> None:
        await allow(box, until_hours=3)
        order = await box.paid()
        starts_at = (await box.snapshot()).performances[box.performance_id].starts_at
        box.clock.advance(seconds=(starts_at - box.clock()).total_seconds() - minutes_before * 60)

        [ticket] = await box.tickets(order)
        shown = await box.orders.self_service.holder(order.order_id, secret_of(box, order), ticket.ticket.ticket_id)

        assert shown.objection == objection
        assert shown.reissue_objection == ("over" if objection == "over" else None)

    async def test_who_went_in_stays_who_they_were(self, box: BoxOffice) -> None:
        order = await box.paid()
        [ticket] = await box.tickets(order)
        await admit(box, ticket)

        with pytest.raises(TicketNotChangeable) as refused:
            await correct(box, order)
        with pytest.raises(TicketNotChangeable) as refused_too:
            await box.orders.self_service.reissue(order.order_id, secret_of(box, order), ticket.ticket.ticket_id, serial=1)

        assert (refused.value.objection, refused_too.value.objection) == ("admitted", "admitted")

    @pytest.mark.parametrize("what", ["refunded", "cancelled", "performance"])
    async def test_nothing_is_changed_of_what_is_over(self, box: BoxOffice, what: str) -> None:
        order = await box.paid()
        ends: dict[str, Callable[[], Any]] = {
            "refunded": lambda: box.refund(order),
            "cancelled": lambda: box.orders.back_office.cancel(box.actor, order.order_id, "…"),
            "performance": lambda: box.service.performances.cancel(box.actor, box.event_id, box.performance_id, ""),
        }
        await ends[what]()

        with pytest.raises(TicketNotChangeable) as refused:
            await correct(box, order)

        assert refused.value.objection == ("called_off" if what == "performance" else "order_over")


class TestReissue:
    async def test_the_new_code_lets_in_and_the_old_one_does_not(self, box: BoxOffice) -> None:
        order = await box.paid()
        [before] = await box.tickets(order)
        reissue, secret = box.orders.self_service.reissue, secret_of(box, order)

        after = await reissue(order.order_id, secret, before.ticket.ticket_id, serial=1)
        again = await reissue(order.order_id, secret, before.ticket.ticket_id, serial=1)

        assert [await objection_at_the_door(box, one) for one in (before, after)] == [Outcome.REVOKED, None]
        assert again == after
        assert (after.ticket.holder_name, after.ticket.corrections) == (before.ticket.holder_name, 0)

    async def test_it_is_limited_by_order(self, box: BoxOffice) -> None:
        order, other = await box.paid(), await box.paid()
        [ticket], [another] = await box.tickets(order), await box.tickets(other)
        reissue = box.orders.self_service.reissue

        for serial in range(1, 6):
            await reissue(order.order_id, secret_of(box, order), ticket.ticket.ticket_id, serial=serial)

        with pytest.raises(TooManyTries):
            await reissue(order.order_id, secret_of(box, order), ticket.ticket.ticket_id, serial=6)
        await reissue(other.order_id, secret_of(box, other), another.ticket.ticket_id, serial=1)


def test_every_objection_is_a_sentence() -> None:
    assert all(str(TicketNotChangeable(one)) for one in Objection)
