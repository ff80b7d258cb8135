"""Whether what an organizer enters makes sense: each function returns its faults as sentences, none when all is well."""

import re
import unicodedata
import zoneinfo
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from alltickets.catalog.refusals import InvalidDetails
from alltickets.catalog.rules.snapshot import QuestionKind, SeatRow
from alltickets.catalog.rules.states import Visibility
from alltickets.kernel.money import CURRENCY_EXPONENTS

__all__ = [
    "EVENT_SEATS_MAX",
    "PARTS_MAX",
    "POOLS_MAX",
    "SEATS_MAX",
    "capacity_of",
    "currency_faults",
    "performance_faults",
    "question_faults",
    "require",
    "sector_faults",
    "slug_from",
    "ticket_type_faults",
    "zone_faults",
]

SEATS_MAX = 20_000
"""Of one numbered sector."""
EVENT_SEATS_MAX = 200_000
"""Numbered seats of all performances together: each is a row of inventory's."""
PARTS_MAX = {"performances": 400, "sectors": 100, "ticket types": 200, "questions": 50}
POOLS_MAX = 5_000
"""Performances times sectors and limited ticket types."""
SLUG_LENGTH_MAX = 80
_ZONES = frozenset(zoneinfo.available_timezones())


def require(faults: Iterable[str]) -> None:
    """Raises `InvalidDetails` with all faults at once, if there are any."""
    found = tuple(faults)
    if found:
        raise InvalidDetails(found)


def zone_faults(timezone: str) -> list[str]:
    """Faults of a time zone's name."""
    return [] if timezone in _ZONES else [f"“{timezone}” is no time zone of the IANA list, such as America/Argentina/Buenos_Aires."]


def currency_faults(currency: str) -> list[str]:
    """Faults of a currency's code."""
    return [] if currency in CURRENCY_EXPONENTS else [f"“{currency}” is no currency of ISO 4217, such as ARS."]


def performance_faults(*, starts_at: datetime, ends_at: datetime, doors_at: datetime | None) -> list[str]:
    """Faults of a performance's times."""
    faults = []
    if ends_at <= starts_at:
        faults.append("A performance ends after it starts.")
    if doors_at is not None and doors_at > starts_at:
        faults.append("The doors open before the performance starts, not after.")
    return faults


def sector_faults(*, capacity: int | None, rows: Sequence[SeatRow]) -> list[str]:
    """Faults of a sector's places: either a capacity, or rows that make it up."""
    if not rows:
        return ["A sector needs a capacity or numbered rows."] if capacity is None else []
    faults = [f"Row {row.label} ends before it begins." for row in rows if row.last < row.first]
    labels = [row.label for row in rows]
    faults += [f"Row {label} is there more than once." for label in sorted({label for label in labels if labels.count(label) > 1})]
    if not faults:
        seats = _seat_count(rows)
        if seats > SEATS_MAX:
            faults.append(f"A numbered sector has at most {SEATS_MAX} seats; these rows have {seats}.")
        elif capacity is not None and capacity != seats:
            faults.append(f"The rows have {seats} seats, the capacity says {capacity}. Leave the capacity out.")
    return faults


def capacity_of(*, capacity: int | None, rows: Sequence[SeatRow]) -> int:
    """The places of a sector without faults."""
    return capacity if capacity is not None else _seat_count(rows)


def ticket_type_faults(
    *,
    sales_from: datetime | None,
    sales_until: datetime | None,
    per_order_max: int | None,
    per_buyer_max: int | None,
    visibility: Visibility,
    codes: Collection[str],
) -> list[str]:
    """Faults of a ticket type's sales window, limits and codes."""
    faults = []
    if sales_from is not None and sales_until is not None and sales_until <= sales_from:
        faults.append("The sale ends after it opens.")
    if per_order_max is not None and per_buyer_max is not None and per_order_max > per_buyer_max:
        faults.append("One order cannot take more than one buyer may have.")
    if codes and visibility != Visibility.CODE:
        faults.append("Only a ticket type that is sold by code has codes.")
    return faults


def question_faults(
    *, kind: QuestionKind, options: Sequence[str], ticket_type_ids: Collection[UUID], known_ticket_type_ids: Collection[UUID]
) -> list[str]:
    """Faults of a holder question."""
    faults = []
    if kind == QuestionKind.CHOICE and len(options) < 2:
        faults.append("A choice needs at least two options.")
    if kind != QuestionKind.CHOICE and options:
        faults.append("Only a choice has options.")
    if len(set(options)) < len(options):
        faults.append("Each option stands there once.")
    if not set(ticket_type_ids) <= set(known_ticket_type_ids):
        faults.append("A question can only be for ticket types of its event.")
    return faults


def slug_from(title: str) -> str:
    """An address made of a title: `slug_from("¡Fiesta Ñandú 2026!")` is `fiesta-nandu-2026`; `event` when nothing is left of it."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return words[: SLUG_LENGTH_MAX - 8].rstrip("-") or "event"


def _seat_count(rows: Sequence[SeatRow]) -> int:
    return sum(row.last - row.first + 1 for row in rows)
