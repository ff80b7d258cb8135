"""What happens to money: a buyer pays on the page, a bank decides later, an account captures or cancels."""

from typing import Any, Literal

from simulators.chassis.errors import Refused
from simulators.stripe.balance import Balance
from simulators.stripe.behaviour import Behaviours
from simulators.stripe.building import new_charge, new_intent
from simulators.stripe.cards import Card, card_of
from simulators.stripe.disputes import Disputes
from simulators.stripe.documents import Document, Documents
from simulators.stripe.errors import ApiError, invalid
from simulators.stripe.events import Events

__all__ = ["Outcome", "Paying"]

Outcome = Literal["paid", "declined", "authenticate", "processing"]

_NEEDS_CARD = ("requires_payment_method", "requires_action")


class Paying:
    """Payments on sessions. Methods run in the caller's transaction."""

    def __init__(self, documents: Documents, events: Events, balance: Balance, disputes: Disputes, behaviours: Behaviours) -> None:
        self._documents = documents
        self._events = events
        self._balance = balance
        self._disputes = disputes
        self._behaviours = behaviours

    def by_card(self, owner: str, session: Document, number: str, email: str | None, dials: dict[str, Any]) -> Outcome:
        """The buyer presses the button with this card."""
        session, intent = self._intent_of(owner, session, email, dials)
        card = card_of(number)
        if card.asks_for_authentication:
            self._documents.change(
                intent, status="requires_action", next_action={"type": "redirect_to_url"}, last_payment_error=None, _number=number
            )
            self._events.tell(owner, "payment_intent.requires_action", self._documents.get(owner, "payment_intent", intent["id"]))
            return "authenticate"
        if card.decline is not None:
            self._decline(owner, intent, card, card.decline, email)
            return "declined"
        self._take(owner, session, intent, card, email)
        return "paid"

    def authenticated(self, owner: str, session: Document, *, is_done: bool) -> Outcome:
        """The buyer has been to their bank's page, and has passed there or not."""
        intent = self._documents.get(owner, "payment_intent", session["payment_intent"] or "")
        if intent["status"] != "requires_action":
            raise Refused(409, "nothing_to_authenticate", "There is no payment to authenticate.")
        card = card_of(intent["_number"])
        if not is_done:
            self._decline(owner, intent, card, ("payment_intent_authentication_failure", "authentication_required"), None)
            return "declined"
        self._take(owner, session, self._documents.change(intent, next_action=None), card, None)
        return "paid"

    def by_bank_account(self, owner: str, session: Document, email: str | None, dials: dict[str, Any]) -> Outcome:
        """A method whose money comes days later: the session is complete, and unpaid until the bank says so."""
        session, intent = self._intent_of(owner, session, email, dials)
        intent = self._documents.change(intent, status="processing", processing={"type": "us_bank_account"}, last_payment_error=None)
        self._events.tell(owner, "payment_intent.processing", intent)
        self._complete(owner, session, intent, is_paid=False)
        return "processing"

    def decide_later(self, intent_id: str, *, succeeds: bool) -> Document:
        """What the bank says of a payment that is processing. Raises `Refused`."""
        owner, intent = self._found(intent_id)
        if intent["status"] != "processing":
            raise Refused(409, "invalid_transition", f"The intent is {intent['status']}, not processing.")
        session = self._documents.get(owner, "checkout.session", intent["_session"])
        if succeeds:
            intent = self._charge(owner, intent, None, None)
            session = self._documents.change(session, payment_status="paid")
            self._events.tell(owner, "checkout.session.async_payment_succeeded", session)
            return intent
        declined = ("payment_method_bank_account_closed", "generic_decline")
        intent = self._decline(owner, intent, None, declined, None)
        self._events.tell(owner, "checkout.session.async_payment_failed", session)
        return intent

    def capture(self, owner: str, intent_id: str, params: dict[str, Any]) -> Document:
        """Take money that was reserved, or less of it. Raises `ApiError`."""
        intent = self._documents.get(owner, "payment_intent", intent_id, "intent")
        if intent["status"] != "requires_capture":
            message = f"This PaymentIntent could not be captured because it has a status of {intent['status']}. Only a PaymentIntent with one of the following statuses may be captured: requires_capture."  # noqa: E501
            raise invalid(message, None, "payment_intent_unexpected_state")
        amount = params.get("amount_to_capture", intent["amount_capturable"])
        if amount > intent["amount_capturable"]:
            raise invalid("The provided amount_to_capture is greater than what can be captured.", "amount_to_capture", "amount_too_large")
        charge = self._documents.get(owner, "charge", intent["latest_charge"])
        charge = self._documents.change(charge, captured=True, amount_captured=amount)
        charge = self._documents.change(charge, balance_transaction=self._balance.charge(owner, charge))
        intent = self._documents.change(intent, status="succeeded", amount_received=amount, amount_capturable=0)
        self._events.tell(owner, "charge.captured", charge)
        self._events.tell(owner, "payment_intent.succeeded", intent)
        return intent

    def cancel(self, owner: str, intent_id: str, params: dict[str, Any]) -> Document:
        """Let go what was reserved. Raises `ApiError`; an intent whose session is open is cancelled by expiring that."""
        intent = self._documents.get(owner, "payment_intent", intent_id, "intent")
        session = self._documents.get(owner, "checkout.session", intent["_session"])
        if session["status"] == "open":
            raise invalid("You cannot cancel PaymentIntents created by Checkout while the session is open; expire the session instead.")
        if intent["status"] in ("succeeded", "canceled", "processing"):
            message = f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}."
            raise invalid(message, None, "payment_intent_unexpected_state")
        intent = self._documents.change(
            intent,
            status="canceled",
            canceled_at=int(self._behaviours.time()),
            cancellation_reason=params.get("cancellation_reason"),
            amount_capturable=0,
        )
        self._events.tell(owner, "payment_intent.canceled", intent)
        return intent

    def _intent_of(self, owner: str, session: Document, email: str | None, dials: dict[str, Any]) -> tuple[Document, Document]:
        """The session's intent, made at the first try."""
        if session["payment_intent"] is not None:
            intent = self._documents.get(owner, "payment_intent", session["payment_intent"])
            if intent["status"] not in _NEEDS_CARD:
                raise Refused(409, "already_paid", f"The payment is {intent['status']}.")
            return session, self._documents.change(intent, _dials=dials)
        intent = self._documents.insert(owner, new_intent(session, now=int(self._behaviours.time()), dials=dials))
        details = {**(session["customer_details"] or {}), "email": email} if email else session["customer_details"]
        session = self._documents.change(session, payment_intent=intent["id"], customer_details=details)
        self._events.tell(owner, "payment_intent.created", intent)
        return session, intent

    def _decline(self, owner: str, intent: Document, card: Card | None, declined: tuple[str, str], email: str | None) -> Document:
        now = int(self._behaviours.time())
        charge = new_charge(intent, card, now=now, declined=declined, is_captured=False, email=email)
        self._documents.insert(owner, charge)
        refusal = ApiError(status=402, type="card_error", message="Your card was declined.", code=declined[0], decline_code=declined[1])
        intent = self._documents.change(
            intent,
            status="requires_payment_method",
            last_payment_error={**refusal.body["error"], "charge": charge["id"]},
            latest_charge=charge["id"],
            next_action=None,
            processing=None,
        )
        self._events.tell(owner, "charge.failed", charge)
        self._events.tell(owner, "payment_intent.payment_failed", intent)
        return intent

    def _take(self, owner: str, session: Document, intent: Document, card: Card, email: str | None) -> None:
        intent = self._charge(owner, intent, card, email)
        self._complete(owner, session, intent, is_paid=True)
        if card.sequel in ("dispute", "inquiry"):
            charge = self._documents.get(owner, "charge", intent["latest_charge"])
            self._disputes.open(owner, charge, reason="fraudulent", is_inquiry=card.sequel == "inquiry")

    def _charge(self, owner: str, intent: Document, card: Card | None, email: str | None) -> Document:
        is_captured = intent["capture_method"] != "manual"
        now = int(self._behaviours.time())
        charge = new_charge(intent, card, now=now, declined=None, is_captured=is_captured, email=email)
        if card is not None:
            charge["_sequel"] = card.sequel
        self._documents.insert(owner, charge)
        if is_captured:
            charge = self._documents.change(charge, balance_transaction=self._balance.charge(owner, charge))
        intent = self._documents.change(
            intent,
            status="succeeded" if is_captured else "requires_capture",
            amount_received=intent["amount"] if is_captured else 0,
            amount_capturable=0 if is_captured else intent["amount"],
            latest_charge=charge["id"],
            last_payment_error=None,
            payment_method=charge["payment_method"],
            processing=None,
        )
        self._events.tell(owner, "charge.succeeded", charge)
        self._events.tell(owner, "payment_intent.succeeded" if is_captured else "payment_intent.amount_capturable_updated", intent)
        return intent

    def _complete(self, owner: str, session: Document, intent: Document, *, is_paid: bool) -> None:
        status = "paid" if is_paid else "unpaid"
        session = self._documents.change(session, status="complete", payment_status=status, payment_intent=intent["id"], url=None)
        self._events.tell(owner, "checkout.session.completed", session)

    def _found(self, intent_id: str) -> tuple[str, Document]:
        found = self._documents.anyones(intent_id)
        if found is None or found[1]["object"] != "payment_intent":
            raise Refused(404, "not_found", f"There is no payment intent {intent_id}.")
        return found
