"""The wire of pricing: what an organizer decides about prices, and what a buyer asks a price for."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from alltickets.pricing.rules.quoting import LINES_MAX, QUANTITY_MAX
from alltickets.pricing.rules.units import ChargeMode, ChargePolicy, PricePhase, Rounding, Tax

__all__ = [
    "ChargePolicyDetails",
    "ChargePolicySet",
    "PhaseDetails",
    "PhasesSet",
    "PricesRead",
    "QuoteCreate",
    "SelectedLineCreate",
    "TaxDetails",
    "TicketTypePricesRead",
]

_LINE = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=60, pattern=_LINE)]
AmountMinor = Annotated[int, msgspec.Meta(ge=0, le=100_000_000_000)]
BasisPoints = Annotated[int, msgspec.Meta(ge=0, le=10_000)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Version = Annotated[int, msgspec.Meta(ge=0, le=2_147_483_647)]
_YEARS = range(2000, 2200)


class TaxDetails(msgspec.Struct, forbid_unknown_fields=True):
    """A tax inside an amount: 2100 basis points of IVA are 21 in 121."""

    name: Name
    basis_points: BasisPoints


Taxes = Annotated[tuple[TaxDetails, ...], msgspec.Meta(max_length=5)]


class ChargePolicyDetails(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """How the service charge of an event is made: a share plus a fixed amount, rounded to a step, then kept within its bounds.

    `added`: the buyer bears it, on top of the price; `absorbed`: the organizer does. What is free bears none. `charge_taxes` are inside the
    charge, `price_taxes` inside what remains for the organizer: both are shown, neither changes a price.
    """

    name: Name
    mode: ChargeMode
    basis_points: BasisPoints = 0
    fixed_minor: AmountMinor = 0
    minimum_minor: AmountMinor | None = None
    maximum_minor: AmountMinor | None = None
    rounding: Rounding = Rounding.NEAREST
    rounding_step_minor: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    charge_taxes: Taxes = ()
    price_taxes: Taxes = ()

    def as_policy(self, policy_id: UUID) -> ChargePolicy:
        """The policy of these details."""
        facts = {field: getattr(self, field) for field in self.__struct_fields__ if not field.endswith("_taxes")}
        return ChargePolicy(policy_id=policy_id, charge_taxes=_taxes(self.charge_taxes), price_taxes=_taxes(self.price_taxes), **facts)


class ChargePolicySet(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The event's charge policy from now on, decided on `version` of its price list; null: no charge."""

    version: Version
    policy: ChargePolicyDetails | None


class PhaseDetails(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Another price while it applies: from `starts_at` until before `ends_at`, and for the first `until_taken` places of a performance.

    `phase_id` keeps the identity of a phase that is there already; left out, the phase is a new one.
    """

    name: Name
    price_minor: AmountMinor
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    until_taken: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    phase_id: UUID | None = None

    def __post_init__(self) -> None:
        for at in (self.starts_at, self.ends_at):
            if at is not None and at.year not in _YEARS:
                raise ValueError("the dates of a phase must lie between the years 2000 and 2199")

    def as_phase(self, phase_id: UUID) -> PricePhase:
        """The phase of these details."""
        return PricePhase(phase_id, self.name, self.price_minor, self.starts_at, self.ends_at, self.until_taken)


class PhasesSet(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """All phases of a ticket type from now on, in their order, decided on `version` of the event's price list."""

    version: Version
    phases: Annotated[tuple[PhaseDetails, ...], msgspec.Meta(max_length=50)]


class TicketTypePricesRead(msgspec.Struct, frozen=True):
    """The phases of a ticket type. `counts`: what `until_taken` counts at a performance: the ticket type or, if unlimited, its sector."""

    ticket_type_id: UUID
    counts: Literal["ticket_type", "sector"]
    phases: tuple[PricePhase, ...]


class PricesRead(msgspec.Struct, frozen=True):
    """What was decided about an event's prices; version 0: nothing yet."""

    version: int
    policy: ChargePolicy | None
    ticket_types: tuple[TicketTypePricesRead, ...]


class SelectedLineCreate(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """So many of a ticket type at a performance; `seats`: a label for each, where they are numbered."""

    performance_id: UUID
    ticket_type_id: UUID
    quantity: Annotated[int, msgspec.Meta(ge=1, le=QUANTITY_MAX)]
    seats: Annotated[tuple[Name, ...], msgspec.Meta(max_length=QUANTITY_MAX)] = ()


class QuoteCreate(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A selection to price. `code`: the access code of ticket types that are sold by code."""

    event_id: UUID
    lines: Annotated[tuple[SelectedLineCreate, ...], msgspec.Meta(min_length=1, max_length=LINES_MAX)]
    code: Annotated[str, msgspec.Meta(max_length=64)] | None = None


def _taxes(taxes: tuple[TaxDetails, ...]) -> tuple[Tax, ...]:
    return tuple(Tax(tax.name, tax.basis_points) for tax in taxes)
