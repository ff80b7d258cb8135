"""Checkout Sessions: the hosted page's side of a payment, from the call that opens one to its end."""

from typing import Any

from simulators.chassis.errors import Refused
from simulators.chassis.settings import Settings
from simulators.stripe.behaviour import Behaviours
from simulators.stripe.building import new_session
from simulators.stripe.currencies import check_amount
from simulators.stripe.documents import Document, Documents, new_id
from simulators.stripe.errors import invalid
from simulators.stripe.events import Events

__all__ = ["Sessions"]

LINE_ITEMS_MAX = 100
LIFE_SECONDS_MIN, LIFE_SECONDS_MAX = 30 * 60, 24 * 3_600


class Sessions:
    """Sessions of every account."""

    def __init__(self, documents: Documents, events: Events, settings: Settings, behaviours: Behaviours) -> None:
        self._documents = documents
        self._events = events
        self._settings = settings
        self._behaviours = behaviours

    def create(self, owner: str, params: dict[str, Any]) -> Document:
        """Open a session. Raises `ApiError` for what no schema says: addresses, amounts, how long it lives."""
        now = int(self._behaviours.time())
        self._check_url(params["success_url"], "success_url")
        if "cancel_url" in params:
            self._check_url(params["cancel_url"], "cancel_url")
        email = params.get("customer_email", "a@b.c")
        if "@" not in email.strip("@") or any(character.isspace() for character in email):
            raise invalid(f"Invalid email address: {email}", "customer_email", "email_invalid")
        is_live = owner.endswith("/live")
        id_ = new_id(f"cs_{'live' if is_live else 'test'}_a1", 56)
        session = new_session(
            id_,
            params,
            url=f"{self._settings.public_url}/c/pay/{id_}",
            total=_total(params["line_items"]),
            now=now,
            expires_at=_expiry(params.get("expires_at"), now),
            is_live=is_live,
        )
        return self._documents.insert(owner, session)

    def expire(self, owner: str, session_id: str) -> Document:
        """Close an open session to its buyer. Raises `ApiError` 400 where it is not open any more."""
        session = self._documents.get(owner, "checkout.session", session_id, "session")
        if session["status"] != "open":
            message = f'Only Checkout Sessions with a status in ["open"] can be expired. This one is `{session["status"]}`.'
            raise invalid(message, "session")
        return self.end(owner, session)

    def end(self, owner: str, session: Document) -> Document:
        """A session whose time is over; an intent that it made is cancelled with it."""
        ended = self._documents.change(session, status="expired", url=None)
        intent_id = session["payment_intent"]
        intent = None if intent_id is None else self._documents.get(owner, "payment_intent", intent_id)
        if intent is not None and intent["status"] not in ("succeeded", "canceled", "processing"):
            canceled_at = int(self._behaviours.time())
            intent = self._documents.change(
                intent, status="canceled", canceled_at=canceled_at, cancellation_reason="expired", next_action=None
            )
            self._events.tell(owner, "payment_intent.canceled", intent)
        self._events.tell(owner, "checkout.session.expired", ended)
        return ended

    def apply_due(self) -> float | None:
        """End what has run out; when the next one will, by this clock."""
        for owner, session in self._documents.run_out(self._behaviours.time()):
            self.end(owner, session)
        return self._documents.next_expiry()

    def line_items(self, owner: str, session_id: str) -> list[Document]:
        """What is sold."""
        items: list[Document] = self._documents.get(owner, "checkout.session", session_id, "session")["_items"]
        return items

    def on_page(self, session_id: str) -> tuple[str, Document]:
        """The session that a page's address names, with its owner. Raises `Refused` 404."""
        found = self._documents.anyones(session_id)
        if found is None or found[1]["object"] != "checkout.session":
            raise Refused(404, "not_found", f"There is no session {session_id}.")
        return found

    def _check_url(self, url: str, param: str) -> None:
        try:
            self._settings.require_allowed(param, url)
        except Refused as refusal:
            raise invalid(f"Not a valid URL: {refusal.message}", param, "url_invalid") from None


def _total(items: list[dict[str, Any]]) -> int:
    if not items:
        raise invalid("Missing required param: line_items.", "line_items", "parameter_missing")
    if len(items) > LINE_ITEMS_MAX:
        raise invalid(f"Checkout accepts a maximum of {LINE_ITEMS_MAX} line items.", "line_items")
    currencies = {item["price_data"]["currency"] for item in items}
    if len(currencies) > 1:
        raise invalid("The price_data of all line items must have the same currency.", "line_items")
    total: int = sum(item["price_data"]["unit_amount"] * item["quantity"] for item in items)
    check_amount(total, currencies.pop(), "line_items[0][price_data][currency]")
    return total


def _expiry(wanted: int | None, now: int) -> int:
    if wanted is None:
        return now + LIFE_SECONDS_MAX
    if wanted < now + LIFE_SECONDS_MIN:
        raise invalid("The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.", "expires_at")
    if wanted > now + LIFE_SECONDS_MAX:
        raise invalid("The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.", "expires_at")
    return wanted
