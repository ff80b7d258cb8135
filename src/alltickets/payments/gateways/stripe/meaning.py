"""What Stripe's words mean. Pure: tables, and an object in our words."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from alltickets.payments.gateways.stripe.amounts import from_stripe
from alltickets.payments.gateways.stripe.objects import Charge, Dispute, Intent, Method, Refund, Session, Transaction
from alltickets.payments.port import (
    ChargeFacts,
    DisputeEvidence,
    DisputeReason,
    DisputeState,
    GatewayDispute,
    GatewayPayment,
    GatewayStatus,
    PaymentMethod,
    RefundResult,
)

__all__ = [
    "ATTEMPT_KEY",
    "CHARGE_STATUSES",
    "DISPUTE_REASONS",
    "DISPUTE_STATUSES",
    "INTENT_STATUSES",
    "REFUND_STATUSES",
    "SESSION_STATUSES",
    "dispute_of",
    "evidence_form",
    "payment_of",
    "payment_of_session",
    "refund_result",
]

ATTEMPT_KEY = "attempt_id"
"""Under which metadata name our attempt stands, in the session and in its intent."""

SESSION_STATUSES: dict[str, Literal["nothing_yet", "expired"]] = {
    "open": "nothing_yet",
    # Whatever it came to stands in its intent.
    "complete": "nothing_yet",
    "expired": "expired",
}
"""What a session says by itself, as long as nobody has tried to pay on it."""

INTENT_STATUSES: dict[str, GatewayStatus | None] = {
    # After a decline; before the first try there is nothing to tell.
    "requires_payment_method": None,
    "requires_confirmation": "pending",
    "requires_action": "pending",
    "processing": "pending",
    "requires_capture": "authorized",
    "canceled": "cancelled",
    "succeeded": "charged",
}
CHARGE_STATUSES: dict[str, GatewayStatus] = {"succeeded": "charged", "pending": "pending", "failed": "declined"}
"""Of the charge of an intent that has succeeded."""

DISPUTE_STATUSES: dict[str, tuple[GatewayStatus, int]] = {
    # An inquiry takes no money, and may be answered by giving it back: the payment stays what it was.
    "warning_needs_response": ("charged", 1),
    "warning_under_review": ("charged", 2),
    "warning_closed": ("charged", 3),
    "needs_response": ("disputed", 4),
    "under_review": ("disputed", 5),
    "won": ("charged", 6),
    "prevented": ("charged", 6),
    "lost": ("charged_back", 6),
}
"""What a dispute makes of its payment, and how far it has got: Stripe counts no changes, but a dispute goes one way only."""

_DISPUTE_STATES: dict[str, DisputeState] = {
    "warning_needs_response": "needs_response",
    "warning_under_review": "under_review",
    "warning_closed": "closed",
    "needs_response": "needs_response",
    "under_review": "under_review",
    "won": "won",
    "prevented": "closed",
    "lost": "lost",
}
DISPUTE_REASONS: dict[str, DisputeReason] = {
    "fraudulent": "fraud",
    "unrecognized": "unrecognized",
    "product_not_received": "not_received",
    "product_unacceptable": "not_as_described",
    "duplicate": "duplicate",
    "credit_not_processed": "refund_missing",
    "subscription_canceled": "refund_missing",
    "bank_cannot_process": "processing",
    "incorrect_account_details": "processing",
    "insufficient_funds": "processing",
    "debit_not_authorized": "fraud",
}
"""What is in none is "other": the bank's word is kept beside it."""

REFUND_STATUSES: dict[str, Literal["pending", "succeeded", "failed"]] = {
    "pending": "pending",
    "requires_action": "pending",
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "failed",
}

EVIDENCE_LENGTH_MAX = 20_000
"""Of one text."""

_UNKNOWN_DISPUTE: tuple[GatewayStatus, int] = ("disputed", 0)
_FUNDINGS: dict[str | None, PaymentMethod] = {"credit": "credit_card", "debit": "debit_card", "prepaid": "prepaid_card"}
_METHODS: dict[str, PaymentMethod] = {
    "customer_balance": "bank_transfer",
    "us_bank_account": "bank_transfer",
    "sepa_debit": "bank_transfer",
    "oxxo": "cash",
    "boleto": "cash",
    "konbini": "cash",
    "link": "wallet",
    "paypal": "wallet",
    "alipay": "wallet",
    "wechat_pay": "wallet",
}


def payment_of(intent: Intent, disputes: Sequence[Dispute]) -> GatewayPayment | None:
    """An intent, its latest charge expanded, with the disputes of that; None where nobody has tried to pay yet.

    Its reports are compared by `sequence`, which is how far its disputes have got: so a dispute that was won overwrites the dispute, in
    whatever order the two are read. What is the same without disputes is compared by rank.
    """
    charge = intent.latest_charge if isinstance(intent.latest_charge, Charge) else None
    status, is_recognised = _status_of(intent, charge)
    if status is None:
        return None
    words, sequence = [intent.status], 0
    if status == "charged":
        status, sequence, told, are_known = _after_disputes(disputes)
        words += told
        is_recognised = is_recognised and are_known
    has_money = status in ("charged", "disputed", "charged_back")
    units = intent.amount_received if has_money else intent.amount
    refunded = from_stripe(charge.amount_refunded if charge is not None and has_money else 0, intent.currency).minor
    amount = from_stripe(units, intent.currency)
    if status == "charged" and 0 < amount.minor == refunded:
        status = "refunded"
    failure = intent.last_payment_error if status == "declined" else None
    return GatewayPayment(
        provider_payment_id=intent.id,
        reference=intent.metadata.get(ATTEMPT_KEY, ""),
        status=status,
        amount=amount,
        refunded_minor=refunded,
        sequence=sequence,
        raw_status="/".join(words),
        is_recognised=is_recognised,
        reason=None if failure is None else failure.decline_code or failure.code,
        facts=_facts(charge, intent.currency),
        disputes=tuple(dispute_of(one) for one in reversed(disputes)) if has_money or status == "refunded" else (),
    )


def dispute_of(dispute: Dispute) -> GatewayDispute:
    """A dispute in our words; of a state that we do not know it is taken that evidence is still wanted."""
    details = dispute.evidence_details
    due_by = None if details is None else details.due_by
    fees = [one.fee for one in dispute.balance_transactions if one.currency == dispute.currency]
    return GatewayDispute(
        provider_dispute_id=dispute.id,
        state=_DISPUTE_STATES.get(dispute.status, "needs_response"),
        amount=from_stripe(dispute.amount, dispute.currency),
        is_inquiry=dispute.status.startswith("warning_"),
        reason=DISPUTE_REASONS.get(dispute.reason or "", "other"),
        raw_reason=dispute.reason or "",
        raw_status=dispute.status,
        due_at=None if due_by is None else datetime.fromtimestamp(due_by, UTC),
        opened_at=None if dispute.created is None else datetime.fromtimestamp(dispute.created, UTC),
        sequence=DISPUTE_STATUSES.get(dispute.status, _UNKNOWN_DISPUTE)[1],
        fee_minor=max(0, from_stripe(sum(fees), dispute.currency).minor),
    )


def evidence_form(evidence: DisputeEvidence) -> dict[str, str]:
    """Evidence as Stripe takes it in words, and that it is handed in: after that Stripe takes no more."""
    told = {
        "access_activity_log": evidence.admissions,
        "customer_email_address": evidence.buyer_email,
        "customer_name": evidence.buyer_name,
        "product_description": evidence.product,
        "service_date": evidence.service_date,
        "uncategorized_text": f"{evidence.statement}\n\n{evidence.tickets}".strip(),
    }
    return {**{f"evidence[{name}]": text[:EVIDENCE_LENGTH_MAX] for name, text in told.items() if text}, "submit": "true"}


def payment_of_session(session: Session) -> GatewayPayment | None:
    """What a session says that nobody has tried to pay on: that its time is over, or nothing."""
    if SESSION_STATUSES.get(session.status or "") != "expired":
        return None
    return GatewayPayment(
        provider_payment_id=session.id,
        reference=session.client_reference_id or "",
        status="expired",
        amount=from_stripe(session.amount_total, session.currency),
        raw_status="expired",
    )


def refund_result(refund: Refund) -> RefundResult:
    """A refund in our words; a word that we do not know is not decided."""
    return RefundResult(
        status=REFUND_STATUSES.get(refund.status or "", "pending"), provider_refund_id=refund.id, reason=refund.failure_reason
    )


def _status_of(intent: Intent, charge: Charge | None) -> tuple[GatewayStatus | None, bool]:
    if intent.status not in INTENT_STATUSES:
        return "pending", False
    status = INTENT_STATUSES[intent.status]
    if intent.status == "requires_payment_method" and intent.last_payment_error is not None:
        status = "declined"
    if status == "charged" and charge is not None:
        found = CHARGE_STATUSES.get(charge.status)
        return found or "pending", found is not None
    return status, True


def _after_disputes(disputes: Sequence[Dispute]) -> tuple[GatewayStatus, int, list[str], bool]:
    """What a charge is after its disputes, how far these have got together, their words, and whether all are known."""
    meanings = [DISPUTE_STATUSES.get(dispute.status, _UNKNOWN_DISPUTE) for dispute in disputes]
    statuses = {status for status, _ in meanings}
    status: GatewayStatus = "charged_back" if "charged_back" in statuses else "disputed" if "disputed" in statuses else "charged"
    are_known = all(dispute.status in DISPUTE_STATUSES for dispute in disputes)
    return status, sum(step for _, step in meanings), [dispute.status for dispute in disputes], are_known


def _facts(charge: Charge | None, currency: str) -> ChargeFacts:
    """What a charge tells beside its amount. Fee and net are in the settlement's currency, and kept only where that is the charge's."""
    if charge is None:
        return ChargeFacts()
    method = charge.payment_method_details or Method(type="")
    card = method.card
    plan = card.installments.plan if card is not None and card.installments is not None else None
    movement = charge.balance_transaction if isinstance(charge.balance_transaction, Transaction) else None
    is_same = movement is not None and movement.currency == currency
    return ChargeFacts(
        method=_FUNDINGS.get(card.funding, "other") if card is not None else _METHODS.get(method.type, "other" if method.type else None),
        brand=card.brand if card is not None else None,
        card_last_four=card.last4 if card is not None else None,
        installments=plan.count if plan is not None else None,
        fee_minor=from_stripe(movement.fee, currency).minor if movement is not None and is_same else None,
        net_minor=from_stripe(movement.net, currency).minor if movement is not None and is_same else None,
        settles_at=datetime.fromtimestamp(movement.available_on, UTC) if movement is not None else None,
        settlement_reference=movement.id if movement is not None else None,
    )
