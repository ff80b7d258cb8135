"""Conditions: what each field and comparison says of a payment, and that of what is unknown nothing holds."""

import pytest

from alltickets.payments.routing.rules.conditions import compile_conditions, holds, seen_of
from alltickets.payments.routing.rules.policy import Condition
from tests.payments.routing.houses import EVENT, FIELD, OTHER_EVENT, STALLS, facts

KNOWN = facts(method="credit_card", card_bin="45079912", bank="Banco X", instalments=6)
UNKNOWN = facts()


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Condition("amount_minor", "eq", 1_100_000), True),
        (Condition("amount_minor", "gt", 1_100_000), False),
        (Condition("amount_minor", "gte", 1_100_000), True),
        (Condition("amount_minor", "lt", 1_100_000), False),
        (Condition("amount_minor", "lte", 1_100_000), True),
        (Condition("amount_minor", "between", (1_000_000, 1_100_000)), True),
        (Condition("amount_minor", "between", (1_100_001, 1_200_000)), False),
        (Condition("currency", "ne", "USD"), True),
        (Condition("currency", "not_in", ("ARS", "USD")), False),
        (Condition("event_id", "eq", str(EVENT)), True),
        (Condition("event_id", "in", (str(OTHER_EVENT).upper(), str(EVENT).upper())), True),
        (Condition("event_id", "ne", str(EVENT)), False),
        (Condition("ticket_type_id", "eq", str(FIELD)), True),
        (Condition("ticket_type_id", "in", (str(STALLS), str(FIELD))), True),
        (Condition("ticket_type_id", "not_in", (str(FIELD),)), False),
        (Condition("ticket_type_id", "ne", str(STALLS)), True),
        (Condition("method", "eq", "credit_card"), True),
        (Condition("card_bin", "prefix", "4507"), True),
        (Condition("card_bin", "prefix", ("51", "4507")), True),
        (Condition("card_bin", "prefix", "4508"), False),
        (Condition("card_bin", "between", ("450700", "450799")), True),
        (Condition("card_bin", "between", ("4508", "4599")), False),
        (Condition("bank", "eq", "BANCO X"), True),
        (Condition("bank", "prefix", "banco"), True),
        (Condition("instalments", "in", (3, 6)), True),
        (Condition("date", "eq", "2026-11-27"), True),
        (Condition("date", "between", ("2026-11-01", "2026-11-26")), False),
        (Condition("date", "gte", "2026-11-27"), True),
        (Condition("weekday", "eq", "friday"), True),
        (Condition("weekday", "not_in", ("friday", "saturday")), False),
        (Condition("hour", "between", (21, 23)), True),
        (Condition("hour", "lt", 21), False),
        (Condition("campaign", "eq", "radio"), True),
        (Condition("channel", "in", ("shop", "box_office")), True),
    ],
    ids=repr,
)
def test_a_condition_says_of_a_payment_what_it_reads(condition: Condition, expected: bool) -> None:
    assert holds(compile_conditions("all", [condition]), seen_of(KNOWN)) is expected


@pytest.mark.parametrize(
    "condition",
    [
        Condition("method", "eq", "cash"),
        Condition("method", "ne", "cash"),
        Condition("method", "not_in", ("cash",)),
        Condition("card_bin", "prefix", "4"),
        Condition("card_bin", "between", ("400000", "499999")),
        Condition("bank", "ne", "Banco X"),
        Condition("instalments", "lt", 12),
        Condition("instalments", "between", (1, 60)),
    ],
    ids=repr,
)
def test_of_what_is_not_known_nothing_holds(condition: Condition) -> None:
    assert not holds(compile_conditions("all", [condition]), seen_of(UNKNOWN))


def test_all_any_and_none() -> None:
    true, false = Condition("currency", "eq", "ARS"), Condition("currency", "eq", "USD")
    seen = seen_of(UNKNOWN)

    assert [holds(compile_conditions("all", tests), seen) for tests in ([], [true, true], [true, false])] == [True, True, False]
    assert [holds(compile_conditions("any", tests), seen) for tests in ([], [false, true], [false, false])] == [True, True, False]
