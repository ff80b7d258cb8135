"""What reports do to attempts, payments and charges: tables first, then any order and multiplicity of reports."""

from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alltickets.kernel.money import Money
from alltickets.payments.events import (
    PaymentCaptured,
    PaymentDisputed,
    PaymentFailed,
    PaymentFlagged,
    PaymentPending,
    PaymentRefunded,
)
from alltickets.payments.port import GatewayPayment, GatewayStatus
from alltickets.payments.rules import (
    ATTEMPT_RANKS,
    Attempt,
    AttemptStatus,
    Charge,
    Payment,
    Transition,
    conclude,
    decide,
    may_move,
    refundable_minor,
)
from alltickets.platform.events import Event

ACCOUNT, OTHER_ACCOUNT = UUID(int=1), UUID(int=2)
PAYMENT, ATTEMPT, SECOND_ATTEMPT = UUID(int=10), UUID(int=11), UUID(int=12)
REFERENCE = UUID(int=20)
ASKED = Money(100_00, "ARS")

MOVES = """
created             sending awaiting_buyer pending unknown authorized capturing voiding declined expired cancelled voided error charged partially_refunded refunded disputed charged_back integrity_hold
sending             awaiting_buyer pending unknown authorized capturing voiding declined expired cancelled voided error charged partially_refunded refunded disputed charged_back integrity_hold
awaiting_buyer      pending unknown authorized capturing voiding declined expired cancelled voided error charged partially_refunded refunded disputed charged_back integrity_hold
pending             unknown authorized capturing voiding declined expired cancelled voided error charged partially_refunded refunded disputed charged_back integrity_hold
unknown             awaiting_buyer pending authorized capturing voiding declined expired cancelled voided error charged partially_refunded refunded disputed charged_back integrity_hold
authorized          capturing voiding declined expired cancelled voided error charged partially_refunded refunded disputed charged_back integrity_hold
capturing           voiding declined expired cancelled voided error charged partially_refunded refunded disputed charged_back integrity_hold
voiding             declined expired cancelled voided error charged partially_refunded refunded disputed charged_back integrity_hold
declined            expired cancelled voided error charged partially_refunded refunded disputed charged_back integrity_hold
expired             declined cancelled voided error charged partially_refunded refunded disputed charged_back integrity_hold
cancelled           declined expired voided error charged partially_refunded refunded disputed charged_back integrity_hold
voided              declined expired cancelled error charged partially_refunded refunded disputed charged_back integrity_hold
error               declined expired cancelled voided charged partially_refunded refunded disputed charged_back integrity_hold
charged             partially_refunded refunded disputed charged_back integrity_hold
partially_refunded  charged refunded disputed charged_back integrity_hold
refunded            disputed charged_back integrity_hold
disputed            charged partially_refunded refunded charged_back integrity_hold
charged_back        refunded disputed integrity_hold
integrity_hold      voiding voided
"""  # noqa: E501


class Ledger:
    """The three things as they stand after reports, and everything that was told."""

    def __init__(self, *, attempt_status: AttemptStatus = "awaiting_buyer") -> None:
        self.payment = Payment(id=PAYMENT, reference=REFERENCE, amount=ASKED, status="open", newest_attempt_id=ATTEMPT)
        self.attempts = {ATTEMPT: Attempt(id=ATTEMPT, payment_id=PAYMENT, account_id=ACCOUNT, status=attempt_status)}
        self.charges: dict[str, Charge] = {}
        self.told: list[Event] = []
        self.surplus_minor: dict[str, int] = {}

    def second_attempt(self) -> None:
        self.attempts[SECOND_ATTEMPT] = Attempt(id=SECOND_ATTEMPT, payment_id=PAYMENT, account_id=ACCOUNT, status="awaiting_buyer")
        self.payment = msgspec.structs.replace(self.payment, newest_attempt_id=SECOND_ATTEMPT)

    def report(self, seen: GatewayPayment, *, account_id: UUID = ACCOUNT) -> Transition:
        known = self.charges.get(seen.provider_payment_id)
        transition = decide(
            self.payment,
            self.attempts[UUID(seen.reference)],
            known,
            seen,
            account_id=account_id,
            charge_id=UUID(int=100 + len(self.charges)),
        )
        assert transition.charge is not None
        self.payment = transition.payment
        self.attempts[transition.attempt.id] = transition.attempt
        self.charges[seen.provider_payment_id] = transition.charge
        if transition.surplus_minor:
            assert seen.provider_payment_id not in self.surplus_minor, "given back once"
            self.surplus_minor[seen.provider_payment_id] = transition.surplus_minor
        self.told += transition.events
        return transition

    @property
    def attempt(self) -> Attempt:
        return self.attempts[ATTEMPT]

    def told_of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.told if isinstance(event, kind)]


def seen(
    status: GatewayStatus,
    *,
    provider_payment_id: str = "p1",
    amount: Money = ASKED,
    refunded_minor: int = 0,
    sequence: int = 0,
    is_recognised: bool = True,
    attempt: UUID = ATTEMPT,
) -> GatewayPayment:
    return GatewayPayment(
        provider_payment_id=provider_payment_id,
        reference=str(attempt),
        status=status,
        amount=amount,
        refunded_minor=refunded_minor,
        sequence=sequence,
        raw_status=status if is_recognised else "strange",
        is_recognised=is_recognised,
    )


def test_the_table_of_moves_is_the_whole_table() -> None:
    allowed = {line.split()[0]: set(line.split()[1:]) for line in MOVES.strip().splitlines()}

    assert set(allowed) == set(ATTEMPT_RANKS)
    for before in ATTEMPT_RANKS:
        assert {after for after in ATTEMPT_RANKS if may_move(before, after)} == allowed[before], before


@pytest.mark.parametrize(
    ("status", "attempt", "payment", "told"),
    [
        ("pending", "pending", "processing", [PaymentPending]),
        ("authorized", "authorized", "processing", [PaymentPending]),
        ("declined", "declined", "failed", [PaymentFailed]),
        ("cancelled", "cancelled", "failed", [PaymentFailed]),
        ("expired", "expired", "expired", [PaymentFailed]),
        ("charged", "charged", "paid", [PaymentCaptured]),
        ("refunded", "refunded", "refunded", [PaymentRefunded]),
        ("disputed", "disputed", "disputed", [PaymentDisputed]),
        ("charged_back", "charged_back", "charged_back", [PaymentDisputed]),
    ],
)
def test_a_first_report_moves_attempt_and_payment(
    status: GatewayStatus, attempt: AttemptStatus, payment: str, told: list[type[Event]]
) -> None:
    ledger = Ledger()

    ledger.report(seen(status))

    assert (ledger.attempt.status, ledger.payment.status) == (attempt, payment)
    assert [type(event) for event in ledger.told] == told


@pytest.mark.parametrize("before", ["declined", "expired", "cancelled", "error", "unknown", "pending"])
def test_money_overwrites_whatever_was_thought_of_the_attempt(before: AttemptStatus) -> None:
    ledger = Ledger(attempt_status=before)

    ledger.report(seen("charged"))

    assert ledger.attempt.status == "charged"
    assert len(ledger.told_of(PaymentCaptured)) == 1


@pytest.mark.parametrize("late", ["pending", "authorized", "declined", "cancelled", "expired"])
def test_nothing_less_than_money_overwrites_money(late: GatewayStatus) -> None:
    ledger = Ledger()
    ledger.report(seen("charged", sequence=2))
    told_before = list(ledger.told)

    ledger.report(seen(late, sequence=9))

    assert (ledger.attempt.status, ledger.payment.status) == ("charged", "paid")
    assert ledger.told == told_before


@pytest.mark.parametrize("amount", [Money(99_99, "ARS"), Money(100_01, "ARS"), Money(100_00, "USD")])
def test_another_amount_confirms_nothing_and_is_flagged_once(amount: Money) -> None:
    ledger = Ledger()

    ledger.report(seen("charged", amount=amount))
    ledger.report(seen("charged", amount=amount))

    assert ledger.attempt.status == "integrity_hold"
    assert ledger.payment.kept_charge_id is None
    assert not ledger.told_of(PaymentCaptured)
    assert [event.kind for event in ledger.told if isinstance(event, PaymentFlagged)] == ["amount_mismatch"]


@pytest.mark.parametrize("amount", [Money(50_00, "ARS"), Money(100_00, "USD")])
def test_an_older_report_of_the_right_amount_confirms_nothing_either(amount: Money) -> None:
    ledger = Ledger()

    ledger.report(seen("charged", amount=amount))
    ledger.report(seen("pending"))

    assert ledger.attempt.status == "integrity_hold"
    assert not ledger.told_of(PaymentCaptured)
    assert ledger.charges["p1"].amount == amount


def test_the_right_amount_still_pays_after_a_wrong_one() -> None:
    ledger = Ledger()
    ledger.report(seen("charged", provider_payment_id="wrong", amount=Money(1, "ARS")))

    ledger.report(seen("charged", provider_payment_id="right"))

    assert ledger.payment.status == "paid"
    assert ledger.attempt.status == "integrity_hold"
    assert len(ledger.told_of(PaymentCaptured)) == 1


@pytest.mark.parametrize("is_ordered_back", [True, False], ids=["by us", "on the gateway's pages"])
@pytest.mark.parametrize("late", [[], [("charged", 0)]])
def test_a_wrong_amount_that_is_back_lets_the_payment_be_paid_again(is_ordered_back: bool, late: list[tuple[GatewayStatus, int]]) -> None:
    ledger = Ledger()
    wrong = Money(1_00, "ARS")
    ledger.report(seen("charged", amount=wrong))
    if is_ordered_back:
        ledger.charges["p1"] = msgspec.structs.replace(ledger.charges["p1"], is_surplus=True)

    ledger.report(seen("refunded", amount=wrong, sequence=1))
    for status, sequence in late:
        ledger.report(seen(status, amount=wrong, sequence=sequence))

    assert (ledger.attempt.status, ledger.payment.status) == ("voided", "failed")
    assert [event.reason for event in ledger.told if isinstance(event, PaymentFailed)] == ["voided"]
    assert len(ledger.told_of(PaymentFlagged)) == 1
    ledger.second_attempt()
    ledger.report(seen("charged", provider_payment_id="p2", attempt=SECOND_ATTEMPT))
    assert ledger.payment.status == "paid"


def test_a_wrong_amount_that_is_back_leaves_what_another_charge_paid() -> None:
    ledger = Ledger()
    ledger.report(seen("charged", provider_payment_id="wrong", amount=Money(1, "ARS")))
    ledger.report(seen("charged", provider_payment_id="right"))

    ledger.report(seen("refunded", provider_payment_id="wrong", amount=Money(1, "ARS"), sequence=1))

    assert (ledger.attempt.status, ledger.payment.status) == ("charged", "paid")
    assert not ledger.told_of(PaymentFailed)


def test_what_is_being_given_back_pays_for_nothing_though_its_amount_is_put_right() -> None:
    ledger = Ledger()
    ledger.report(seen("charged", amount=Money(99_00, "ARS")))
    ledger.charges["p1"] = msgspec.structs.replace(ledger.charges["p1"], is_surplus=True)

    ledger.report(seen("charged", sequence=1))

    assert (ledger.attempt.status, ledger.payment.kept_charge_id) == ("integrity_hold", None)
    assert not ledger.told_of(PaymentCaptured)
    ledger.report(seen("refunded", sequence=2))
    assert (ledger.attempt.status, ledger.payment.status) == ("voided", "failed")


def test_a_report_of_another_account_confirms_nothing() -> None:
    ledger = Ledger()

    ledger.report(seen("charged"), account_id=OTHER_ACCOUNT)

    assert ledger.attempt.status == "integrity_hold"
    assert [event.kind for event in ledger.told if isinstance(event, PaymentFlagged)] == ["account_mismatch"]


def test_a_providers_payment_pays_for_one_attempt_only() -> None:
    ledger = Ledger()
    ledger.report(seen("charged"))
    ledger.second_attempt()

    ledger.report(seen("charged", attempt=SECOND_ATTEMPT))

    assert ledger.attempts[SECOND_ATTEMPT].status == "integrity_hold"
    assert ledger.charges["p1"].attempt_id == ATTEMPT
    assert not ledger.surplus_minor


def test_an_unknown_word_is_pending_and_flagged() -> None:
    ledger = Ledger()

    ledger.report(seen("pending", is_recognised=False))
    ledger.report(seen("pending", is_recognised=False))

    assert ledger.attempt.status == "pending"
    assert [event.kind for event in ledger.told if isinstance(event, PaymentFlagged)] == ["unknown_status"]


def test_a_link_that_was_paid_twice_keeps_the_first_and_gives_the_second_back() -> None:
    ledger = Ledger()
    ledger.report(seen("charged", provider_payment_id="p1"))

    ledger.report(seen("charged", provider_payment_id="p2"))
    ledger.report(seen("charged", provider_payment_id="p2"))

    assert ledger.surplus_minor == {"p2": 100_00}
    assert ledger.attempt.status == "charged"
    assert len(ledger.told_of(PaymentCaptured)) == 1


def test_a_second_attempt_that_was_paid_as_well_is_given_back() -> None:
    ledger = Ledger()
    ledger.second_attempt()
    ledger.report(seen("charged", provider_payment_id="p2", attempt=SECOND_ATTEMPT))

    ledger.report(seen("charged", provider_payment_id="p1"))
    ledger.report(seen("refunded", provider_payment_id="p1"))

    assert ledger.surplus_minor == {"p1": 100_00}
    assert ledger.attempt.status == "refunded"
    assert ledger.attempts[SECOND_ATTEMPT].status == "charged"
    assert ledger.payment.status == "paid"
    assert not ledger.told_of(PaymentRefunded), "the buyer's own money stayed"


def test_giving_the_surplus_back_leaves_the_paid_attempt_paid() -> None:
    ledger = Ledger()
    ledger.report(seen("charged", provider_payment_id="p1"))
    ledger.report(seen("charged", provider_payment_id="p2"))

    ledger.report(seen("refunded", provider_payment_id="p2"))

    assert (ledger.attempt.status, ledger.payment.status) == ("charged", "paid")


def test_an_older_attempt_that_fails_does_not_fail_the_payment() -> None:
    ledger = Ledger()
    ledger.second_attempt()

    ledger.report(seen("declined"))

    assert ledger.attempt.status == "declined"
    assert ledger.payment.status == "open"
    assert not ledger.told


def test_refunds_add_up() -> None:
    ledger = Ledger()
    ledger.report(seen("charged"))

    ledger.report(seen("charged", refunded_minor=30_00))
    ledger.report(seen("charged", refunded_minor=30_00))
    ledger.report(seen("charged", refunded_minor=100_00))

    refunds = [event for event in ledger.told if isinstance(event, PaymentRefunded)]
    assert [(event.amount_minor, event.refunded_minor, event.is_full) for event in refunds] == [
        (30_00, 30_00, False),
        (70_00, 100_00, True),
    ]
    assert (ledger.attempt.status, ledger.payment.status) == ("refunded", "refunded")


def test_refunded_before_charged_confirms_nothing() -> None:
    ledger = Ledger()

    ledger.report(seen("refunded", sequence=3))
    ledger.report(seen("charged", sequence=2))

    assert ledger.payment.status == "refunded"
    assert not ledger.told_of(PaymentCaptured)


def test_a_dispute_can_be_won() -> None:
    ledger = Ledger()
    ledger.report(seen("charged", sequence=1))
    ledger.report(seen("disputed", sequence=2))

    ledger.report(seen("charged", sequence=3))

    assert (ledger.attempt.status, ledger.payment.status) == ("charged", "paid")
    assert len(ledger.told_of(PaymentCaptured)) == 1


def test_what_we_find_out_ourselves_moves_the_payment_too() -> None:
    ledger = Ledger(attempt_status="sending")

    lost = conclude(ledger.payment, ledger.attempt, "unknown")
    assert lost is not None
    failed = conclude(lost.payment, lost.attempt, "error")

    assert [type(event) for event in lost.events] == [PaymentPending]
    assert failed is not None
    assert failed.payment.status == "failed"
    assert [type(event) for event in failed.events] == [PaymentFailed]


def test_a_paid_attempt_is_not_concluded() -> None:
    ledger = Ledger()
    ledger.report(seen("charged"))

    assert conclude(ledger.payment, ledger.attempt, "expired") is None


@pytest.mark.parametrize(
    ("status", "refunded", "succeeded", "on_its_way", "left"),
    [
        ("charged", 0, 0, 0, 100_00),
        ("charged", 30_00, 0, 0, 70_00),
        ("charged", 0, 30_00, 0, 70_00),  # ours is ahead of the gateway's word
        ("charged", 30_00, 30_00, 20_00, 50_00),
        ("charged", 30_00, 0, 90_00, 0),  # never below nothing
        ("refunded", 100_00, 0, 0, 0),
        ("disputed", 0, 0, 0, 0),
        ("pending", 0, 0, 0, 0),
    ],
)
def test_what_can_still_be_refunded(status: GatewayStatus, refunded: int, succeeded: int, on_its_way: int, left: int) -> None:
    ledger = Ledger()
    ledger.report(seen(status, refunded_minor=refunded))

    assert refundable_minor(ledger.charges["p1"], succeeded, on_its_way) == left


# Any order and multiplicity


@st.composite
def histories(draw: st.DrawFn) -> list[GatewayPayment]:
    """A provider's true history of one payment, each report once, numbered."""
    path: list[GatewayStatus] = ["pending"] if draw(st.booleans()) else []
    path += draw(st.lists(st.sampled_from(["authorized", "declined", "expired", "cancelled"]), max_size=3))
    if draw(st.booleans()):
        path.append("charged")
        refunds = sorted(draw(st.lists(st.integers(1, ASKED.minor), max_size=3, unique=True)))
        reports = [seen(status, sequence=index) for index, status in enumerate(path, 1)]
        for refunded in refunds:
            status: GatewayStatus = "refunded" if refunded == ASKED.minor else "charged"
            reports.append(seen(status, refunded_minor=refunded, sequence=len(reports) + 1))
        if draw(st.booleans()):
            refunded = refunds[-1] if refunds else 0
            reports.append(seen("disputed", refunded_minor=refunded, sequence=len(reports) + 1))
            ending: GatewayStatus = draw(st.sampled_from(["charged", "charged_back"]))
            reports.append(seen(ending, refunded_minor=refunded, sequence=len(reports) + 1))
        return reports
    return [seen(status, sequence=index) for index, status in enumerate(path, 1)]


@given(histories(), st.data())
def test_any_order_and_multiplicity_ends_in_the_same_state(history: list[GatewayPayment], data: st.DataObject) -> None:
    repeated = [report for report in history for _ in range(data.draw(st.integers(1, 3)))]
    shuffled = data.draw(st.permutations(repeated))

    in_order, in_any_order = Ledger(), Ledger()
    for report in history:
        in_order.report(report)
    for report in shuffled:
        in_any_order.report(report)

    assert in_any_order.attempt == in_order.attempt
    assert in_any_order.charges == in_order.charges
    assert msgspec.structs.replace(in_any_order.payment, is_captured=True) == msgspec.structs.replace(in_order.payment, is_captured=True)
    assert len(in_any_order.told_of(PaymentCaptured)) <= 1


@given(st.permutations([seen("authorized"), seen("authorized"), seen("refunded", refunded_minor=ASKED.minor), seen("cancelled")]))
def test_what_was_reserved_and_given_back_was_never_taken_whatever_its_gateway_calls_it(reports: list[GatewayPayment]) -> None:
    ledger = Ledger()
    ledger.report(seen("authorized"))
    ledger.charges["p1"] = msgspec.structs.replace(ledger.charges["p1"], intent="void")

    for report in reports:
        ledger.report(report)
    voided = ledger.attempt.status
    ledger.report(seen("charged"))

    assert (voided, ledger.charges["p1"].refunded_minor) == ("voided", 0)
    assert [type(event) for event in ledger.told] == [PaymentPending, PaymentFailed, PaymentCaptured]
    assert ledger.attempt.status == "charged", "money overwrites it as it overwrites everything"


@given(histories(), st.data())
def test_refunds_never_exceed_the_charge_and_are_told_to_the_cent(history: list[GatewayPayment], data: st.DataObject) -> None:
    ledger = Ledger()

    for report in data.draw(st.permutations(history)):
        ledger.report(report)

    told = sum(event.amount_minor for event in ledger.told if isinstance(event, PaymentRefunded))
    charged = list(ledger.charges.values())
    assert told == sum(charge.refunded_minor for charge in charged)
    assert all(charge.refunded_minor <= charge.amount.minor for charge in charged)


@given(st.integers(1, 4), st.integers(1, 3), st.data())
def test_of_several_charges_one_is_kept_and_the_others_go_back(charges: int, times: int, data: st.DataObject) -> None:
    ledger = Ledger()
    ledger.second_attempt()
    reports = [
        seen("charged", provider_payment_id=f"p{number}", attempt=data.draw(st.sampled_from([ATTEMPT, SECOND_ATTEMPT])), sequence=2)
        for number in range(charges)
    ]
    noise = [msgspec.structs.replace(report, status="pending", raw_status="pending", sequence=1) for report in reports]

    for report in data.draw(st.permutations((reports + noise) * times)):
        ledger.report(report)

    assert ledger.payment.status == "paid"
    assert len(ledger.told_of(PaymentCaptured)) == 1
    assert sum(ledger.surplus_minor.values()) == (charges - 1) * ASKED.minor
    kept = [charge for charge in ledger.charges.values() if not charge.is_surplus]
    assert [charge.id for charge in kept] == [ledger.payment.kept_charge_id]
