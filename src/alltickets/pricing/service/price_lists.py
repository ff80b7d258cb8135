"""What organizers decide about prices."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from alltickets.catalog.interface import EventNotFound, EventSnapshot, InvalidDetails, TicketTypeNotFound, VersionConflict, read_snapshot
from alltickets.identity.interface import Actor, Subject, record
from alltickets.kernel.ids import new_id
from alltickets.platform.database import Database, Reader, Transaction
from alltickets.pricing.queries import read_price_list, read_version
from alltickets.pricing.rules.lists import phases_faults, policy_faults
from alltickets.pricing.rules.quoting import PriceList
from alltickets.pricing.rules.units import ChargePolicy, PricePhase
from alltickets.pricing.schemas import ChargePolicyDetails, PhaseDetails, PricesRead, TicketTypePricesRead
from alltickets.pricing.service.quotes import TOPIC, Pricing

__all__ = ["PriceLists"]


class PriceLists:
    """An organizer's price lists, one for each event."""

    def __init__(self, database: Database, pricing: Pricing) -> None:
        self._database = database
        self._pricing = pricing

    async def read(self, actor: Actor, event_id: UUID) -> PricesRead:
        """What was decided about the event's prices. Raises `EventNotFound`."""
        async with self._database.reading(actor.organizer_id) as reader:
            event = await _known(reader, event_id)
            return _as_read(event, await read_price_list(reader, event_id))

    async def set_policy(self, actor: Actor, event_id: UUID, made_on: int, details: ChargePolicyDetails | None) -> PricesRead:
        """Replace the event's charge policy, or do without one. Raises `EventNotFound`, `InvalidDetails`, `VersionConflict`."""
        policy = None if details is None else details.as_policy(new_id())
        _require(() if policy is None else policy_faults(policy))
        async with self._database.transaction(actor.organizer_id) as tx:
            event = await _known(tx, event_id)
            await _raise_version(tx, event_id, made_on)
            await tx.execute(
                "DELETE FROM pricing.charge_policies WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s", event_id=event_id
            )
            if policy is not None:
                await _insert_policy(tx, event_id, policy)
            detail: dict[str, str | int | bool | None] = {"mode": None}
            if policy is not None:
                detail = {"mode": policy.mode.value, "basis_points": policy.basis_points}
            await record(tx, actor, "charge_policy.replaced", Subject("event", event_id), detail)
            prices = await read_price_list(tx, event_id)
            tx.announce(TOPIC, f"{actor.organizer_id}/{event_id}")
        self._pricing.drop(actor.organizer_id, event_id)
        return _as_read(event, prices)

    async def set_phases(
        self, actor: Actor, event_id: UUID, ticket_type_id: UUID, made_on: int, details: Sequence[PhaseDetails]
    ) -> PricesRead:
        """Replace the phases of a ticket type. Raises `EventNotFound`, `TicketTypeNotFound`, `InvalidDetails`, `VersionConflict`."""
        phases = [one.as_phase(one.phase_id or new_id()) for one in details]
        async with self._database.transaction(actor.organizer_id) as tx:
            event = await _known(tx, event_id)
            if ticket_type_id not in event.ticket_types:
                raise TicketTypeNotFound(ticket_type_id)
            await _raise_version(tx, event_id, made_on)
            before = (await read_price_list(tx, event_id)).phases.get(ticket_type_id, ())
            _require([*_identity_faults(before, details), *phases_faults(phases)])
            await tx.execute(
                """
                DELETE FROM pricing.price_phases
                 WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s AND ticket_type_id = %(ticket_type_id)s
                """,
                event_id=event_id,
                ticket_type_id=ticket_type_id,
            )
            await _insert_phases(tx, event_id, ticket_type_id, phases)
            detail: dict[str, str | int | bool | None] = {"event_id": str(event_id), "phases_count": len(phases)}
            await record(tx, actor, "price_phases.replaced", Subject("ticket_type", ticket_type_id), detail)
            prices = await read_price_list(tx, event_id)
            tx.announce(TOPIC, f"{actor.organizer_id}/{event_id}")
        self._pricing.drop(actor.organizer_id, event_id)
        return _as_read(event, prices)


def _as_read(event: EventSnapshot, prices: PriceList) -> PricesRead:
    return PricesRead(
        version=prices.version,
        policy=prices.policy,
        ticket_types=tuple(
            TicketTypePricesRead(
                ticket_type_id=one.ticket_type_id,
                counts="sector" if one.quantity_max is None else "ticket_type",
                phases=prices.phases.get(one.ticket_type_id, ()),
            )
            for one in event.ticket_types.values()
        ),
    )


async def _known(reader: Reader, event_id: UUID) -> EventSnapshot:
    event = await read_snapshot(reader, event_id)
    if event is None:
        raise EventNotFound(str(event_id))
    return event


def _require(faults: Sequence[str]) -> None:
    if faults:
        raise InvalidDetails(tuple(faults))


def _identity_faults(before: Sequence[PricePhase], details: Sequence[PhaseDetails]) -> list[str]:
    kept = [one.phase_id for one in details if one.phase_id is not None]
    if len(set(kept)) == len(kept) and set(kept) <= {one.phase_id for one in before}:
        return []
    return ["A phase_id is that of a phase which the ticket type has now, once; leave it out for a new phase."]


async def _raise_version(tx: Transaction, event_id: UUID, made_on: int) -> None:
    """Take the price list for this transaction alone, if it is still at `made_on`. Raises `VersionConflict`."""
    await tx.execute(
        """
        INSERT INTO pricing.price_lists (organizer_id, event_id, version)
        VALUES (%(organizer_id)s, %(event_id)s, 0)
        ON CONFLICT (organizer_id, event_id) DO NOTHING
        """,
        event_id=event_id,
    )
    raised = await tx.execute(
        """
        UPDATE pricing.price_lists
           SET version = version + 1
         WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s AND version = %(made_on)s
        """,
        event_id=event_id,
        made_on=made_on,
    )
    if raised == 0:
        raise VersionConflict(await read_version(tx, event_id))


async def _insert_policy(tx: Transaction, event_id: UUID, policy: ChargePolicy) -> None:
    await tx.execute(
        """
        INSERT INTO pricing.charge_policies
               (organizer_id, event_id, policy_id, name, mode, basis_points, fixed_minor, minimum_minor, maximum_minor, rounding,
                rounding_step_minor, charge_taxes, price_taxes)
        VALUES (%(organizer_id)s, %(event_id)s, %(policy_id)s, %(name)s, %(mode)s, %(basis_points)s, %(fixed_minor)s, %(minimum_minor)s,
                %(maximum_minor)s, %(rounding)s, %(rounding_step_minor)s, %(charge_taxes)s::jsonb, %(price_taxes)s::jsonb)
        """,
        event_id=event_id,
        policy_id=policy.policy_id,
        name=policy.name,
        mode=policy.mode.value,
        basis_points=policy.basis_points,
        fixed_minor=policy.fixed_minor,
        minimum_minor=policy.minimum_minor,
        maximum_minor=policy.maximum_minor,
        rounding=policy.rounding.value,
        rounding_step_minor=policy.rounding_step_minor,
        charge_taxes=msgspec.json.encode(policy.charge_taxes).decode(),
        price_taxes=msgspec.json.encode(policy.price_taxes).decode(),
    )


async def _insert_phases(tx: Transaction, event_id: UUID, ticket_type_id: UUID, phases: Sequence[PricePhase]) -> None:
    await tx.execute(
        """
        INSERT INTO pricing.price_phases
               (organizer_id, event_id, ticket_type_id, phase_id, position, name, price_minor, starts_at, ends_at, until_taken)
        SELECT o.organizer_id, %(event_id)s, %(ticket_type_id)s, x.phase_id, x.position, x.name, x.price_minor, x.starts_at, x.ends_at,
               x.until_taken
          FROM platform.organizers o,
               unnest(%(ids)s::uuid[], %(positions)s::int[], %(names)s::text[], %(prices)s::bigint[], %(starts)s::timestamptz[],
                      %(ends)s::timestamptz[], %(bounds)s::int[])
                   AS x(phase_id, position, name, price_minor, starts_at, ends_at, until_taken)
         WHERE o.organizer_id = %(organizer_id)s
        """,
        event_id=event_id,
        ticket_type_id=ticket_type_id,
        ids=[phase.phase_id for phase in phases],
        positions=list(range(len(phases))),
        names=[phase.name for phase in phases],
        prices=[phase.price_minor for phase in phases],
        starts=[phase.starts_at for phase in phases],
        ends=[phase.ends_at for phase in phases],
        bounds=[phase.until_taken for phase in phases],
    )
