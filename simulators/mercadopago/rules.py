"""What a payment is, and what may become of it."""

from collections.abc import Mapping

from msgspec import Struct

from simulators.chassis.faults import NoticeDials

__all__ = ["FEE_BASIS_POINTS", "MOVES", "RELEASE_MS", "TAKEN", "Dials", "Payment", "Refund", "State", "fee_on", "moves_of"]

FEE_BASIS_POINTS = 410
"""4.10 % with the tax on it, for money that is released after 18 days: what a captured payment of 2022 was charged."""
RELEASE_MS = 18 * 86_400_000

State = tuple[str, str]
"""`status` and `status_detail`."""

TAKEN = frozenset({"approved", "in_mediation", "charged_back", "refunded"})
"""The money was taken, whatever became of it."""

ACCREDITED: State = ("approved", "accredited")
MOVES: Mapping[str, tuple[State, ...]] = {
    "pending": (ACCREDITED, ("cancelled", "expired"), ("rejected", "cc_rejected_other_reason")),
    "in_process": (ACCREDITED, ("rejected", "cc_rejected_high_risk")),
    # Money truth may come late.
    "rejected": (ACCREDITED,),
    "cancelled": (ACCREDITED,),
    "approved": (("charged_back", "in_process"), ("in_mediation", "pending"), ("refunded", "by_admin")),
    "in_mediation": (ACCREDITED, ("refunded", "bpp_refunded"), ("charged_back", "in_process")),
    "charged_back/in_process": (("charged_back", "settled"), ("charged_back", "reimbursed")),
}
"""What may become of a payment from MercadoPago's side, by status, or by status and detail."""


class Dials(NoticeDials, forbid_unknown_fields=True, frozen=True):
    """What goes wrong with the notices of one payment."""


class Payment(Struct, frozen=True, kw_only=True):
    """A payment with everything that was said when it was made. Times are unix milliseconds."""

    id: int
    seller: int
    application: str
    preference: str
    merchant_order: int
    reference: str
    description: str
    status: str
    detail: str
    amount_minor: int
    total_paid_minor: int
    currency: str
    refunded_minor: int = 0
    installments: int = 1
    method: str
    kind: str
    issuer: str | None = None
    first_six: str | None = None
    last_four: str | None = None
    cardholder: str | None = None
    payer_email: str
    binary_mode: bool = False
    statement_descriptor: str | None = None
    marketplace_fee_minor: int = 0
    """What its marketplace takes of it."""
    notification_url: str | None = None
    created_ms: int
    updated_ms: int
    approved_ms: int | None = None
    due_ms: int | None = None
    """When it changes by itself, to `due_state`: a ticket expires, a review ends."""
    due_state: State = ("cancelled", "expired")

    @property
    def state(self) -> State:
        """Both words."""
        return self.status, self.detail

    @property
    def fee_minor(self) -> int:
        """What MercadoPago keeps of it."""
        return fee_on(self.amount_minor) if self.approved_ms is not None else 0

    @property
    def taken_minor(self) -> int:
        """What the marketplace took of it, once there was something to take it from."""
        return self.marketplace_fee_minor if self.approved_ms is not None else 0

    @property
    def taken_back_minor(self) -> int:
        """What of that went back with refunds, in proportion."""
        return self.marketplace_fee_minor * self.refunded_minor // self.amount_minor


class Refund(Struct, frozen=True):
    """Money given back."""

    id: int
    payment: int
    amount_minor: int
    created_ms: int


def fee_on(amount_minor: int) -> int:
    """What MercadoPago keeps of an amount."""
    return round(amount_minor * FEE_BASIS_POINTS / 10_000)


def moves_of(payment: Payment) -> tuple[State, ...]:
    """What may become of this payment."""
    return MOVES.get(f"{payment.status}/{payment.detail}", MOVES.get(payment.status, ()))
