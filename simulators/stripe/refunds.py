"""Refunds: decided at once, or later, or undone days after they had succeeded."""

from contextlib import suppress
from typing import Any, Literal

from simulators.chassis.database import Database
from simulators.chassis.errors import Refused
from simulators.stripe.balance import Balance
from simulators.stripe.behaviour import Behaviours
from simulators.stripe.building import new_refund
from simulators.stripe.currencies import formatted
from simulators.stripe.documents import Document, Documents
from simulators.stripe.errors import invalid
from simulators.stripe.events import Events

__all__ = ["Refunds"]

COUNTED = ("pending", "requires_action", "succeeded")
_SEQUELS: dict[Any, str] = {"refund_fails": "fails", "refund_waits": "succeeds"}
_WORDS = {"fails": "failed", "succeeds": "succeeded", "cancels": "canceled"}


class Refunds:
    """Refunds of every account."""

    def __init__(self, database: Database, documents: Documents, events: Events, balance: Balance, behaviours: Behaviours) -> None:
        self._database = database
        self._documents = documents
        self._events = events
        self._balance = balance
        self._behaviours = behaviours

    def create(self, owner: str, params: dict[str, Any]) -> Document:
        """Give back. Raises `ApiError` for more than is left, for what is disputed, and for what was never taken."""
        charge = self._charge_of(owner, params)
        if not charge["captured"]:
            raise invalid(f"Charge {charge['id']} has not been captured; it cannot be refunded.", "charge", "charge_not_captured")
        if self._is_withdrawn(owner, charge):
            raise invalid(f"Charge {charge['id']} has been charged back; cannot issue a refund.", None, "charge_disputed")
        left = charge["amount_captured"] - charge["amount_refunded"]
        if left == 0:
            raise invalid(f"Charge {charge['id']} has already been refunded.", None, "charge_already_refunded")
        amount = params.get("amount", left)
        if amount > left:
            wanted, most = formatted(amount, charge["currency"]), formatted(left, charge["currency"])
            raise invalid(f"Refund amount ({wanted}) is greater than unrefunded amount on charge ({most})", "amount")
        is_short = self._behaviours.now.refund_balance_is_short
        waits = is_short or charge.get("_sequel") == "refund_waits"
        refund = new_refund(charge, params, amount=amount, now=int(self._behaviours.time()), status="pending" if waits else "succeeded")
        if not is_short:
            refund["balance_transaction"] = self._balance.refund(owner, refund)
        self._documents.insert(owner, refund)
        if sequel := _SEQUELS.get(charge.get("_sequel")):
            due_at = self._behaviours.time() + self._behaviours.now.refund_sequel_seconds
            self._database.execute(
                "INSERT INTO refund_sequels (refund, outcome, due_at) VALUES (:refund, :outcome, :due_at)",
                refund=refund["id"],
                outcome=sequel,
                due_at=due_at,
            )
        charge = self._recount(owner, charge)
        self._events.tell(owner, "refund.created", refund)
        self._events.tell(owner, "charge.refunded", charge)
        return refund

    def decide_later(self, refund_id: str, outcome: Literal["fails", "succeeds", "cancels"]) -> Document:
        """What becomes of a refund after its answer. One that fails gives its money back to the account. Raises `Refused`."""
        found = self._documents.anyones(refund_id)
        if found is None or found[1]["object"] != "refund":
            raise Refused(404, "not_found", f"There is no refund {refund_id}.")
        owner, refund = found
        allowed = ("pending", "succeeded") if outcome == "fails" else ("pending",)
        if refund["status"] not in allowed:
            raise Refused(409, "invalid_transition", f"The refund is {refund['status']}.")
        changes: dict[str, Any] = {"status": _WORDS[outcome]}
        if outcome == "fails":
            changes["failure_reason"] = "expired_or_canceled_card"
            if refund["balance_transaction"] is not None:
                changes["failure_balance_transaction"] = self._balance.refund_failure(owner, refund)
        elif outcome == "succeeds" and refund["balance_transaction"] is None:
            changes["balance_transaction"] = self._balance.refund(owner, refund)
        refund = self._documents.change(refund, **changes)
        self._recount(owner, self._documents.get(owner, "charge", refund["charge"]))
        self._events.tell(owner, "refund.updated", refund)
        if outcome == "fails":
            self._events.tell(owner, "refund.failed", refund)
        return refund

    def apply_due(self) -> float | None:
        """Let those happen whose time has come; when the next one does, by this clock."""
        due = self._database.all("SELECT refund, outcome FROM refund_sequels WHERE due_at <= :now", now=self._behaviours.time())
        for row in due:
            self._database.execute("DELETE FROM refund_sequels WHERE refund = :refund", refund=row["refund"])
            with suppress(Refused):
                self.decide_later(row["refund"], row["outcome"])
        row_left = self._database.first("SELECT min(due_at) AS at FROM refund_sequels")
        return None if row_left is None else row_left["at"]

    def _charge_of(self, owner: str, params: dict[str, Any]) -> Document:
        if ("charge" in params) == ("payment_intent" in params):
            raise invalid("One of the following params should be provided for this request: payment_intent or charge.")
        if "charge" in params:
            return self._documents.get(owner, "charge", params["charge"], "charge")
        intent = self._documents.get(owner, "payment_intent", params["payment_intent"], "payment_intent")
        if intent["status"] != "succeeded":
            message = f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
            raise invalid(message, "payment_intent", "payment_intent_unexpected_state")
        return self._documents.get(owner, "charge", intent["latest_charge"])

    def _is_withdrawn(self, owner: str, charge: Document) -> bool:
        disputes = self._documents.all(owner, "dispute", charge=charge["id"])
        return any(not dispute["is_charge_refundable"] for dispute in disputes if dispute["status"] not in ("won", "warning_closed"))

    def _recount(self, owner: str, charge: Document) -> Document:
        """The charge's own figures, from the refunds that stand."""
        refunds = self._documents.all(owner, "refund", charge=charge["id"])
        refunded = sum(refund["amount"] for refund in refunds if refund["status"] in COUNTED)
        return self._documents.change(charge, amount_refunded=refunded, refunded=refunded == charge["amount_captured"])
