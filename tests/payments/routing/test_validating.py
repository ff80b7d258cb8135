"""What is wrong with a policy, a commission table or an account's terms, all of it at once."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from alltickets.payments.routing.rules.facts import AccountTerms
from alltickets.payments.routing.rules.policy import Condition, Option, Policy, Rule, Share
from alltickets.payments.routing.rules.validating import event_ids_of, policy_faults, schedule_faults, terms_faults
from tests.payments.routing.houses import EVENT, OTHER_EVENT, A, B, line, rule

OURS = {A, B}
GONE = UUID(int=99)


def faults(*rules: Rule, options: tuple[Option, ...] = ()) -> list[str]:
    return policy_faults(Policy(rules=rules, options=options), OURS)


def test_a_policy_without_a_fault() -> None:
    conditions = (
        Condition("amount_minor", "between", (0, 100)),
        Condition("currency", "in", ("ARS",)),
        Condition("event_id", "eq", str(EVENT)),
        Condition("ticket_type_id", "not_in", (str(EVENT),)),
        Condition("method", "eq", "credit_card"),
        Condition("card_bin", "prefix", ("4", "515073")),
        Condition("bank", "eq", "Banco X"),
        Condition("instalments", "lte", 6),
        Condition("date", "gte", "2026-11-27"),
        Condition("weekday", "in", ("tuesday",)),
        Condition("hour", "between", (20, 23)),
        Condition("campaign", "prefix", "radio"),
        Condition("channel", "eq", "shop"),
    )
    option = Option(option_id=GONE, label="Tarjeta", accounts=(A, B), conditions=(Condition("weekday", "eq", "tuesday"),))

    assert faults(rule(*conditions, use=(A,)), rule(choose="weight", shares=(Share(A, 60), Share(B, 40))), options=(option,)) == []


@pytest.mark.parametrize(
    ("condition", "fault"),
    [
        (Condition("currency", "gt", "ARS"), "currency is not compared by gt, but by eq, ne, in, not_in, between, prefix"),
        (Condition("weekday", "lt", "friday"), "weekday is not compared by lt, but by eq, ne, in, not_in"),
        (Condition("amount_minor", "eq", "100"), "'100' is not an amount in minor units"),
        (Condition("amount_minor", "gt", -1), "-1 is not an amount in minor units"),
        (Condition("amount_minor", "between", (5, 3)), "between 5 and 3 there is nothing: the least comes first"),
        (Condition("amount_minor", "between", (5,)), "between takes two values, the least and the greatest"),
        (Condition("amount_minor", "in", 5), "in takes a list"),
        (Condition("amount_minor", "in", ()), "in takes at least one value"),
        (Condition("amount_minor", "eq", (5, 6)), "eq takes one value"),
        (Condition("currency", "eq", "PESOS"), "'PESOS' is not an ISO 4217 code"),
        (Condition("event_id", "eq", "noche"), "'noche' is not the id of an event"),
        (Condition("card_bin", "prefix", "45x"), "'45x' is not the first digits of a card, at most 8"),
        (
            Condition("card_bin", "between", ("45", "4599")),
            "between compares '45' and '4599' character by character: give both the same length",
        ),
        (Condition("instalments", "eq", 0), "0 is not a number of instalments, at least 1"),
        (Condition("date", "eq", "27/11/2026"), "'27/11/2026' is not a date such as 2026-11-27"),
        (Condition("hour", "eq", 24), "24 is not an hour from 0 to 23"),
    ],
    ids=repr,
)
def test_a_condition_that_makes_no_sense_is_told_what_would(condition: Condition, fault: str) -> None:
    assert faults(rule(condition)) == [f"rule 1 (Regla): condition 1: {fault}"]


def test_everything_is_told_at_once() -> None:
    told = faults(
        rule(Condition("hour", "eq", 24), Condition("weekday", "eq", "lunes"), use=(GONE,), exclude=(A, A)),
        rule(choose="weight", shares=(Share(A, 50), Share(B, 49))),
        rule(choose="weight"),
        rule(shares=(Share(A, 100),)),
        options=(
            Option(option_id=A, label="Tarjeta", accounts=(GONE,)),
            Option(label="tarjeta", accounts=(A,), conditions=(Condition("amount_minor", "gt", 5),)),
        ),
    )

    assert [fault.partition(":")[0] for fault in told] == [
        *["rule 1 (Regla)"] * 5,
        "rule 2 (Regla)",
        "rule 3 (Regla)",
        "rule 4 (Regla)",
        "option 1 (Tarjeta)",
        "option 2 (tarjeta)",
        "options",
        "options",
    ]


def test_the_events_that_a_policy_speaks_of() -> None:
    spoken = Policy(
        rules=(rule(Condition("event_id", "in", (str(EVENT), "nothing"))),),
        options=(Option(label="Hoy", accounts=(A,), conditions=(Condition("event_id", "ne", str(OTHER_EVENT)),)),),
    )

    assert event_ids_of(spoken) == {EVENT, OTHER_EVENT}


def test_terms_and_lines_that_count_never() -> None:
    first, later = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)

    assert len(terms_faults(AccountTerms(amount_minor_min=2, amount_minor_max=1, opens_at=later, closes_at=first))) == 2
    assert terms_faults(AccountTerms(amount_minor_min=1, amount_minor_max=1, opens_at=first, closes_at=later)) == []
    assert len(schedule_faults(line(1, 0, currency="XXX", account_id=GONE, valid_to=date(2026, 1, 1)), {A: "gateway1"})) == 3
    assert len(schedule_faults(line(2, 0, account_id=A), {A: "gateway1"})) == 1
    assert schedule_faults(line(1, 0, account_id=A), {A: "gateway1"}) == []
