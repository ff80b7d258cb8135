"""Reads of pricing: an event's price list, whole."""

from uuid import UUID

import msgspec

from alltickets.platform.database import Reader
from alltickets.pricing.rules.quoting import PriceList
from alltickets.pricing.rules.units import ChargePolicy, PricePhase

__all__ = ["read_price_list", "read_version"]


class _Phase(PricePhase, frozen=True):
    ticket_type_id: UUID


class _Facts(msgspec.Struct, frozen=True):
    version: int
    policy: ChargePolicy | None
    phases: tuple[_Phase, ...]


_facts_decoder = msgspec.json.Decoder(_Facts)


async def read_price_list(reader: Reader, event_id: UUID) -> PriceList:
    """The price list, of one instant; that of version 0, empty, when nothing was decided about the event's prices. One statement."""
    rows = await reader.fetch_tuples(
        """
        SELECT json_build_object(
                 'version', l.version,
                 'policy', (SELECT row_to_json(x)
                              FROM (SELECT policy_id, name, mode, basis_points, fixed_minor, minimum_minor, maximum_minor, rounding,
                                           rounding_step_minor, charge_taxes, price_taxes
                                      FROM pricing.charge_policies c
                                     WHERE c.organizer_id = l.organizer_id AND c.event_id = l.event_id) x),
                 'phases', (SELECT coalesce(json_agg(x ORDER BY x.position), '[]')
                              FROM (SELECT ticket_type_id, phase_id, position, name, price_minor, starts_at, ends_at, until_taken
                                      FROM pricing.price_phases p
                                     WHERE p.organizer_id = l.organizer_id AND p.event_id = l.event_id) x))::text
          FROM pricing.price_lists l
         WHERE l.organizer_id = %(organizer_id)s AND l.event_id = %(event_id)s
        """,
        event_id=event_id,
    )
    if not rows:
        return PriceList()
    facts = _facts_decoder.decode(rows[0][0])
    phases: dict[UUID, tuple[PricePhase, ...]] = {}
    for one in facts.phases:
        phase = PricePhase(one.phase_id, one.name, one.price_minor, one.starts_at, one.ends_at, one.until_taken)
        phases[one.ticket_type_id] = (*phases.get(one.ticket_type_id, ()), phase)
    return PriceList(facts.version, facts.policy, phases)


async def read_version(reader: Reader, event_id: UUID) -> int:
    """The version of the event's price list; 0 when there is none."""
    rows = await reader.fetch_tuples(
        "SELECT version FROM pricing.price_lists WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s", event_id=event_id
    )
    return rows[0][0] if rows else 0
