"""What a line means beside what we know."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alltickets.payments.reconciliation.lines import LineKind, SettlementLine
from alltickets.payments.reconciliation.rules import ACTS, KnownCharge, compare

CHARGE = KnownCharge(status="charged", amount_minor=100_00, currency="ARS", refunded_minor=0, fee_minor=4_84)


def line(kind: LineKind = "payment", gross_minor: int = 100_00, **fields: object) -> SettlementLine:
    plain = SettlementLine(
        row=2,
        kind=kind,
        source_id="p1",
        reference="",
        settlement_reference="",
        gross_minor=gross_minor,
        fee_minor=4_84,
        taxes_minor=0,
        net_minor=95_16,
        currency="ARS",
        occurred_at=None,
        settles_at=None,
    )
    return msgspec.structs.replace(plain, **fields)


def known(**fields: object) -> KnownCharge:
    return msgspec.structs.replace(CHARGE, **fields)


@pytest.mark.parametrize(
    ("said", "ours", "state", "expected_minor"),
    [
        (line(), CHARGE, "matched", None),
        (line(), None, "missing_here", None),
        (line(), known(status="declined"), "missing_here", None),
        (line(gross_minor=99_99), CHARGE, "amount_differs", 100_00),
        (line(currency="USD"), CHARGE, "currency_differs", None),
        (line(fee_minor=4_85), CHARGE, "matched", None),
        (line(fee_minor=4_86), CHARGE, "fee_differs", 4_84),
        (line(fee_minor=9_99), known(fee_minor=None), "matched", None),
        (line(platform_fee_minor=9_00), known(platform_fee_minor=9_00), "matched", None),
        (line(platform_fee_minor=9_00), known(platform_fee_minor=9_01), "platform_fee_differs", 9_01),
        (line(platform_fee_minor=9_00), CHARGE, "platform_fee_differs", 0),
        (line(), known(has_payment_line=True), "duplicate", None),
        (line(), known(status="refunded", refunded_minor=100_00), "matched", None),
        (line("refund", -30_00), known(refunded_minor=30_00), "matched", None),
        (line("refund", -30_00), known(refunded_minor=50_00, refunds_in_lines_minor=30_00), "missing_here", None),
        (line("refund", -30_00), CHARGE, "missing_here", None),
        (line("refund", -30_00), known(refunded_minor=80_00, refunds_in_lines_minor=80_00), "amount_differs", 0),
        (line("refund", -30_00, platform_fee_minor=-3_00), known(refunded_minor=30_00), "platform_fee_differs", 0),
        (line("refund", -30_00, platform_fee_minor=-3_00), known(refunded_minor=30_00, platform_fee_minor=9_00), "matched", None),
        (line("refund", -30_00, platform_fee_minor=-3_00), CHARGE, "missing_here", None),
        (line("dispute", -100_00), known(status="disputed"), "matched", None),
        (line("dispute", -100_00), CHARGE, "missing_here", None),
        (line("dispute", -40_00), known(status="disputed", disputed_minors=(20_00, 40_00)), "matched", None),
        (line("dispute", 40_00), known(disputed_minors=(40_00,)), "matched", None),
        (line("dispute", -100_00), known(status="disputed", disputed_minors=(40_00,)), "amount_differs", 40_00),
        (line("payout", -500_00), None, "not_compared", None),
        (line("other", -1_00), None, "not_compared", None),
    ],
)
def test_a_line_beside_our_books(said: SettlementLine, ours: KnownCharge | None, state: str, expected_minor: int | None) -> None:
    verdict = compare(said, ours)

    assert (verdict.state, verdict.expected_minor) == (state, expected_minor)


@given(
    gross=st.integers(-(10**9), 10**9),
    fee=st.integers(-(10**6), 10**6),
    kind=st.sampled_from(["payment", "refund", "dispute"]),
    ours=st.builds(
        KnownCharge,
        status=st.sampled_from(["pending", "charged", "refunded", "disputed", "charged_back", "declined"]),
        amount_minor=st.integers(1, 10**9),
        currency=st.sampled_from(["ARS", "USD"]),
        refunded_minor=st.integers(0, 10**9),
        fee_minor=st.none() | st.integers(0, 10**6),
        has_payment_line=st.booleans(),
        refunds_in_lines_minor=st.integers(0, 10**9),
        disputed_minors=st.lists(st.integers(0, 10**9), max_size=2).map(tuple),
    ),
)
def test_nothing_matches_that_moves_other_money_than_we_know(gross: int, fee: int, kind: LineKind, ours: KnownCharge) -> None:
    verdict = compare(line(kind, gross, fee_minor=fee), ours)

    if verdict.state == "matched":
        assert ours.currency == "ARS"
        assert kind != "payment" or gross == ours.amount_minor
        assert kind != "refund" or ours.refunds_in_lines_minor + abs(gross) <= ours.refunded_minor
    assert verdict.state in ACTS
