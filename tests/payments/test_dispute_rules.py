"""A dispute is what its reports say together, in whatever order they come and however often; and its deadlines are told once each."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alltickets.kernel.money import Money
from alltickets.payments.disputes.rules import Dispute, follow, known_as, news_of, next_reminder, status_of, told_of
from alltickets.payments.events import DisputeClosed, DisputeOpened
from alltickets.payments.port import GatewayDispute, GatewayPayment, GatewayStatus
from alltickets.payments.rules import Charge, restated

NOW = datetime(2027, 3, 1, tzinfo=UTC)
CHARGE = Charge(
    id=UUID(int=1),
    attempt_id=UUID(int=2),
    account_id=UUID(int=3),
    provider_payment_id="p1",
    status="disputed",
    raw_status="disputed",
    amount=Money(100_00, "ARS"),
    refunded_minor=0,
    sequence=1,
)


def told(state: str = "needs_response", **more: object) -> GatewayDispute:
    plain = GatewayDispute(
        provider_dispute_id="d1",
        state="needs_response",
        amount=Money(40_00, "ARS"),
        reason="fraud",
        raw_reason="fraudulent",
        raw_status=state,
        due_at=NOW + timedelta(days=7),
        opened_at=NOW,
    )
    return msgspec.structs.replace(plain, state=state, **more)


def read(reports: list[GatewayDispute]) -> tuple[list[Dispute], list[str]]:
    """What a charge has of disputes after these reports, and what was published."""
    known: list[Dispute] = []
    events: list[str] = []
    for number, report in enumerate(reports):
        before = known_as(report, known)
        after = follow(before, report, CHARGE, ids=(UUID(int=100 + number), UUID(int=4), UUID(int=5)), now=NOW)
        if after is not None:
            events += [type(event).__name__ for event in news_of(before, after)]
            known = [*(one for one in known if one.id != after.id), after]
    return known, events


HISTORY = [
    told("needs_response", is_inquiry=True, sequence=1),
    told("needs_response", sequence=4),
    told("under_review", sequence=5),
    told("needs_response", sequence=6, due_at=NOW + timedelta(days=9)),
    told("under_review", sequence=7),
    told("won", sequence=8),
]


@settings(max_examples=60)
@given(st.permutations([*HISTORY, *HISTORY]))
def test_reports_in_any_order_and_twice_end_in_the_newest(reports: list[GatewayDispute]) -> None:
    [after], events = read(reports)

    assert (after.state, after.due_at, after.is_inquiry) == ("won", NOW + timedelta(days=7), False)
    assert (events.count("DisputeOpened") >= 1, events.count("DisputeClosed")) == (True, 1)


def test_what_was_lost_stays_lost_where_nobody_counts() -> None:
    [after], events = read([told("lost"), told("needs_response"), told("won"), told("lost")])

    assert (after.state, events) == ("lost", [DisputeOpened.__name__, DisputeClosed.__name__])


def test_one_that_had_only_its_payments_name_becomes_the_one_that_the_gateway_names() -> None:
    seen = GatewayPayment(provider_payment_id="p1", reference="r", status="disputed", amount=CHARGE.amount, raw_status="disputed")
    [nameless] = told_of(CHARGE, seen, [])

    [one], events = read([nameless, told("under_review")])

    assert (nameless.amount, one.provider_dispute_id, one.amount.minor, one.state) == (CHARGE.amount, "d1", 40_00, "under_review")
    assert events == ["DisputeOpened"]
    assert told_of(CHARGE, seen, [one]) == ()


@pytest.mark.parametrize(("status", "state"), [("charged", "won"), ("charged_back", "lost"), ("refunded", "closed")])
def test_a_payments_status_ends_the_dispute_that_it_began(status: GatewayStatus, state: str) -> None:
    known, _ = read(list(told_of(CHARGE, restated(CHARGE), [])))
    ended = msgspec.structs.replace(CHARGE, status=status, sequence=2)

    [report] = told_of(ended, restated(ended), known)

    assert report.state == state


@pytest.mark.parametrize(
    ("disputes", "status"),
    [
        ([], "charged"),
        ([told("won"), told("closed")], "charged"),
        ([told("needs_response", is_inquiry=True)], "charged"),
        ([told("won"), told("under_review")], "disputed"),
        ([told("needs_response"), told("lost")], "charged_back"),
    ],
)
def test_disputes_together_are_what_a_payment_is(disputes: list[GatewayDispute], status: str) -> None:
    assert status_of(disputes) == status


def test_deadlines_are_told_three_days_and_one_day_before_and_only_of_what_wants_an_answer() -> None:
    [one], _ = read([told()])
    due_at = NOW + timedelta(days=7)

    moments = [next_reminder(one, now) for now in (NOW, due_at - timedelta(days=3), due_at - timedelta(hours=20))]

    assert moments == [due_at - timedelta(days=3), due_at - timedelta(days=1), None]
    assert next_reminder(msgspec.structs.replace(one, state="under_review"), NOW) is None
    assert next_reminder(msgspec.structs.replace(one, due_at=None), NOW) is None
