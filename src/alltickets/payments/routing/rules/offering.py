"""What a buyer may choose from: ways to pay, never gateways. Each stands for the accounts behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from alltickets.payments.port import PaymentMethod
from alltickets.payments.routing.rules.book import RouteBook
from alltickets.payments.routing.rules.conditions import compile_conditions, holds, seen_of
from alltickets.payments.routing.rules.decision import Exclusion
from alltickets.payments.routing.rules.facts import PaymentPurpose, RouteAccount, RouteFacts

__all__ = ["PaymentOption", "chosen", "offered"]


_AWAY: tuple[Exclusion, ...] = ("switched_off", "test_account", "breaker_open", "currency", "dates", "event")


@dataclass(frozen=True, slots=True)
class PaymentOption:
    """A way to pay that a buyer may choose. An account by itself is an option too, under its own id.

    gateways: of the accounts behind it. pay_within_hours: where buyers bring the money by themselves, so long are places kept.
    has_card_form: the card is, or may be, entered on a form of ours, where promotions of banks hold.
    """

    option_id: UUID
    label: str
    method: PaymentMethod | None = None
    instalments: int | None = None
    bank: str | None = None
    account_ids: tuple[UUID, ...] = ()
    gateways: tuple[str, ...] = ()
    pay_within_hours: int | None = None
    has_card_form: bool = False

    @property
    def is_promise(self) -> bool:
        """Whether a policy says what it is. An account by itself says nothing, and others that work alike may stand for it."""
        return self.option_id not in self.account_ids


def offered(book: RouteBook, currency: str, purpose: PaymentPurpose, at: datetime, failing: Sequence[UUID] = ()) -> list[PaymentOption]:
    """The options of that moment, in the policy's order; those whose accounts are all away are left out.

    Without a policy each account is one, in the order of the accounts. A policy without options leaves nothing to choose.
    """
    # Nothing is known of the payment itself yet, so only what is wrong whatever the payment keeps an account away.
    asked = RouteFacts(reference=UUID(int=0), amount_minor=0, currency=currency, at=at, purpose=purpose)
    broken = frozenset(one.int for one in failing)
    event_key = None if purpose.event_id is None else purpose.event_id.int
    present = [one.state for one in book.accounts if one.objection(asked, event_key, None, broken) not in _AWAY]
    if not book.context.version:
        return [_of_account(one) for one in present]
    gateways = {one.account_id: one.gateway for one in present}
    seen = seen_of(asked)
    options = []
    for option in book.context.policy.options:
        assert option.option_id is not None, "a policy in force has given each option its id"
        account_ids = tuple(one for one in option.accounts if one in gateways)
        if account_ids and holds(compile_conditions("all", option.conditions), seen):
            behind = tuple(dict.fromkeys(gateways[one] for one in account_ids))
            options.append(
                PaymentOption(option.option_id, option.label, option.method, option.instalments, option.bank, account_ids, behind)
            )
    return options


def chosen(book: RouteBook, option_id: UUID, currency: str, purpose: PaymentPurpose, at: datetime) -> PaymentOption | None:
    """The option of that id, or the account's; None where nothing of that id is offered at the moment."""
    for option in offered(book, currency, purpose, at):
        if option.option_id == option_id:
            return option
    for one in book.accounts:
        if one.state.account_id == option_id:
            return _of_account(one.state)
    return None


def _of_account(account: RouteAccount) -> PaymentOption:
    return PaymentOption(account.account_id, account.label, account_ids=(account.account_id,), gateways=(account.gateway,))
