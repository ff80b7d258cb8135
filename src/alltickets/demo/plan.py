"""What a show of the demo consists of, in the words of catalog and pricing, and how its dates are found."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from alltickets.catalog.schemas.organizer import PerformanceCreate, QuestionCreate, SectorCreate, VenueCreate
from alltickets.pricing.schemas import ChargePolicyDetails, PhaseDetails, TaxDetails

__all__ = ["IVA", "TIMEZONE", "OfflinePlan", "OrganizerPlan", "Show", "TicketPlan", "at", "next_weekday", "performance", "pesos"]

TIMEZONE = "America/Argentina/Buenos_Aires"
IVA = TaxDetails(name="IVA", basis_points=2_100)
"""Argentina's VAT of 21 %, inside the service charge."""


@dataclass(frozen=True)
class OfflinePlan:
    """A way to pay without a gateway: transfer or cash."""

    gateway: str
    label: str
    settings: Mapping[str, str]


@dataclass(frozen=True)
class OrganizerPlan:
    """An organizer. `merchant` is its account at its gateway, `accent` the colour of its pages.

    payway_site: its site at the simulated Payway, where it takes cards on its own page; none unless said.
    `offline`: what it tells those who pay by themselves, by the way of paying; their accounts come after the gateway's.
    """

    slug: str
    name: str
    merchant: str
    accent: str
    gateway: Literal["sandbox", "stripe"] = "sandbox"
    payway_site: str | None = None
    offline: tuple[OfflinePlan, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TicketPlan:
    """A ticket type of the sector of that name. `price_minor` applies outside of its phases."""

    sector: str
    name: str
    price_minor: int
    description: str = ""
    sales_from: datetime | None = None
    per_order_max: int = 6
    per_buyer_max: int | None = None
    quantity_max: int | None = None
    phases: tuple[PhaseDetails, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Show:
    """An event with everything in it. `slug` is its address; a later edition gets its date at the end."""

    organizer: OrganizerPlan
    slug: str
    title: str
    category: str
    summary: str
    description: str
    venue: VenueCreate
    performances: tuple[PerformanceCreate, ...]
    sectors: tuple[SectorCreate, ...]
    tickets: tuple[TicketPlan, ...]
    policy: ChargePolicyDetails
    currency: str = "ARS"
    questions: tuple[QuestionCreate, ...] = ()
    checkpoint: str = "Puerta principal"


def pesos(amount: int) -> int:
    """Whole pesos as minor units: `pesos(12_000)` is $ 12.000,00."""
    return amount * 100


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """An instant by the clock on the venue's wall."""
    return datetime.combine(day, time(hour, minute), ZoneInfo(TIMEZONE))


def next_weekday(today: date, weekday: int, *, days_min: int) -> date:
    """The first such weekday (Monday is 0) that is at least so many days ahead."""
    first = today + timedelta(days=days_min)
    return first + timedelta(days=(weekday - first.weekday()) % 7)


def performance(starts_at: datetime, *, lasts: timedelta, doors_before: timedelta) -> PerformanceCreate:
    """A performance of that length, its doors open so long before."""
    return PerformanceCreate(starts_at=starts_at, ends_at=starts_at + lasts, doors_at=starts_at - doors_before)
