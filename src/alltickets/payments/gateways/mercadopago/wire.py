"""What MercadoPago sends, and what it is in our words: every status in one table, amounts exact, nothing of a card but its ends."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from alltickets.kernel.money import CURRENCY_EXPONENTS, Money
from alltickets.payments.port import (
    ChargeFacts,
    DisputeState,
    GatewayDispute,
    GatewayError,
    GatewayPayment,
    GatewayStatus,
    PaymentMethod,
    RefundResult,
)

__all__ = [
    "STATUSES",
    "Chargeback",
    "Chargebacks",
    "MerchantOrder",
    "Notification",
    "Payment",
    "Payments",
    "Preference",
    "Refund",
    "decimal_of",
    "has_chargebacks",
    "normalised",
    "refund_result",
]

STATUSES: Mapping[str, GatewayStatus] = {
    "pending": "pending",
    "in_process": "pending",
    "authorized": "authorized",
    "approved": "charged",
    "rejected": "declined",
    "cancelled": "cancelled",
    "cancelled/expired": "expired",
    "refunded": "refunded",
    "in_mediation": "disputed",
    "charged_back": "disputed",
    "charged_back/in_process": "disputed",
    "charged_back/settled": "charged_back",
    # The bank decided for the seller, who keeps the money; the status stays what it was.
    "charged_back/reimbursed": "charged",
}
"""By status and detail where the detail matters, else by status: a detail that MercadoPago adds tells more, and nothing else."""

_REFUND_STATUSES: Mapping[str, Literal["pending", "succeeded", "failed"]] = {
    "approved": "succeeded",
    "in_process": "pending",
    "rejected": "failed",
}
_METHODS: Mapping[str, PaymentMethod] = {
    "credit_card": "credit_card",
    "debit_card": "debit_card",
    "prepaid_card": "prepaid_card",
    "account_money": "wallet",
    "digital_wallet": "wallet",
    "digital_currency": "wallet",
    "bank_transfer": "bank_transfer",
    "ticket": "cash",
    "atm": "cash",
}
_CHARGEBACK_ENDS: Mapping[str, DisputeState] = {"settled": "lost", "reimbursed": "won"}
_DOCUMENTS_WANTED = ("not_supplied", "invalid", None)
"""While it says so nobody looks at the case; "pending", "review_pending" and "valid" are MercadoPago's turn."""
_UNPAID: tuple[GatewayStatus, ...] = ("declined", "cancelled", "expired")

DIGITS_MAX = 15
TO_PLATFORM = "application_fee"
"""The kind of fee that a marketplace takes, and not MercadoPago."""

_Id = Annotated[int, Meta(ge=1, le=2**62)]
_Word = Annotated[str, Meta(max_length=100, pattern=r"^[ -~]*$")]
_Instant = Annotated[datetime, Meta(tz=True)]


class _Card(msgspec.Struct, frozen=True):
    first_six_digits: str | None = None
    last_four_digits: str | None = None


class _Fee(msgspec.Struct, frozen=True):
    amount: Decimal
    fee_payer: str | None = None
    type: str | None = None


class _Details(msgspec.Struct, frozen=True):
    net_received_amount: Decimal | None = None


class Payment(msgspec.Struct, frozen=True):
    """A payment, as far as it is read."""

    id: _Id
    status: _Word
    currency_id: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    transaction_amount: Decimal
    date_last_updated: _Instant
    status_detail: _Word | None = None
    transaction_amount_refunded: Decimal | None = None
    external_reference: str | None = None
    payment_method_id: _Word | None = None
    payment_type_id: _Word | None = None
    installments: int | None = None
    card: _Card | None = None
    fee_details: list[_Fee] | None = None
    transaction_details: _Details | None = None
    money_release_date: _Instant | None = None


class _Paging(msgspec.Struct, frozen=True):
    total: Annotated[int, Meta(ge=0)]


class Payments(msgspec.Struct, frozen=True):
    """A page of a search."""

    results: list[Payment]
    paging: _Paging


class Preference(msgspec.Struct, frozen=True):
    """A checkout page."""

    id: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[!-~]+$")]
    init_point: Annotated[str, Meta(max_length=2_000, pattern=r"^https?://[!-~]+$")]


class Refund(msgspec.Struct, frozen=True):
    """Money given back."""

    id: _Id
    # Older answers have none: the refund is made then.
    status: _Word = "approved"


class _Named(msgspec.Struct, frozen=True):
    id: _Id


class MerchantOrder(msgspec.Struct, frozen=True):
    """What was tried and paid for one preference."""

    payments: list[_Named] | None = None

    @property
    def payment_ids(self) -> list[str]:
        """The payments that it names."""
        return [str(one.id) for one in self.payments or []]


class Chargeback(msgspec.Struct, frozen=True):
    """A bank that asks for money back. Its schema says that the payments are objects, its documentation shows numbers.

    coverage_applied: whether MercadoPago bears it; None while that is open.
    """

    id: _Word
    payments: list[_Id | _Named] | None = None
    amount: Decimal | None = None
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | None = None
    reason: _Word | None = None
    coverage_applied: bool | None = None
    documentation_required: bool | None = None
    documentation_status: _Word | None = None
    date_documentation_deadline: _Instant | None = None
    date_created: _Instant | None = None
    date_last_updated: _Instant | None = None

    @property
    def payment_ids(self) -> list[str]:
        """The payments that it names."""
        return [str(one.id if isinstance(one, _Named) else one) for one in self.payments or []]


class Chargebacks(msgspec.Struct, frozen=True):
    """A page of a search."""

    results: list[Chargeback]


class _About(msgspec.Struct, frozen=True):
    id: str | int | None = None


class Notification(msgspec.Struct, frozen=True):
    """The body of a notice of either kind; all of it may be missing, because its address says the same."""

    type: str | None = None
    topic: str | None = None
    resource: str | None = None
    data: _About | None = None
    user_id: int | None = None


def has_chargebacks(payment: Payment) -> bool:
    """Whether there is more to ask about it."""
    return payment.status == "charged_back"


def normalised(payment: Payment, chargebacks: Sequence[Chargeback] = ()) -> GatewayPayment:
    """The payment in our words. Raises `GatewayError` for an amount that no currency has."""
    detail = payment.status_detail or ""
    status = STATUSES.get(f"{payment.status}/{detail}", STATUSES.get(payment.status))
    return GatewayPayment(
        provider_payment_id=str(payment.id),
        reference=payment.external_reference or "",
        status=status or "pending",
        amount=_money(payment.transaction_amount, payment.currency_id),
        refunded_minor=_money(payment.transaction_amount_refunded or Decimal(0), payment.currency_id).minor,
        # In milliseconds, and newer with each change: so that a dispute that was won comes after the dispute.
        sequence=int(payment.date_last_updated.timestamp() * 1000),
        raw_status=f"{payment.status}/{detail}" if detail else payment.status,
        is_recognised=status is not None,
        reason=detail or None if status in _UNPAID else None,
        facts=_facts(payment),
        disputes=tuple(_dispute(one, payment) for one in chargebacks),
    )


def _dispute(chargeback: Chargeback, payment: Payment) -> GatewayDispute:
    """The payment's own word on how it ended counts before the chargeback's, which may come later."""
    currency = chargeback.currency or payment.currency_id
    changed_at = chargeback.date_last_updated or payment.date_last_updated
    return GatewayDispute(
        provider_dispute_id=chargeback.id,
        state=_CHARGEBACK_ENDS.get(payment.status_detail or "") or _state_of(chargeback),
        amount=_money(payment.transaction_amount if chargeback.amount is None else chargeback.amount, currency),
        reason="other",
        raw_reason=chargeback.reason or "",
        raw_status=f"{payment.status_detail or ''}/{chargeback.documentation_status or ''}".strip("/"),
        due_at=chargeback.date_documentation_deadline if chargeback.documentation_required else None,
        opened_at=chargeback.date_created,
        sequence=int(max(changed_at, payment.date_last_updated).timestamp() * 1000),
    )


def _state_of(chargeback: Chargeback) -> DisputeState:
    if chargeback.coverage_applied is not None:
        return "won" if chargeback.coverage_applied else "lost"
    is_wanted = chargeback.documentation_required and chargeback.documentation_status in _DOCUMENTS_WANTED
    return "needs_response" if is_wanted else "under_review"


def refund_result(refund: Refund) -> RefundResult:
    """What became of a refund, in our words."""
    return RefundResult(status=_REFUND_STATUSES.get(refund.status, "pending"), provider_refund_id=str(refund.id))


def decimal_of(amount: Money) -> Decimal:
    """The amount as it goes over the wire: `Money(1250050, "ARS")` is 12500.50."""
    return Decimal(amount.minor).scaleb(-CURRENCY_EXPONENTS[amount.currency])


def _money(amount: Decimal, currency: str) -> Money:
    if not amount.is_finite() or amount.adjusted() > DIGITS_MAX:
        raise GatewayError(f"The gateway told an amount that is none: {amount}.", kind="unknown_outcome")
    scaled = amount.scaleb(CURRENCY_EXPONENTS.get(currency, 2))
    if scaled != scaled.to_integral_value():
        raise GatewayError(f"The gateway told an amount finer than {currency} is: {amount}.", kind="unknown_outcome")
    return Money(int(scaled), currency)


def _facts(payment: Payment) -> ChargeFacts:
    card = payment.card or _Card()
    net = None if payment.transaction_details is None else payment.transaction_details.net_received_amount
    sellers = [one for one in payment.fee_details or [] if one.fee_payer != "payer"]
    fees, ours = (sum((one.amount for one in sellers if (one.type == TO_PLATFORM) is is_ours), Decimal(0)) for is_ours in (False, True))
    return ChargeFacts(
        method=None if payment.payment_type_id is None else _METHODS.get(payment.payment_type_id, "other"),
        brand=payment.payment_method_id,
        card_bin=_digits(card.first_six_digits, 8),
        card_last_four=_digits(card.last_four_digits, 4),
        installments=payment.installments,
        fee_minor=_money(fees, payment.currency_id).minor if payment.fee_details else None,
        platform_fee_minor=_money(ours, payment.currency_id).minor if ours else None,
        # Before the money is there this is zero, which says nothing.
        net_minor=_money(net, payment.currency_id).minor if net else None,
        settles_at=payment.money_release_date,
    )


def _digits(text: str | None, most: int) -> str | None:
    """The digits if they are some and no more: of a card's number nothing else may be kept."""
    return text if text and len(text) <= most and text.isascii() and text.isdigit() else None
