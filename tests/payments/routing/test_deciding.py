"""Decisions of routing: the same input the same answer, rules in their order, and never an account that may not."""

import random
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from alltickets.payments.routing.rules.book import RouteBook, RouteContext, approval_score
from alltickets.payments.routing.rules.conditions import seen_of
from alltickets.payments.routing.rules.deciding import decide, fitting_of
from alltickets.payments.routing.rules.decision import Decision
from alltickets.payments.routing.rules.facts import AccountTerms, Approvals, RouteFacts
from alltickets.payments.routing.rules.policy import Condition, Share
from tests.payments.routing.houses import EVENT, NOW, OTHER_EVENT, A, B, C, account, book, contexts, facts, payments, rule

MANY = 100_000


def chosen(decision: Decision) -> UUID | None:
    return decision.account_id


def outcome(decision: Decision, account_id: UUID) -> str | None:
    [found] = [one.excluded for one in decision.candidates if one.account_id == account_id]
    return found


def test_without_a_policy_the_first_account_that_fits_takes_it() -> None:
    plain = book(accounts=[account(B, priority=1), account(A, priority=2), account(C, priority=0, is_enabled=False)], version=0)

    decision = decide(plain, facts())

    assert (chosen(decision), decision.approach, decision.rule) == (B, "priority", None)
    assert [one.account_id for one in decision.candidates] == [C, B, A]


@pytest.mark.parametrize(
    ("fields", "about", "why"),
    [
        ({"is_enabled": False}, {}, "switched_off"),
        ({"is_barred": True}, {}, "test_account"),
        ({}, {"open_breakers": (A,)}, "breaker_open"),
        ({"currency": "USD"}, {}, "currency"),
        ({"terms": AccountTerms(opens_at=NOW + timedelta(seconds=1))}, {}, "dates"),
        ({"terms": AccountTerms(closes_at=NOW)}, {}, "dates"),
        ({"terms": AccountTerms(event_ids=(OTHER_EVENT,))}, {}, "event"),
        ({}, {"choice": (B, C)}, "not_chosen"),
        ({"terms": AccountTerms(amount_minor_min=1_100_001)}, {}, "amount"),
        ({"terms": AccountTerms(amount_minor_max=1_099_999)}, {}, "amount"),
        ({"terms": AccountTerms(methods=("cash",))}, {"method": "credit_card"}, "method"),
        ({"terms": AccountTerms(instalments_max=3)}, {"instalments": 6}, "instalments"),
    ],
)
def test_an_account_that_cannot_is_out_for_a_reason(fields: dict[str, Any], about: dict[str, Any], why: str) -> None:
    decision = decide(book(accounts=[account(A, **fields), account(B, priority=1)]), facts(**about))

    assert (chosen(decision), outcome(decision, A)) == (B, why)


def test_what_is_not_known_of_a_payment_keeps_no_account_out() -> None:
    terms = AccountTerms(
        event_ids=(EVENT,),
        methods=("cash",),
        instalments_max=3,
        amount_minor_min=1_100_000,
        amount_minor_max=1_100_000,
        opens_at=NOW,
        closes_at=NOW + timedelta(seconds=1),
    )

    assert chosen(decide(book(accounts=[account(A, terms=terms)]), facts())) == A


def test_the_first_rule_whose_conditions_hold_decides() -> None:
    never, friday, always = (
        rule(Condition("amount_minor", "gt", 2_000_000), use=(A,)),
        rule(Condition("weekday", "eq", "friday"), use=(C, B)),
        rule(use=(A,)),
    )

    decision = decide(book(never, friday, always), facts())

    assert (chosen(decision), decision.rule, outcome(decision, A)) == (C, 1, "rule")


def test_where_its_accounts_are_away_the_next_rule_is_asked_or_the_payment_refused() -> None:
    accounts = [account(A, is_enabled=False), account(B, priority=1), account(C, priority=2)]
    for_a, then_c = rule(use=(A,)), rule(use=(C,))

    asked = decide(book(for_a, then_c, accounts=accounts), facts())
    refused = decide(book(msgspec.structs.replace(for_a, otherwise="refuse"), then_c, accounts=accounts), facts())

    assert (chosen(asked), asked.passed_over) == (C, (0,))
    assert (chosen(refused), refused.approach, refused.rule) == (None, "none", 0)


def test_what_a_rule_excludes_stays_excluded_for_those_after_it() -> None:
    accounts = [account(A), account(B, priority=1, is_enabled=False)]

    decision = decide(book(rule(exclude=(A,)), rule(use=(A,)), accounts=accounts), facts())

    assert (chosen(decision), decision.passed_over, outcome(decision, A)) == (None, (0, 1), "rule")


def test_a_rule_may_name_what_is_gone() -> None:
    gone = UUID(int=77)

    decision = decide(book(rule(use=(gone,)), rule(choose="weight", shares=(Share(gone, 90), Share(B, 10)))), facts())

    assert (chosen(decision), decision.passed_over) == (B, (0,))


@settings(max_examples=300, deadline=None)
@given(contexts, payments)
def test_no_excluded_account_is_ever_chosen(context: RouteContext, payment: RouteFacts) -> None:
    decision = decide(RouteBook(context), payment)

    by_id = {one.account_id: one for one in context.accounts}
    left = {one.account_id for one in decision.candidates if one.excluded is None}
    assert {one.account_id for one in decision.candidates} == by_id.keys()
    assert (decision.account_id is None) == (decision.approach == "none")
    if decision.account_id is not None:
        found = by_id[decision.account_id]
        assert decision.account_id in left
        assert found.is_enabled
        assert found.currency == payment.currency
        assert found.account_id not in payment.open_breakers
        assert payment.choice is None or found.account_id in payment.choice
        assert (found.terms.amount_minor_min or 0) <= payment.amount_minor <= (found.terms.amount_minor_max or payment.amount_minor)
        assert not found.terms.event_ids or payment.purpose.event_id in found.terms.event_ids
        if decision.rule is not None:
            used = context.policy.rules[decision.rule]
            assert found.account_id not in used.exclude
            assert found.account_id in ([one.account_id for one in used.shares] or used.use or by_id)


@settings(max_examples=200, deadline=None)
@given(contexts, payments)
def test_what_is_stored_gives_the_same_decision_again(context: RouteContext, payment: RouteFacts) -> None:
    first = decide(RouteBook(context), payment)

    stored = [msgspec.json.encode(one) for one in (context, payment, first)]
    again = decide(RouteBook(msgspec.json.decode(stored[0], type=RouteContext)), msgspec.json.decode(stored[1], type=RouteFacts))

    assert again == first == msgspec.json.decode(stored[2], type=Decision)


@settings(max_examples=200, deadline=None)
@given(contexts, payments, st.randoms(use_true_random=False))
def test_only_the_order_of_rules_matters(context: RouteContext, payment: RouteFacts, shuffle: random.Random) -> None:
    rules = []
    for one in context.policy.rules:
        parts = {name: list(getattr(one, name)) for name in ("conditions", "exclude", "shares")}
        for part in parts.values():
            shuffle.shuffle(part)
        rules.append(msgspec.structs.replace(one, **{name: tuple(part) for name, part in parts.items()}))
    accounts, schedules = list(context.accounts), list(context.schedules)
    shuffle.shuffle(accounts)
    shuffle.shuffle(schedules)
    # Two lines of one age under one id are no tables that could be stored.
    assume(len({one.fee_schedule_id for one in schedules}) == len(schedules))
    shuffled = msgspec.structs.replace(
        context,
        accounts=tuple(accounts),
        schedules=tuple(schedules),
        policy=msgspec.structs.replace(context.policy, rules=tuple(rules)),
    )

    assert decide(RouteBook(shuffled), payment) == decide(RouteBook(context), payment)


def test_rules_in_another_order_decide_otherwise() -> None:
    first, second = rule(use=(A,)), rule(use=(B,))

    assert [chosen(decide(book(*order), facts())) for order in ((first, second), (second, first))] == [A, B]


def test_shares_come_out_within_a_point_over_a_hundred_thousand_references() -> None:
    percents = (62, 37, 1)
    split = book(rule(choose="weight", shares=tuple(Share(one, percent) for one, percent in zip((A, B, C), percents, strict=True))))
    seed = random.Random(20261127)

    counts = Counter(chosen(decide(split, facts(number=seed.getrandbits(128)))) for _ in range(MANY))

    for one, percent in zip((A, B, C), percents, strict=True):
        assert abs(counts[one] / MANY * 100 - percent) < 1


def test_the_share_of_an_account_that_is_away_falls_to_the_others_in_proportion() -> None:
    accounts = [account(A), account(B, priority=1), account(C, priority=2, is_enabled=False)]
    split = book(rule(choose="weight", shares=(Share(A, 20), Share(B, 30), Share(C, 50))), accounts=accounts)

    counts = Counter(chosen(decide(split, facts(number=number))) for number in range(20_000))

    assert counts[A] + counts[B] == 20_000
    assert counts[A] / 20_000 == pytest.approx(0.4, abs=0.015)


def test_a_new_version_deals_anew_and_the_same_one_never() -> None:
    split = [book(rule(choose="weight", shares=(Share(A, 50), Share(B, 50))), version=version) for version in (1, 2, 1)]

    first, second, again = ([chosen(decide(one, facts(number=number))) for number in range(1_000)] for one in split)

    assert first == again != second


def test_the_bucket_is_the_hash_that_the_documentation_says() -> None:
    # SHA-256 of the reference's 16 bytes and "//1/0", its first eight bytes modulo 10,000.
    split = book(rule(choose="weight", shares=(Share(A, 50), Share(B, 50))))

    assert decide(split, facts(number=7)).bucket == 5_359


def test_the_best_approved_account_takes_most_and_the_others_stay_known() -> None:
    rates = book(rule(choose="approval_rate", explore_percent=5))
    known = (Approvals(A, 70, 100), Approvals(B, 95, 100))

    decisions = [decide(rates, facts(number=number, approvals=known)) for number in range(20_000)]

    counts = Counter((chosen(one), one.approach) for one in decisions)
    assert counts[B, "approval_rate"] / 20_000 == pytest.approx(0.95, abs=0.01)
    assert counts[A, "exploration"] == pytest.approx(500, rel=0.2)
    assert counts[C, "exploration"] == pytest.approx(500, rel=0.2)
    assert counts.keys() == {(B, "approval_rate"), (A, "exploration"), (C, "exploration")}


def test_nothing_is_explored_where_that_is_switched_off_or_there_is_nobody_else() -> None:
    off = book(rule(choose="approval_rate", explore_percent=0))
    alone = book(rule(choose="approval_rate", use=(A,)))

    assert {decide(one, facts(number=number)).approach for one in (off, alone) for number in range(500)} == {"approval_rate"}


def test_one_decline_does_not_end_an_account() -> None:
    assert approval_score(0, 0) == 800_000
    assert approval_score(0, 1) == 727_272
    assert approval_score(0, 1) > approval_score(40, 100)
    assert approval_score(950, 1_000) > approval_score(1, 1)


def test_dates_and_hours_are_those_of_the_place() -> None:
    # Half past nine on Friday evening in Buenos Aires, Saturday in UTC.
    there = seen_of(facts())

    assert (there[8].isoformat(), there[9], there[10]) == ("2026-11-27", 4, 21)


@settings(max_examples=40, deadline=None)
@given(contexts, payments)
def test_a_card_decides_among_what_fits_and_only_where_a_rule_asks_for_it(context: RouteContext, payment: RouteFacts) -> None:
    ready = RouteBook(context)
    unknown = msgspec.structs.replace(payment, card_bin=None)

    decisions = [chosen(decide(ready, msgspec.structs.replace(payment, card_bin=card_bin))) for card_bin in ("450799", "515073", None)]

    assert set(decisions) <= {None, *fitting_of(ready, unknown)}
    assert ready.asks_for_card or len(set(decisions)) == 1
