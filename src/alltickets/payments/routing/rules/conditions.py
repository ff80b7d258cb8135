"""Conditions compiled: parsed once, then asked of a payment in well under a microsecond. Nothing is ever evaluated as code."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from alltickets.payments.routing.rules.facts import RouteFacts
from alltickets.payments.routing.rules.policy import Condition, Field, Op

__all__ = ["DATE", "FIELD_KINDS", "KINDS_OPS", "WEEKDAYS", "Kind", "Seen", "Test", "compile_conditions", "holds", "seen_of", "value_of"]

Kind = Literal["number", "word", "id", "ids", "date", "weekday"]

FIELD_KINDS: dict[Field, Kind] = {
    "amount_minor": "number",
    "currency": "word",
    "event_id": "id",
    "ticket_type_id": "ids",
    "method": "word",
    "card_bin": "word",
    "bank": "word",
    "instalments": "number",
    "date": "date",
    "weekday": "weekday",
    "hour": "number",
    "campaign": "word",
    "channel": "word",
}
_SAME: tuple[Op, ...] = ("eq", "ne", "in", "not_in")
_ORDERED: tuple[Op, ...] = (*_SAME, "gt", "gte", "lt", "lte", "between")
KINDS_OPS: dict[Kind, tuple[Op, ...]] = {
    "number": _ORDERED,
    "date": _ORDERED,
    "word": (*_SAME, "between", "prefix"),
    "id": _SAME,
    "ids": _SAME,
    "weekday": _SAME,
}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Seen = tuple[Any, ...]
"""A payment's facts in the order of `FIELD_KINDS`, each as conditions compare it; None: nobody knows."""
Test = Callable[[Seen], bool]

_PLACES: dict[Field, int] = {field: place for place, field in enumerate(FIELD_KINDS)}
DATE = _PLACES["date"]


def seen_of(facts: RouteFacts) -> Seen:
    """The facts as conditions see them. Dates and hours are those of the place where what is paid for happens."""
    purpose = facts.purpose
    there = facts.at.astimezone(ZoneInfo(purpose.timezone))
    return (
        facts.amount_minor,
        facts.currency,
        purpose.event_id.int if purpose.event_id is not None else None,
        frozenset([one.int for one in purpose.ticket_type_ids]) if purpose.ticket_type_ids else None,
        facts.method,
        facts.card_bin,
        None if facts.bank is None else facts.bank.casefold(),
        facts.instalments,
        there.date(),
        there.weekday(),
        there.hour,
        purpose.campaign.casefold(),
        purpose.channel.casefold(),
    )


def compile_conditions(match: Literal["all", "any"], conditions: Sequence[Condition]) -> tuple[Test, ...]:
    """Tests which all hold where the conditions do: all of them, or any; none where there is none. The conditions have no fault."""
    # Order means nothing, so those that say no most often and at the least cost come first.
    ordered = sorted(conditions, key=lambda one: one.op not in ("eq", "in"))
    tests = tuple(_compile(one) for one in ordered)
    if match == "all" or not tests:
        return tests
    return (lambda seen: any(test(seen) for test in tests),)


def holds(tests: Sequence[Test], seen: Seen) -> bool:
    """Whether every test holds."""
    # A generator would cost more than what it asks.
    for test in tests:  # noqa: SIM110
        if not test(seen):
            return False
    return True


def value_of(kind: Kind, written: object) -> Any:
    """A value as it is compared. Raises `ValueError` for one that is none of this kind."""
    if kind == "number":
        if not isinstance(written, int):
            raise ValueError("a whole number")
        return written
    if not isinstance(written, str):
        raise ValueError("a text")
    if kind in ("id", "ids"):
        return UUID(written).int
    if kind == "date":
        return date.fromisoformat(written)
    if kind == "weekday":
        return WEEKDAYS.index(written)
    return written


def _compile(condition: Condition) -> Test:
    kind = FIELD_KINDS[condition.field]
    place = _PLACES[condition.field]
    written = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    # Cards, currencies and methods are written in one way; what people type is not.
    folds = condition.field in ("bank", "campaign", "channel")
    values = tuple(value_of(kind, one.casefold() if folds and isinstance(one, str) else one) for one in written)
    return _of_set(condition.op, place, values) if kind == "ids" else _of_one(condition.op, place, values)


def _of_one(op: Op, place: int, values: tuple[Any, ...]) -> Test:
    """A test of a fact that is one value. A fact of None is unknown, and nothing holds of it."""
    if op in ("eq", "in"):
        among = frozenset(values)
        return lambda seen: seen[place] in among
    if op in ("ne", "not_in"):
        # With None among them: what is not known is not known to be another one.
        others = frozenset((*values, None))
        return lambda seen: seen[place] not in others
    if op == "prefix":
        return lambda seen: seen[place] is not None and seen[place].startswith(values)
    return _ordered(op, place, values)


def _ordered(op: Op, place: int, values: tuple[Any, ...]) -> Test:
    bound = values[0]
    if op == "gt":
        return lambda seen: seen[place] is not None and seen[place] > bound
    if op == "gte":
        return lambda seen: seen[place] is not None and seen[place] >= bound
    if op == "lt":
        return lambda seen: seen[place] is not None and seen[place] < bound
    if op == "lte":
        return lambda seen: seen[place] is not None and seen[place] <= bound
    low, high = values
    if isinstance(low, str):
        # Of texts that many characters count as the bounds have: 450000 to 450999 hold every card that begins so.
        length = len(low)
        return lambda seen: seen[place] is not None and low <= seen[place][:length] <= high
    return lambda seen: seen[place] is not None and low <= seen[place] <= high


def _of_set(op: Op, place: int, values: tuple[Any, ...]) -> Test:
    """A test of a fact that is several values: one of them suffices, and for the negations none of them may."""
    among = frozenset(values)
    if op in ("eq", "in"):
        return lambda seen: seen[place] is not None and not seen[place].isdisjoint(among)
    return lambda seen: seen[place] is not None and bool(seen[place].isdisjoint(among))
