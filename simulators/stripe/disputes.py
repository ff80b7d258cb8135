"""Disputes: the buyer's bank takes the money back, the account says why that is wrong, somebody decides."""

from typing import Any, Literal

from simulators.chassis.errors import Refused
from simulators.stripe.balance import Balance
from simulators.stripe.behaviour import Behaviours
from simulators.stripe.documents import Document, Documents, new_id
from simulators.stripe.errors import invalid
from simulators.stripe.events import Events

__all__ = ["MOVES", "DisputeStatus", "Disputes"]

DisputeStatus = Literal[
    "warning_needs_response", "warning_under_review", "warning_closed", "needs_response", "under_review", "won", "lost", "prevented"
]

MOVES: dict[str, tuple[DisputeStatus, ...]] = {
    "warning_needs_response": ("warning_under_review", "warning_closed", "needs_response"),
    "warning_under_review": ("warning_closed", "needs_response"),
    "needs_response": ("under_review", "won", "lost"),
    "under_review": ("won", "lost"),
}
DUE_SECONDS = 7 * 86_400
_CLOSED = ("won", "lost", "warning_closed", "prevented")


class Disputes:
    """Disputes of every account. An inquiry (a warning) takes no money yet."""

    def __init__(self, documents: Documents, events: Events, balance: Balance, behaviours: Behaviours) -> None:
        self._documents = documents
        self._events = events
        self._balance = balance
        self._behaviours = behaviours

    def open(self, owner: str, charge: Document, *, reason: str, is_inquiry: bool, amount: int | None = None) -> Document:
        """The bank asks, for all that is left or a part of it."""
        now = int(self._behaviours.time())
        left = charge["amount_captured"] - charge["amount_refunded"]
        dispute = {
            "id": new_id("du_"),
            "object": "dispute",
            "amount": left if amount is None else min(amount, left),
            "balance_transactions": [],
            "charge": charge["id"],
            "created": now,
            "currency": charge["currency"],
            "evidence": {},
            "evidence_details": {"due_by": now + DUE_SECONDS, "has_evidence": False, "past_due": False, "submission_count": 0},
            "is_charge_refundable": is_inquiry,
            "livemode": charge["livemode"],
            "metadata": {},
            "payment_intent": charge["payment_intent"],
            "reason": reason,
            "status": "warning_needs_response" if is_inquiry else "needs_response",
        }
        self._documents.insert(owner, dispute)
        self._documents.change(charge, disputed=True)
        if not is_inquiry:
            dispute = self._withdraw(owner, dispute)
        self._events.tell(owner, "charge.dispute.created", dispute)
        if not is_inquiry:
            self._events.tell(owner, "charge.dispute.funds_withdrawn", dispute)
        return dispute

    def open_by_hand(self, intent_id: str, *, reason: str, is_inquiry: bool, amount: int | None = None) -> Document:
        """A dispute of that payment, days later. Raises `Refused`."""
        found = self._documents.anyones(intent_id)
        if found is None or found[1]["object"] != "payment_intent":
            raise Refused(404, "not_found", f"There is no payment intent {intent_id}.")
        owner, intent = found
        if intent["status"] != "succeeded":
            raise Refused(409, "invalid_transition", f"The intent is {intent['status']}; there is nothing to dispute.")
        charge = self._documents.get(owner, "charge", intent["latest_charge"])
        return self.open(owner, charge, reason=reason, is_inquiry=is_inquiry, amount=amount)

    def update(self, owner: str, dispute_id: str, params: dict[str, Any]) -> Document:
        """Evidence, and handing it in. Raises `ApiError` where nobody listens any more."""
        dispute = self._open_one(owner, dispute_id)
        details = dispute["evidence_details"]
        if self._behaviours.time() > details["due_by"]:
            raise invalid("This dispute is past its due date, so its evidence can no longer be submitted.")
        evidence = {**dispute["evidence"], **params.get("evidence", {})}
        if evidence:
            details = {**details, "has_evidence": True}
        changes: dict[str, Any] = {"evidence": evidence, "metadata": {**dispute["metadata"], **params.get("metadata", {})}}
        if params.get("submit"):
            details = {**details, "submission_count": details["submission_count"] + 1}
            changes["status"] = "warning_under_review" if dispute["status"].startswith("warning") else "under_review"
        dispute = self._documents.change(dispute, evidence_details=details, **changes)
        self._events.tell(owner, "charge.dispute.updated", dispute)
        return dispute

    def close(self, owner: str, dispute_id: str) -> Document:
        """The account accepts it as lost. Raises `ApiError`."""
        dispute = self._open_one(owner, dispute_id)
        return self._move(owner, dispute, "lost")

    def decide(self, dispute_id: str, status: DisputeStatus) -> Document:
        """What the bank decides, by `MOVES`. Raises `Refused`."""
        found = self._documents.anyones(dispute_id)
        if found is None or found[1]["object"] != "dispute":
            raise Refused(404, "not_found", f"There is no dispute {dispute_id}.")
        owner, dispute = found
        if status not in MOVES.get(dispute["status"], ()):
            raise Refused(409, "invalid_transition", f"A dispute that is {dispute['status']} does not become {status}.")
        return self._move(owner, dispute, status)

    def _move(self, owner: str, dispute: Document, status: DisputeStatus) -> Document:
        was = dispute["status"]
        dispute = self._documents.change(dispute, status=status)
        if status == "needs_response":
            dispute = self._withdraw(owner, self._documents.change(dispute, is_charge_refundable=False))
            self._events.tell(owner, "charge.dispute.funds_withdrawn", dispute)
        if status == "won":
            movement = self._balance.dispute(owner, dispute, is_won=True)
            dispute = self._documents.change(dispute, balance_transactions=[*dispute["balance_transactions"], movement])
            self._events.tell(owner, "charge.dispute.funds_reinstated", dispute)
        type_ = "charge.dispute.closed" if status in _CLOSED else "charge.dispute.updated"
        self._events.tell(owner, type_, dispute, before={"status": was})
        return dispute

    def _withdraw(self, owner: str, dispute: Document) -> Document:
        movement = self._balance.dispute(owner, dispute, is_won=False)
        return self._documents.change(dispute, balance_transactions=[*dispute["balance_transactions"], movement])

    def _open_one(self, owner: str, dispute_id: str) -> Document:
        dispute = self._documents.get(owner, "dispute", dispute_id, "dispute")
        if dispute["status"] in _CLOSED:
            raise invalid(f"This dispute is already closed ({dispute['status']}).")
        return dispute
