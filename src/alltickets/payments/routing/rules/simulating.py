"""What would have happened under another policy: past payments decided anew, and added up beside what really happened."""

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from alltickets.payments.port import PaymentMethod
from alltickets.payments.routing.rules.book import RouteBook
from alltickets.payments.routing.rules.conditions import DATE, seen_of
from alltickets.payments.routing.rules.deciding import decide
from alltickets.payments.routing.rules.decision import Decision
from alltickets.payments.routing.rules.facts import RouteFacts
from alltickets.payments.routing.rules.fees import cost_by

__all__ = ["AccountFigures", "Figures", "PastDecision", "Tally", "simulate"]


@dataclass(frozen=True, slots=True)
class PastDecision:
    """A decision that was taken, what came of it, and what was learnt of how the buyer paid."""

    facts: RouteFacts
    account_id: UUID
    is_paid: bool
    method: PaymentMethod | None = None
    instalments: int | None = None
    card_bin: str | None = None


class Figures(msgspec.Struct):
    """Attempts on one account: how many there were, how many of them paid, how much that was and what it is estimated to cost.

    unpriced: paid ones whose cost no commission table says; they are not in `cost_minor`.
    """

    attempts: int = 0
    paid: int = 0
    amount_minor: int = 0
    cost_minor: int = 0
    unpriced: int = 0

    def add(self, other: "Figures") -> None:
        """Take up another's figures."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class AccountFigures(msgspec.Struct):
    """What really happened on an account, and what would have; `account_id` None: attempts that no account would have taken."""

    account_id: UUID | None
    label: str | None
    currency: str
    real: Figures
    simulated: Figures


@dataclass(slots=True)
class Tally:
    """Sums by currency and account."""

    by_account: dict[tuple[str, UUID | None], AccountFigures] = field(default_factory=dict)
    moved: int = 0
    """Attempts that would have gone to another account."""

    def of(self, currency: str, account_id: UUID | None, label: str | None) -> AccountFigures:
        """The figures of an account in a currency."""
        key = (currency, account_id)
        if key not in self.by_account:
            self.by_account[key] = AccountFigures(account_id, label, currency, Figures(), Figures())
        return self.by_account[key]

    def add(self, other: "Tally") -> None:
        """Take up another's sums."""
        self.moved += other.moved
        for (currency, account_id), figures in other.by_account.items():
            own = self.of(currency, account_id, figures.label)
            own.real.add(figures.real)
            own.simulated.add(figures.simulated)


def simulate(past: Iterable[PastDecision], book_of: Callable[[UUID | None], RouteBook], asking: Container[UUID] = ()) -> Tally:
    """Decide each anew by the book of its event. What was paid counts as paid wherever it goes, and both sides cost by the same tables.

    asking: the accounts whose form would have asked how the card begins.
    """
    tally = Tally()
    for one in past:
        book = book_of(one.facts.purpose.event_id)
        decision = _decided(book, one, asking)
        _count(tally, book, one, one.account_id, is_real=True)
        _count(tally, book, one, decision.account_id, is_real=False)
        tally.moved += decision.account_id != one.account_id
    return tally


def _decided(book: RouteBook, one: PastDecision, asking: Container[UUID]) -> Decision:
    """The decision, and where a form would have asked how the card begins, the one that followed."""
    decision = decide(book, one.facts)
    if not book.asks_for_card or one.card_bin is None or decision.account_id not in asking:
        return decision
    return decide(book, msgspec.structs.replace(one.facts, card_bin=one.card_bin))


def _count(tally: Tally, book: RouteBook, one: PastDecision, account_id: UUID | None, *, is_real: bool) -> None:
    entry = next((entry for entry in book.accounts if entry.state.account_id == account_id), None)
    figures = tally.of(one.facts.currency, account_id, None if entry is None else entry.state.label)
    side = figures.real if is_real else figures.simulated
    side.attempts += 1
    if not one.is_paid or account_id is None:
        return
    side.paid += 1
    side.amount_minor += one.facts.amount_minor
    # What is known by now of how it was paid decides what it costs; the decision itself knew only what was known then.
    paid_by = msgspec.structs.replace(
        one.facts, method=one.method or one.facts.method, instalments=one.instalments or one.facts.instalments
    )
    line = None if entry is None else book.lines(paid_by, seen_of(one.facts)[DATE])[entry.place]
    if line is None:
        side.unpriced += 1
    else:
        side.cost_minor += cost_by(line, one.facts.amount_minor, book.waiting_ppm_per_day)
