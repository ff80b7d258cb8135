"""The account's balance: each movement of it, and payouts, which take movements together. The source of every settlement."""

from typing import Any

from simulators.stripe.behaviour import Behaviours
from simulators.stripe.building import new_transaction
from simulators.stripe.currencies import converted, fee_of
from simulators.stripe.documents import Document, Documents, new_id
from simulators.stripe.errors import invalid
from simulators.stripe.events import Events

__all__ = ["Balance"]

AVAILABLE_AFTER_DAYS = 2
DISPUTE_FEE = 15_00


class Balance:
    """Movements and payouts."""

    def __init__(self, documents: Documents, events: Events, behaviours: Behaviours) -> None:
        self._documents = documents
        self._events = events
        self._behaviours = behaviours

    def charge(self, owner: str, charge: Document) -> str:
        """A charge's money, less the fee; the id of the movement."""
        return self._move(owner, "charge", charge["id"], charge["amount_captured"], charge["currency"], takes_fee=True)

    def refund(self, owner: str, refund: Document) -> str:
        """What a refund takes away. The fee stays with Stripe."""
        return self._move(owner, "refund", refund["id"], -refund["amount"], refund["currency"])

    def refund_failure(self, owner: str, refund: Document) -> str:
        """What comes back of a refund that did not arrive."""
        return self._move(owner, "refund_failure", refund["id"], refund["amount"], refund["currency"])

    def dispute(self, owner: str, dispute: Document, *, is_won: bool) -> Document:
        """What a dispute takes, with its fee; or, once won, what comes back."""
        amount = dispute["amount"] if is_won else -dispute["amount"]
        id_ = self._move(owner, "adjustment", dispute["id"], amount, dispute["currency"], fee=0 if is_won else DISPUTE_FEE)
        return self._documents.get(owner, "balance_transaction", id_)

    def standing(self, owner: str) -> dict[str, Any]:
        """The balance as the API shows it."""
        sums: dict[str, dict[str, int]] = {"available": {}, "pending": {}}
        now = self._behaviours.time()
        for one in self._documents.all(owner, "balance_transaction"):
            state = "available" if one["available_on"] <= now else "pending"
            sums[state][one["currency"]] = sums[state].get(one["currency"], 0) + one["net"]
        shown = {
            state: [{"amount": amount, "currency": currency, "source_types": {"card": amount}} for currency, amount in of.items()]
            or [{"amount": 0, "currency": "usd", "source_types": {"card": 0}}]
            for state, of in sums.items()
        }
        return {"object": "balance", **shown, "livemode": owner.endswith("/live")}

    def pay_out(self, owner: str) -> list[Document]:
        """A payout for each currency, of everything that is available and not yet paid out."""
        now = int(self._behaviours.time())
        waiting = [
            one
            for one in self._documents.all(owner, "balance_transaction")
            if one["_payout"] is None and one["type"] != "payout" and one["available_on"] <= now
        ]
        payouts = []
        for currency in sorted({one["currency"] for one in waiting}):
            taken = [one for one in waiting if one["currency"] == currency]
            total = sum(one["net"] for one in taken)
            if total > 0:
                payouts.append(self._payout(owner, currency, total, taken, now))
        if not payouts:
            raise invalid("There is nothing available to pay out.")
        return payouts

    def _payout(self, owner: str, currency: str, total: int, taken: list[Document], now: int) -> Document:
        payout: Document = {
            "id": new_id("po_"),
            "object": "payout",
            "amount": total,
            "arrival_date": now,
            "automatic": True,
            "balance_transaction": None,
            "created": now,
            "currency": currency,
            "description": "STRIPE PAYOUT",
            "destination": "ba_simulated",
            "failure_code": None,
            "failure_message": None,
            "livemode": owner.endswith("/live"),
            "metadata": {},
            "method": "standard",
            "reconciliation_status": "completed",
            "source_type": "card",
            "statement_descriptor": None,
            "status": "paid",
            "type": "bank_account",
        }
        movement = self._move(owner, "payout", payout["id"], -total, currency, days=0, payout=payout["id"])
        payout["balance_transaction"] = movement
        self._documents.insert(owner, payout)
        for one in taken:
            self._documents.change(one, _payout=payout["id"], status="available")
        self._events.tell(owner, "payout.paid", payout)
        return payout

    def _move(
        self,
        owner: str,
        type_: str,
        source: str,
        amount: int,
        currency: str,
        *,
        takes_fee: bool = False,
        fee: int = 0,
        days: int = AVAILABLE_AFTER_DAYS,
        payout: str | None = None,
    ) -> str:
        into = None if type_ == "payout" else self._behaviours.now.settlement_currency
        settled, settled_in, rate = converted(amount, currency, into)
        movement = new_transaction(
            type_,
            source,
            amount=settled,
            fee=fee_of(settled, settled_in) if takes_fee else fee,
            currency=settled_in,
            rate=rate,
            now=int(self._behaviours.time()),
            days=days,
        )
        id_: str = self._documents.insert(owner, {**movement, "_payout": payout})["id"]
        return id_
