"""Scanning on the real database: what each kind of ticket meets at the door."""

from datetime import timedelta

import pytest

from alltickets.access.events import AdmissionRefused, TicketAdmitted
from alltickets.access.rules import CheckpointInvalid, NoSuchCheckpoint, Outcome, ScanConflict
from alltickets.access.schemas import CheckpointPut, Counters, FirstAdmission, ScanAnswer
from alltickets.catalog.interface import EventNotFound
from alltickets.identity.interface import Actor, DeviceActor
from alltickets.kernel.ids import new_id
from alltickets.tickets.interface import Revocation
from tests.access.conftest import House
from tests.stream import events_of


async def test_a_ticket_lets_in_once_and_then_says_when_and_where_it_did(house: House) -> None:
    ticket, code = await house.make_ticket(seat_label="A-7")
    first_scan = house.request(code)

    first = await house.access.scan(house.device, first_scan)
    entered_at = house.clock()
    house.clock.advance(minutes=5)
    second = await house.scan(code, checkpoint_id=await house.put_checkpoint(new_id(), name="Puerta 2"))

    assert first.outcome is Outcome.ADMITTED
    assert (first.ticket_id, first.holder_name, first.seat_label) == (ticket.ticket_id, "Ana Paz", "A-7")
    assert second.outcome is Outcome.ALREADY_USED
    assert second.first == FirstAdmission(entered_at, house.checkpoint_id, "Puerta 1")
    assert not second.conflict


async def test_a_repeated_scan_gets_its_first_answer_and_counts_once(house: House) -> None:
    _, code = await house.make_ticket()
    request, too_late = house.request(code), house.request(code)

    answers = [await house.access.scan(house.device, request) for _ in range(3)]
    refusals = [await house.access.scan(house.device, too_late) for _ in range(2)]

    assert answers[0].outcome is Outcome.ADMITTED
    assert answers == [answers[0]] * 3
    assert refusals[0].outcome is Outcome.ALREADY_USED
    assert refusals == [refusals[0]] * 2
    assert await house.access.counters(house.device, house.checkpoint_id) == Counters(house.checkpoint_id, 1, 1, 0)
    assert len(await events_of(house.database, house.organizer_id, TicketAdmitted, AdmissionRefused)) == 2


async def test_a_repeated_scan_gets_its_first_answer_though_the_ticket_was_revoked_since(house: House) -> None:
    ticket, code = await house.make_ticket()
    request = house.request(code)
    await house.access.scan(house.device, request)
    await house.tickets.revoke(house.actor, ticket.ticket_id, Revocation.REFUNDED)

    again = await house.access.scan(house.device, request)

    assert again.outcome is Outcome.ADMITTED


async def test_a_scan_id_is_not_used_for_another_code_or_another_checkpoint(house: House) -> None:
    (_, code), (_, other_code) = await house.make_tickets(2)
    request = house.request(code)
    await house.access.scan(house.device, request)

    for misuse in (
        house.request(other_code, scan_id=request.scan_id),
        house.request(code, scan_id=request.scan_id, checkpoint_id=await house.put_checkpoint(new_id())),
    ):
        with pytest.raises(ScanConflict):
            await house.access.scan(house.device, misuse)

    assert (await house.scan(other_code)).outcome is Outcome.ADMITTED


async def test_a_revoked_ticket_and_a_replaced_code_do_not_let_in_and_the_new_code_does(house: House) -> None:
    (revoked, revoked_code), (reissued, old_code) = await house.make_tickets(2)
    await house.tickets.revoke(house.actor, revoked.ticket_id, Revocation.FRAUD)
    await house.tickets.reissue(house.actor, reissued.ticket_id, serial=1, reason="lost")
    new_code = (await house.tickets.shown(house.organizer_id, reissued.order_id, reissued.ticket_id)).code or ""

    outcomes = [(await house.scan(code)).outcome for code in (revoked_code, old_code, new_code)]

    assert outcomes == [Outcome.REVOKED, Outcome.REVOKED, Outcome.ADMITTED]


async def test_codes_of_a_replaced_key_do_not_let_in_and_the_new_ones_do(house: House) -> None:
    ticket, old_code = await house.make_ticket()
    await house.tickets.replace_event_key(house.actor, house.event_id, 1)
    new_code = (await house.tickets.shown(house.organizer_id, ticket.order_id, ticket.ticket_id)).code or ""

    outcomes = [(await house.scan(code)).outcome for code in (old_code, new_code)]

    assert outcomes == [Outcome.REVOKED, Outcome.ADMITTED]


async def test_a_forged_code_another_events_and_a_menu_are_told_apart(house: House) -> None:
    _, code = await house.make_ticket()
    forged = code[:-2] + ("00" if code[-2:] != "00" else "11")
    other_event = await House(**{**house.__dict__, "checkpoint_id": new_id()}).set_up()
    _, other_code = await other_event.make_ticket()

    answers = [await house.scan(one) for one in (forged, other_code, "https://example.com/menu", "")]

    assert [one.outcome for one in answers] == [Outcome.FORGED, Outcome.WRONG_EVENT, Outcome.UNKNOWN, Outcome.UNKNOWN]
    assert {one.ticket_id for one in answers} == {None}


async def test_a_genuine_code_of_a_ticket_that_is_not_in_the_database_is_unknown(house: House) -> None:
    _, code = await house.make_ticket()
    async with house.database.transaction(house.organizer_id) as tx:
        await tx.execute("DELETE FROM tickets.tickets WHERE organizer_id = %(organizer_id)s")

    assert (await house.scan(code)).outcome is Outcome.UNKNOWN


async def test_a_checkpoint_lets_in_its_own_performances_sectors_and_ticket_types_only(house: House) -> None:
    await house.put_checkpoint(
        house.checkpoint_id,
        performance_ids=(house.performance_id,),
        ticket_type_ids=(house.ticket_type_id,),
        sector_ids=(house.sector_id,),
    )
    tickets = [
        await house.make_ticket(),
        await house.make_ticket(performance_id=house.later_performance_id),
        await house.make_ticket(ticket_type_id=house.other_ticket_type_id),
        await house.make_ticket(sector_id=house.other_sector_id),
    ]

    outcomes = [(await house.scan(code)).outcome for _, code in tickets]

    assert outcomes == [Outcome.ADMITTED, Outcome.WRONG_PERFORMANCE, Outcome.WRONG_TICKET_TYPE, Outcome.WRONG_SECTOR]


async def test_each_performance_lets_in_in_its_own_time_and_says_when_that_is(house: House) -> None:
    _, tomorrow = await house.make_ticket(performance_id=house.later_performance_id)
    _, today = await house.make_ticket()
    start = house.clock()

    early = await house.scan(tomorrow)
    house.clock.advance(hours=22)
    late = await house.scan(today)
    in_time = await house.scan(tomorrow)

    assert (early.outcome, early.opens_at) == (Outcome.NOT_YET_VALID, start + timedelta(hours=21))
    assert (late.outcome, late.closes_at) == (Outcome.EXPIRED, start + timedelta(hours=2))
    assert in_time.outcome is Outcome.ADMITTED


async def test_a_checkpoint_with_times_of_its_own_keeps_those(house: House) -> None:
    _, code = await house.make_ticket(performance_id=house.later_performance_id)
    now = house.clock()
    await house.put_checkpoint(house.checkpoint_id, opens_at=now, closes_at=now + timedelta(minutes=1))

    assert (await house.scan(code)).outcome is Outcome.ADMITTED


async def test_a_scan_that_waited_in_the_device_is_judged_by_when_it_was_made(house: House) -> None:
    (_, in_time), (_, too_late), (_, from_the_future) = await house.make_tickets(3)
    made_at = house.clock()
    house.clock.advance(hours=5)

    answers = [
        await house.scan(in_time, scanned_at=made_at),
        await house.scan(too_late, scanned_at=made_at + timedelta(hours=4)),
        await house.scan(from_the_future, scanned_at=house.clock() + timedelta(days=1)),
    ]

    assert [one.outcome for one in answers] == [Outcome.ADMITTED, Outcome.EXPIRED, Outcome.EXPIRED]
    assert [one.scanned_at for one in answers] == [made_at, made_at + timedelta(hours=4), house.clock()]


async def test_two_doors_that_were_cut_off_and_let_the_same_ticket_in_make_a_conflict(house: House) -> None:
    ticket, code = await house.make_ticket()
    other_door = await house.put_checkpoint(new_id(), name="Puerta 2")
    let_in = house.request(code, admitted_offline=True, scanned_at=house.clock())
    let_in_again = house.request(code, admitted_offline=True, scanned_at=house.clock(), checkpoint_id=other_door)

    first, second = await house.access.scan(house.device, let_in), await house.access.scan(house.device, let_in_again)

    assert (first.outcome, first.conflict) == (Outcome.ADMITTED, False)
    assert (second.outcome, second.conflict) == (Outcome.ALREADY_USED, True)
    [conflict] = (await house.access.conflicts(house.actor, house.event_id, cursor=None, size=10)).items
    assert (conflict.scan_id, conflict.ticket_id, conflict.checkpoint_id) == (let_in_again.scan_id, ticket.ticket_id, other_door)
    assert (conflict.first_scan_id, conflict.first_checkpoint_id) == (let_in.scan_id, house.checkpoint_id)
    assert await house.access.counters(house.device, other_door) == Counters(other_door, 0, 1, 1)
    [refused] = await events_of(house.database, house.organizer_id, AdmissionRefused)
    assert isinstance(refused, AdmissionRefused)
    assert refused.conflict


async def test_a_revoked_ticket_that_a_cut_off_door_let_in_is_a_conflict_too(house: House) -> None:
    ticket, code = await house.make_ticket()
    await house.tickets.revoke(house.actor, ticket.ticket_id, Revocation.REFUNDED)

    answer = await house.scan(code, admitted_offline=True)

    assert (answer.outcome, answer.conflict) == (Outcome.REVOKED, True)


async def test_a_batch_answers_each_scan_in_order_and_sent_again_changes_nothing(house: House) -> None:
    made = await house.make_tickets(60)
    requests = [house.request(code) for _, code in made]
    requests += [house.request(made[0][1]), house.request("menu"), house.request(made[1][1], checkpoint_id=new_id())]

    first = await house.access.scan_batch(house.device, requests)
    second = await house.access.scan_batch(house.device, requests)

    outcomes = [one.outcome for one in first if isinstance(one, ScanAnswer)]
    assert outcomes == [Outcome.ADMITTED] * 60 + [Outcome.ALREADY_USED, Outcome.UNKNOWN]
    assert isinstance(first[-1], NoSuchCheckpoint)
    assert second[:-1] == first[:-1]
    assert await house.access.counters(house.device, house.checkpoint_id) == Counters(house.checkpoint_id, 60, 2, 0)


async def test_events_tell_who_went_in_and_who_did_not(house: House) -> None:
    ticket, code = await house.make_ticket()
    admitted, refused = house.request(code), house.request("menu")

    for request in (admitted, refused):
        await house.access.scan(house.device, request)

    assert await events_of(house.database, house.organizer_id, TicketAdmitted, AdmissionRefused) == [
        TicketAdmitted(
            scan_id=admitted.scan_id,
            event_id=house.event_id,
            checkpoint_id=house.checkpoint_id,
            ticket_id=ticket.ticket_id,
            performance_id=house.performance_id,
            ticket_type_id=house.ticket_type_id,
            sector_id=house.sector_id,
            scanned_at=house.clock(),
        ),
        AdmissionRefused(
            scan_id=refused.scan_id,
            event_id=house.event_id,
            checkpoint_id=house.checkpoint_id,
            ticket_id=None,
            outcome="unknown",
            conflict=False,
            scanned_at=house.clock(),
        ),
    ]


async def test_a_checkpoint_is_not_there_for_strangers_or_for_devices_of_other_events(house: House) -> None:
    _, code = await house.make_ticket()
    strangers = [
        DeviceActor(house.organizer_id, new_id(), new_id(), "of another event"),
        DeviceActor(new_id(), new_id(), None, "of another organizer"),
    ]

    for device in strangers:
        with pytest.raises(NoSuchCheckpoint):
            await house.access.scan(device, house.request(code))
        with pytest.raises(NoSuchCheckpoint):
            await house.access.counters(device, house.checkpoint_id)
        with pytest.raises(EventNotFound):
            await house.access.checkpoints(device, house.event_id)
    with pytest.raises(EventNotFound):
        await house.access.conflicts(Actor.system(new_id(), "stranger"), house.event_id, cursor=None, size=10)


async def test_a_device_of_the_event_scans_and_sees_its_checkpoints(house: House) -> None:
    _, code = await house.make_ticket()
    device = DeviceActor(house.organizer_id, new_id(), house.event_id, "of this event")

    answer = await house.access.scan(device, house.request(code))

    assert answer.outcome is Outcome.ADMITTED
    [checkpoint] = await house.access.checkpoints(device, house.event_id)
    assert (checkpoint.name, checkpoint.admitted, checkpoint.refused) == ("Puerta 1", 1, 0)


async def test_a_checkpoint_that_names_what_the_event_has_not_is_refused_with_every_fault(house: House) -> None:
    now = house.clock()
    strange = CheckpointPut("Puerta", (new_id(),), (new_id(),), (new_id(), house.sector_id), now, now)

    with pytest.raises(CheckpointInvalid) as invalid:
        await house.access.put_checkpoint(house.actor, house.event_id, new_id(), strange)

    assert len(invalid.value.faults) == 4


async def test_a_checkpoint_does_not_change_its_event(house: House) -> None:
    other_event = await House(**{**house.__dict__, "checkpoint_id": new_id()}).set_up()

    with pytest.raises(NoSuchCheckpoint):
        await other_event.put_checkpoint(house.checkpoint_id)
