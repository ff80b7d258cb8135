"""What organizers decide about prices, and quotes made of it."""

import asyncio
from uuid import UUID

import pytest

from alltickets.catalog.events import StockPlanned
from alltickets.catalog.interface import EventNotFound, EventSnapshot, InvalidDetails, TicketTypeNotFound, VersionConflict
from alltickets.identity.interface import Actor
from alltickets.inventory.handlers import subscription
from alltickets.inventory.interface import Levels
from alltickets.kernel.ids import new_id
from alltickets.platform.database import Database
from alltickets.platform.notify import Listener
from alltickets.platform.outbox import Recorded
from alltickets.pricing.interface import ChargeMode, PriceLists, Pricing, SelectedLine
from alltickets.pricing.rules.units import Rounding
from alltickets.pricing.schemas import ChargePolicyDetails, PhaseDetails, TaxDetails
from tests.conftest import SettableClock
from tests.stream import events_of

SERVICE = ChargePolicyDetails(
    name="Cargo por servicio",
    mode=ChargeMode.ADDED,
    basis_points=1_000,
    minimum_minor=10_000,
    rounding=Rounding.UP,
    rounding_step_minor=100,
    charge_taxes=(TaxDetails("IVA", 2100),),
)


def type_of(event: EventSnapshot) -> UUID:
    return next(iter(event.ticket_types))


def one(event: EventSnapshot, quantity: int = 1) -> list[SelectedLine]:
    return [SelectedLine(next(iter(event.performances)), type_of(event), quantity)]


async def test_without_a_decision_the_base_price_is_the_price(event: EventSnapshot, pricing: Pricing, clock: SettableClock) -> None:
    priced = await pricing.quote(event, one(event, 2), at=clock.now)

    assert (priced.totals.total.minor, priced.currency) == (2_000_000, "ARS")


async def test_a_policy_is_kept_as_it_was_decided_and_priced_at_once(
    event: EventSnapshot, pricing: Pricing, price_lists: PriceLists, actor: Actor, clock: SettableClock
) -> None:
    await pricing.quote(event, one(event), at=clock.now)

    decided = await price_lists.set_policy(actor, event.event_id, 0, SERVICE)

    read = await price_lists.read(actor, event.event_id)
    priced = await pricing.quote(event, one(event), at=clock.now)
    assert read == decided
    assert read.version == 1
    assert read.policy is not None
    assert read.policy == SERVICE.as_policy(read.policy.policy_id)
    assert (priced.totals.total.minor, priced.totals.charge.minor, priced.totals.tax.minor) == (1_100_000, 100_000, 17_355)


async def test_a_policy_can_be_taken_back(
    event: EventSnapshot, pricing: Pricing, price_lists: PriceLists, actor: Actor, clock: SettableClock
) -> None:
    await price_lists.set_policy(actor, event.event_id, 0, SERVICE)

    read = await price_lists.set_policy(actor, event.event_id, 1, None)

    assert (read.version, read.policy) == (2, None)
    assert (await pricing.quote(event, one(event), at=clock.now)).totals.total.minor == 1_000_000


async def test_phases_are_kept_in_their_order_and_by_identity(event: EventSnapshot, price_lists: PriceLists, actor: Actor) -> None:
    first = await price_lists.set_phases(
        actor,
        event.event_id,
        type_of(event),
        0,
        [PhaseDetails(name="Preventa 1", price_minor=700_000, until_taken=50), PhaseDetails(name="Preventa 2", price_minor=800_000)],
    )
    [phases] = first.ticket_types
    kept = phases.phases[1]

    second = await price_lists.set_phases(
        actor, event.event_id, type_of(event), 1, [PhaseDetails(name="Preventa", price_minor=900_000, phase_id=kept.phase_id)]
    )

    assert phases.counts == "ticket_type"
    assert [(one.name, one.price_minor, one.until_taken) for one in phases.phases] == [
        ("Preventa 1", 700_000, 50),
        ("Preventa 2", 800_000, None),
    ]
    assert [(one.phase_id, one.name) for one in second.ticket_types[0].phases] == [(kept.phase_id, "Preventa")]


async def test_phases_that_make_no_sense_are_refused_and_change_nothing(
    event: EventSnapshot, price_lists: PriceLists, actor: Actor, clock: SettableClock
) -> None:
    overlapping = [PhaseDetails(name="A", price_minor=1), PhaseDetails(name="B", price_minor=2, ends_at=clock.now)]

    with pytest.raises(InvalidDetails, match="never applies"):
        await price_lists.set_phases(actor, event.event_id, type_of(event), 0, overlapping)
    with pytest.raises(InvalidDetails, match="phase_id"):
        await price_lists.set_phases(actor, event.event_id, type_of(event), 0, [PhaseDetails(name="A", price_minor=1, phase_id=new_id())])

    assert (await price_lists.read(actor, event.event_id)).version == 0


async def test_a_policy_that_contradicts_itself_is_refused(event: EventSnapshot, price_lists: PriceLists, actor: Actor) -> None:
    with pytest.raises(InvalidDetails):
        await price_lists.set_policy(
            actor, event.event_id, 0, ChargePolicyDetails(name="Cargo", mode=ChargeMode.ADDED, minimum_minor=2, maximum_minor=1)
        )


async def test_of_two_decisions_at_once_one_is_told_to_look_again(event: EventSnapshot, price_lists: PriceLists, actor: Actor) -> None:
    outcomes = await asyncio.gather(
        price_lists.set_policy(actor, event.event_id, 0, SERVICE),
        price_lists.set_phases(actor, event.event_id, type_of(event), 0, [PhaseDetails(name="A", price_minor=1)]),
        return_exceptions=True,
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["PricesRead", "VersionConflict"]
    with pytest.raises(VersionConflict) as refused:
        await price_lists.set_policy(actor, event.event_id, 7, SERVICE)
    assert refused.value.version == 1


async def test_what_is_not_there_or_not_theirs_is_not_found(event: EventSnapshot, price_lists: PriceLists, actor: Actor) -> None:
    stranger = Actor.system(new_id(), "another organizer")

    with pytest.raises(TicketTypeNotFound):
        await price_lists.set_phases(actor, event.event_id, new_id(), 0, [])
    for attempt in (
        price_lists.read(stranger, event.event_id),
        price_lists.set_policy(stranger, event.event_id, 0, SERVICE),
        price_lists.set_phases(stranger, event.event_id, type_of(event), 0, []),
        price_lists.read(actor, new_id()),
    ):
        with pytest.raises(EventNotFound):
            await attempt


async def test_a_phase_by_quantity_counts_what_is_held_and_sold(
    event: EventSnapshot, price_lists: PriceLists, actor: Actor, database: Database, pricing: Pricing, clock: SettableClock
) -> None:
    planned = await events_of(database, actor.organizer_id, StockPlanned)
    own_pool = event.offers[next(iter(event.performances)), type_of(event)][-1]
    async with database.transaction(actor.organizer_id) as tx:
        await subscription().handle(tx, [Recorded(actor.organizer_id, n, clock.now, one) for n, one in enumerate(planned, 1)])
        await tx.execute(
            "UPDATE inventory.pools SET held = 30, sold = 68 WHERE organizer_id = %(organizer_id)s AND pool_id = %(pool_id)s",
            pool_id=own_pool,
        )
    phase = PhaseDetails(name="Los primeros 100", price_minor=800_000, until_taken=100)
    await price_lists.set_phases(actor, event.event_id, type_of(event), 0, [phase])

    priced = await pricing.quote(event, one(event, 4), at=clock.now)

    assert [(part.quantity, part.unit.final.minor) for part in priced.lines[0].parts] == [(2, 800_000), (2, 1_000_000)]


async def test_another_process_learns_of_a_decision_by_announcement(
    event: EventSnapshot, price_lists: PriceLists, actor: Actor, database: Database, database_url: str, clock: SettableClock
) -> None:
    elsewhere, listener = Pricing(database, Levels(database)), Listener(database_url)
    elsewhere.follow(listener)
    heard: asyncio.Queue[str | None] = asyncio.Queue()
    listener.on("pricing", heard.put_nowait)
    listener.start()
    async with asyncio.timeout(10):
        await heard.get()
        before = await elsewhere.quote(event, one(event), at=clock.now)
        await price_lists.set_policy(actor, event.event_id, 0, SERVICE)
        while await heard.get() != f"{actor.organizer_id}/{event.event_id}":
            pass

    after = await elsewhere.quote(event, one(event), at=clock.now)

    await listener.stop()
    assert (before.totals.total.minor, after.totals.total.minor) == (1_000_000, 1_100_000)


async def test_who_decided_stands_in_the_audit_log(event: EventSnapshot, price_lists: PriceLists, actor: Actor, database: Database) -> None:
    await price_lists.set_policy(actor, event.event_id, 0, SERVICE)
    await price_lists.set_phases(actor, event.event_id, type_of(event), 1, [])

    async with database.reading(actor.organizer_id) as reader:
        rows = await reader.fetch_tuples(
            """
            SELECT action, actor_label
              FROM identity.audit_entries
             WHERE organizer_id = %(organizer_id)s AND actor_label = 'pricing tests' AND action LIKE '%%replaced'
             ORDER BY audit_entry_id
            """
        )

    assert [action for action, _ in rows] == ["charge_policy.replaced", "price_phases.replaced"]
