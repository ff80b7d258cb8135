"""The log read as facts: any history of reports and refunds, in any order, ends in the books that payments' own state stands for."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alltickets.kernel.money import Money
from alltickets.payments.events import ChargeMoney, ChargeMoved, PaymentCaptured, RefundFailed, RefundOrdered
from alltickets.payments.ledger.accounts import CHARGEBACK_LOSS, DISPUTE_RESERVE, ORGANIZER_PAYABLE, REFUND_CLEARING, gateway_receivable
from alltickets.payments.ledger.facts import KnownCharge, facts_of, post
from alltickets.payments.ledger.rules import ChargeFacts, Posting, books_of
from alltickets.payments.parts import Part
from alltickets.payments.port import ChargeFacts as ToldFacts
from alltickets.payments.port import DisputeState, GatewayDispute, GatewayPayment
from alltickets.payments.rules import Attempt, Charge, Payment, decide, money_moved, money_of, refundable_minor
from alltickets.platform.events import Event
from alltickets.platform.outbox import Recorded

ACCOUNT, PAYMENT, ATTEMPT, REFERENCE = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4)
ASKED = Money(100_01, "ARS")
PARTS = (Part("proceeds", 90_00), Part("charge", 8_28), Part("charge_tax", 1_73))
AT = datetime(2027, 3, 1, tzinfo=UTC)
TAX = 2_100
FEE = ToldFacts(fee_minor=4_84)

Ids = tuple[UUID, str]


class Till:
    """A payment with its charges as payments keep them, and everything that was published of their money."""

    def __init__(self) -> None:
        self.payment = Payment(id=PAYMENT, reference=REFERENCE, amount=ASKED, status="open", newest_attempt_id=ATTEMPT)
        self.attempt = Attempt(id=ATTEMPT, payment_id=PAYMENT, account_id=ACCOUNT, status="awaiting_buyer")
        self.charges: dict[str, Charge] = {}
        self.refunds: list[tuple[UUID, UUID, int]] = []
        self.failed: set[UUID] = set()
        self.events: list[Event] = []

    def report(self, seen: GatewayPayment) -> None:
        known = self.charges.get(seen.provider_payment_id)
        charge_id = UUID(int=100 + len(self.charges))
        transition = decide(self.payment, self.attempt, known, seen, account_id=ACCOUNT, charge_id=charge_id)
        moved = money_moved(self.payment, known, transition)
        self.events += [event for event in (*transition.events, *moved) if isinstance(event, PaymentCaptured | ChargeMoved)]
        assert transition.charge is not None
        self.payment, self.attempt = transition.payment, transition.attempt
        self.charges[seen.provider_payment_id] = transition.charge

    def order(self, minor: int) -> None:
        """Give back what may be, as `Refunds.order` does."""
        kept = next((charge for charge in self.charges.values() if charge.id == self.payment.kept_charge_id), None)
        left = 0 if kept is None else refundable_minor(kept, 0, self.ordered_minor(kept.id))
        if kept is None or not left:
            return
        refund_id = UUID(int=200 + len(self.refunds))
        self.refunds.append((refund_id, kept.id, min(minor, left)))
        self.events.append(self._refund_event(RefundOrdered, refund_id))

    def fail(self) -> None:
        """The newest refund that stands comes to nothing."""
        standing = [refund_id for refund_id, _, _ in self.refunds if refund_id not in self.failed]
        if standing:
            self.failed.add(standing[-1])
            self.events.append(self._refund_event(RefundFailed, standing[-1]))

    def ordered_minor(self, charge_id: UUID) -> int:
        return sum(minor for refund_id, of, minor in self.refunds if of == charge_id and refund_id not in self.failed)

    def books(self) -> dict[Ids, dict[str, int]]:
        """What the books have to be, made of how things stand."""
        found = {}
        for charge in self.charges.values():
            money = money_of(charge, is_kept=charge.id == self.payment.kept_charge_id)
            parts = PARTS if money.kept_minor else ()
            facts = ChargeFacts(account_id=ACCOUNT, parts=parts, money=money, ordered_minor=self.ordered_minor(charge.id))
            found[charge.id, charge.amount.currency] = without_zeros(books_of(facts, fee_tax_basis_points=TAX))
        return {key: books for key, books in found.items() if books}

    def _refund_event(self, kind: type[RefundOrdered] | type[RefundFailed], refund_id: UUID) -> RefundOrdered | RefundFailed:
        [(_, charge_id, minor)] = [refund for refund in self.refunds if refund[0] == refund_id]
        is_kept = charge_id == self.payment.kept_charge_id
        told: dict[str, Any] = {"reference": self.payment.reference, "payment_id": PAYMENT, "charge_id": charge_id, "is_kept": is_kept}
        return kind(refund_id=refund_id, amount_minor=minor, currency="ARS", **told)


class Bookkeeper:
    """Posts what the log tells, and adds the moves up."""

    def __init__(self) -> None:
        self.known: dict[Ids, KnownCharge] = {}
        self.postings: list[Posting] = []
        self.sums: dict[Ids, dict[str, int]] = {}

    def read(self, recorded: Iterable[Recorded]) -> None:
        for fact in facts_of(list(recorded)):
            key = (fact.charge_id, fact.currency)
            posting = post(self.known.setdefault(key, KnownCharge(ACCOUNT, PARTS)), fact, fee_tax_basis_points=TAX)
            if posting is not None:
                self.postings.append(posting)
                sums = self.sums.setdefault(key, {})
                for move in posting.moves:
                    sums[move.debit] = sums.get(move.debit, 0) + move.minor
                    sums[move.credit] = sums.get(move.credit, 0) - move.minor

    @property
    def books(self) -> dict[Ids, dict[str, int]]:
        found = {key: without_zeros(sums) for key, sums in self.sums.items()}
        return {key: books for key, books in found.items() if books}

    @property
    def kinds(self) -> list[str]:
        return [posting.kind for posting in self.postings]


def without_zeros(books: "dict[str, int] | object") -> dict[str, int]:
    assert isinstance(books, dict)
    return {account: minor for account, minor in books.items() if minor}


def recorded(events: Sequence[Event]) -> list[Recorded]:
    return [Recorded(UUID(int=9), position, AT, event) for position, event in enumerate(events, 1)]


def bank(state: DisputeState, minor: int, *, fee_minor: int = 0, is_inquiry: bool = False) -> GatewayDispute:
    return GatewayDispute(
        provider_dispute_id=f"d{minor}",
        state=state,
        amount=Money(minor, "ARS"),
        is_inquiry=is_inquiry,
        reason="fraud",
        raw_reason="fraudulent",
        raw_status=state,
        fee_minor=fee_minor,
    )


OPEN, MORE, LOST = bank("needs_response", 30_00, fee_minor=1_50), bank("under_review", 20_00), bank("lost", 20_00)
reports = st.builds(
    lambda which, status, amount, refunded, sequence, fee, disputes: GatewayPayment(
        provider_payment_id=which,
        reference=str(ATTEMPT),
        status=status,
        amount=amount,
        refunded_minor=min(refunded, amount.minor),
        sequence=sequence,
        raw_status=status,
        facts=ToldFacts(fee_minor=fee),
        disputes=disputes,
    ),
    st.sampled_from(["p1", "p2"]),
    st.sampled_from(["pending", "declined", "charged", "charged", "refunded", "disputed", "charged_back"]),
    st.sampled_from([ASKED, ASKED, ASKED, Money(50_00, "ARS"), Money(100_01, "USD")]),
    st.sampled_from([0, 0, 1, 33_33, 100_01]),
    st.integers(0, 6),
    st.sampled_from([None, None, 4_84, 5_00]),
    st.sampled_from([(), (), (OPEN,), (OPEN, MORE), (bank("lost", 30_00), MORE), (bank("won", 30_00),), (bank("lost", 80_00),)]),
)
steps = st.lists(st.one_of(reports, st.integers(1, 60_00), st.just("fail")), max_size=8)


def history(told: Sequence[GatewayPayment | int | str]) -> Till:
    till = Till()
    for step in told:
        if isinstance(step, GatewayPayment):
            till.report(step)
        elif isinstance(step, int):
            till.order(step)
        else:
            till.fail()
    return till


@settings(max_examples=300)
@given(steps)
def test_whatever_happened_the_books_are_what_payments_stand_for(told: list[GatewayPayment | int | str]) -> None:
    till = history(told)
    log = recorded(till.events)
    bookkeeper = Bookkeeper()

    for entry in log:
        bookkeeper.read([entry])
        assert all(sum(sums.values()) == 0 for sums in bookkeeper.sums.values())

    assert bookkeeper.books == till.books()


@settings(max_examples=200)
@given(steps, st.randoms(use_true_random=False))
def test_the_same_facts_in_any_order_and_more_than_once_end_in_the_same_books(
    told: list[GatewayPayment | int | str], chance: Random
) -> None:
    log = recorded(history(told).events)
    bookkeeper, other = Bookkeeper(), Bookkeeper()
    shuffled = [*log, *log]
    chance.shuffle(shuffled)

    bookkeeper.read(log)
    other.read(shuffled)

    assert other.books == bookkeeper.books
    assert sorted(posting.key for posting in other.postings) == sorted(posting.key for posting in bookkeeper.postings)
    assert len({posting.key for posting in other.postings}) == len(other.postings)


@settings(max_examples=200)
@given(steps)
def test_never_more_is_given_back_than_was_taken(told: list[GatewayPayment | int | str]) -> None:
    bookkeeper = Bookkeeper()

    bookkeeper.read(recorded(history(told).events))

    for known in bookkeeper.known.values():
        money = known.facts.money
        assert money.refunded_minor <= money.kept_minor + money.aside_minor
        assert known.facts.ordered_minor <= money.kept_minor


def seen(status: str, **more: object) -> GatewayPayment:
    plain = GatewayPayment(provider_payment_id="p1", reference=str(ATTEMPT), status="charged", amount=ASKED, raw_status=status)
    return msgspec.structs.replace(plain, status=status, **more)


@pytest.mark.parametrize(
    ("told", "kinds"),
    [
        ([seen("charged")], ["sale"]),
        ([seen("charged", facts=FEE)], ["sale", "fee"]),
        ([seen("charged"), seen("charged", sequence=1, facts=FEE)], ["sale", "fee"]),
        ([seen("charged", facts=FEE), seen("charged", facts=ToldFacts(fee_minor=4_83))], ["sale", "fee", "fee_returned"]),
        ([seen("charged"), 10_00, seen("charged", refunded_minor=10_00)], ["sale", "refund_ordered", "refund"]),
        ([seen("charged"), 10_00, "fail"], ["sale", "refund_ordered", "refund_failed"]),
        ([seen("refunded")], ["sale", "refund"]),
        ([seen("charged"), seen("disputed", sequence=1), seen("charged", sequence=2)], ["sale", "dispute_opened", "dispute_won"]),
        ([seen("charged"), seen("disputed", sequence=1), seen("charged_back", sequence=2)], ["sale", "dispute_opened", "dispute_lost"]),
        ([seen("charged_back")], ["sale", "dispute_lost"]),
        ([seen("disputed"), seen("charged", sequence=1)], ["sale", "dispute_opened", "dispute_won"]),
        ([seen("charged"), seen("disputed", sequence=1, disputes=(OPEN, MORE))], ["sale", "fee", "dispute_opened"]),
        ([seen("charged"), seen("disputed", sequence=1, disputes=(MORE,)), seen("charged_back", sequence=2, disputes=(LOST,))],
         ["sale", "dispute_opened", "dispute_lost"]),
        ([seen("charged"), seen("charged", sequence=1, disputes=(bank("needs_response", 5_00, is_inquiry=True),))], ["sale"]),
        ([seen("charged"), seen("charged", provider_payment_id="p2")], ["sale", "aside"]),
        ([seen("charged", amount=Money(99_99, "ARS")), seen("charged", sequence=1)], ["aside", "sale", "aside_ended"]),
        ([seen("charged", amount=Money(100_01, "USD")), seen("charged", sequence=1)], ["aside", "sale", "aside_ended"]),
        ([seen("pending"), seen("declined")], []),
    ],
)  # fmt: skip
def test_each_thing_that_happens_is_a_fact(told: list[GatewayPayment | int | str], kinds: list[str]) -> None:
    till = history(told)
    bookkeeper = Bookkeeper()

    bookkeeper.read(recorded(till.events))

    assert bookkeeper.kinds == kinds
    assert bookkeeper.books == till.books()


STORY = [
    seen("pending", sequence=1),
    seen("charged", sequence=2, facts=FEE),
    seen("charged", sequence=3, refunded_minor=10_00),
    seen("disputed", sequence=4, refunded_minor=10_00),
    seen("charged", sequence=5, refunded_minor=10_00),
    seen("disputed", sequence=6, refunded_minor=10_00),
    seen("charged_back", sequence=7, refunded_minor=10_00),
]


@settings(max_examples=60)
@given(st.integers(1, len(STORY)).flatmap(lambda length: st.permutations(STORY[:length])))
def test_the_books_end_alike_in_whatever_order_a_payment_is_reported(reports: list[GatewayPayment]) -> None:
    """Also where the bank's question is heard of first, which buys no places (docs/decisions/0037)."""
    in_order, in_any_order = history(STORY[: len(reports)]), history(reports)
    bookkeepers = []
    for till in (in_order, in_any_order):
        bookkeeper = Bookkeeper()
        bookkeeper.read(recorded(till.events))
        assert bookkeeper.books == till.books()
        bookkeepers.append(bookkeeper)

    assert bookkeepers[1].books == bookkeepers[0].books
    assert (in_any_order.payment.status, in_any_order.attempt.status) == (in_order.payment.status, in_order.attempt.status)


def test_in_a_rush_a_sale_is_one_event() -> None:
    till = history([seen("charged")])

    assert [type(event) for event in till.events] == [PaymentCaptured]


def test_a_second_dispute_of_a_charge_is_posted_too() -> None:
    till = history([seen(status, sequence=number) for number, status in enumerate(["charged", "disputed", "charged", "disputed"])])
    bookkeeper = Bookkeeper()

    bookkeeper.read(recorded(till.events))

    assert bookkeeper.kinds == ["sale", "dispute_opened", "dispute_won", "dispute_opened"]
    assert bookkeeper.books == till.books()


def test_of_two_partial_disputes_one_is_lost_and_one_still_open() -> None:
    """Each takes its amount, and what was lost is shared over what the payment was made of."""
    both = (bank("lost", 30_00), MORE)
    till = history([seen("charged"), seen("disputed", sequence=1, disputes=(OPEN, MORE)), seen("charged_back", sequence=2, disputes=both)])
    bookkeeper = Bookkeeper()

    bookkeeper.read(recorded(till.events))

    [books] = bookkeeper.books.values()
    assert books[DISPUTE_RESERVE] == 20_00
    assert books[ORGANIZER_PAYABLE] == -(90_00 - 26_99)
    assert books[CHARGEBACK_LOSS] == 30_00 - 26_99
    assert bookkeeper.books == till.books()


def test_a_payment_without_parts_is_the_organizers() -> None:
    known = KnownCharge(ACCOUNT, ())
    known.note("sale:1", "sale", 5)

    assert known.facts == ChargeFacts(account_id=ACCOUNT, parts=(Part("proceeds", 5),), money=ChargeMoney(kept_minor=5))


def test_what_came_twice_lies_aside_until_it_is_given_back() -> None:
    twice = seen("charged", provider_payment_id="p2")
    till = history([seen("charged"), twice, msgspec.structs.replace(twice, sequence=1, refunded_minor=100_01)])
    before, after = Bookkeeper(), Bookkeeper()

    before.read(recorded(till.events[:2]))
    after.read(recorded(till.events))

    assert before.books[UUID(int=101), "ARS"] == {gateway_receivable(ACCOUNT): 100_01, REFUND_CLEARING: -100_01}
    assert UUID(int=101) not in {charge_id for charge_id, _ in after.books}
