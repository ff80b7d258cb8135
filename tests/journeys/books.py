"""What must be true after a bad day, whatever it was: asked of the database, of the gateway, and of the shop itself."""

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg

from alltickets.payments.interface import Ledger
from alltickets.platform.database import Database
from alltickets.platform.settings import Settings
from bench.people import Buyer, Organizer, Sale
from bench.plain import PLAIN
from bench.stack import wait_until
from bench.stock import read_stock
from simulators.sandbox.credentials import secret_of
from tests.journeys.rush import PLACES_EACH, Rush
from tests.journeys.seen import payment_of

__all__ = ["Books"]

SETTLE_SECONDS_MAX = 60
MAY_BE_TOLD = {
    *(("hold", status, problem) for status, problem in ((0, ""), (200, ""), (409, "/problems/sold-out"), (409, "/problems/hold-gone"))),
    *(("order", status, problem) for status, problem in ((0, ""), (200, ""), (409, "/problems/hold-gone"))),
    *((what, 503, f"/problems/{problem}") for what in ("hold", "order") for problem in ("unavailable", "overloaded")),
    ("pay", 303, ""),
}
"""A buyer is told that there is nothing left, that time ran out, or to try again; never that something went wrong."""


@dataclass
class Books:
    """The books of one sale after a rush."""

    database_url: str
    sandbox_url: str
    organizer: Organizer
    sale: Sale

    def __post_init__(self) -> None:
        [account] = self.organizer.call("GET", "/payments/accounts")
        self.merchant: str = account["settings"]["merchant"]

    def settle(self) -> None:
        """Wait until every hold has ended, every event is read, every refund is through and the gateway has said everything."""
        wait_until(lambda: self._unsettled() == {}, "everything to settle", SETTLE_SECONDS_MAX)

    def faults(self, rush: Rush) -> list[str]:
        """What is wrong; empty when nothing is."""
        return [
            *self._faults_of_stock(),
            *self._faults_of_tickets(),
            *self._faults_of_orders(rush),
            *_faults_of_answers(rush),
            *asyncio.run(self._faults_of_ledger()),
        ]

    def sell_the_rest(self) -> str | None:
        """Take every place that was not sold, to the last, and not one more; a fault if that cannot be done."""
        stock = read_stock(self.database_url, self.sale)
        left = stock.capacity - stock.sold
        buyer = Buyer(str(self.organizer.http.base_url))
        if left and buyer.hold(self.sale, left).status_code != 200:
            return f"{left} places should be left and cannot be had"
        if Buyer(str(self.organizer.http.base_url)).hold(self.sale, 1).status_code != 409:
            return "a place was had that is somebody else's"
        return None

    def _unsettled(self) -> dict[str, int]:
        # The gateway first: what it says after that is found in the books, the other way round it is found in neither.
        untold = httpx.get(f"{self.sandbox_url}/admin/callbacks", params={"state": "waiting"}, timeout=10, verify=PLAIN).json()["callbacks"]
        row = self._one(
            """
            SELECT (SELECT count(*) FROM inventory.holds WHERE organizer_id = %(o)s AND state = 'held') AS holds,
                   (SELECT count(*) FROM payments.callbacks WHERE organizer_id = %(o)s AND state = 'received') AS callbacks,
                   (SELECT count(*) FROM payments.refunds WHERE organizer_id = %(o)s AND status NOT IN ('succeeded', 'failed')) AS refunds,
                   (SELECT coalesce(sum(s.position - c.position), 0)::int
                      FROM platform.streams s JOIN platform.cursors c USING (organizer_id)
                     WHERE organizer_id = %(o)s) AS events
            """
        )
        return {name: count for name, count in (row | {"untold": len(untold)}).items() if count}

    def _faults_of_stock(self) -> list[str]:
        stock = read_stock(self.database_url, self.sale)
        faults = []
        if stock.oversold:
            faults.append(f"{stock.oversold} places were sold twice")
        if stock.astray or stock.held:
            faults.append(f"{stock.astray} places are astray and {stock.held} held by nobody")
        return faults

    def _faults_of_tickets(self) -> list[str]:
        counted = self._one(
            """
            SELECT (SELECT sum(sold) FROM inventory.pools WHERE organizer_id = %(o)s) AS sold,
                   (SELECT count(*) FROM tickets.tickets WHERE organizer_id = %(o)s AND status = 'valid') AS tickets,
                   (SELECT coalesce(sum(jsonb_array_length(holders)), 0) FROM orders.orders
                     WHERE organizer_id = %(o)s AND status = 'paid') AS paid_for,
                   (SELECT count(*) FROM orders.orders o
                     WHERE o.organizer_id = %(o)s AND o.status = 'paid'
                       AND jsonb_array_length(o.holders) <> (SELECT count(*) FROM tickets.tickets t
                                                              WHERE t.organizer_id = o.organizer_id AND t.order_id = o.order_id)) AS short,
                   (SELECT count(*) FROM tickets.tickets t
                      LEFT JOIN orders.orders o ON o.organizer_id = t.organizer_id AND o.order_id = t.order_id AND o.status = 'paid'
                     WHERE t.organizer_id = %(o)s AND t.status = 'valid' AND o.order_id IS NULL) AS unpaid,
                   (SELECT count(*) FROM platform.dead_letters WHERE organizer_id = %(o)s) AS parked
            """
        )
        faults = []
        if not counted["sold"] == counted["tickets"] == counted["paid_for"]:
            faults.append(f"places sold, tickets and places paid for differ: {counted}")
        if counted["short"] or counted["unpaid"]:
            faults.append(f"{counted['short']} paid orders without their tickets, {counted['unpaid']} tickets without a paid order")
        if counted["parked"]:
            faults.append(f"{counted['parked']} events in the dead letters")
        return faults

    def _faults_of_orders(self, rush: Rush) -> list[str]:
        faults = []
        buyer = Buyer(rush.url)
        for order_id, told in rush.orders.items():
            shown = buyer.read(told)
            kept_minor = sum(self._kept_minor(attempt["attempt_id"]) for attempt in payment_of(self.organizer, told)["attempts"])
            is_paid = shown["status"] == "paid"
            if shown["status"] not in ("paid", "expired"):
                faults.append(f"order {order_id} is still {shown['status']}")
            if kept_minor != (shown["total"]["minor"] if is_paid else 0):
                faults.append(f"order {order_id} is {shown['status']} and the gateway keeps {kept_minor} of it")
            if len(shown["tickets"]) != (PLACES_EACH if is_paid else 0):
                faults.append(f"order {order_id} is {shown['status']} and shows {len(shown['tickets'])} tickets")
        return faults

    async def _faults_of_ledger(self) -> list[str]:
        """The ledger agrees with payments to the cent, what gateways owe is what was paid for, and nothing is on its way back."""
        database = Database(self.database_url, pool_size=2)
        await database.open()
        try:
            ledger = Ledger(database, fee_tax_basis_points=Settings().fee_tax_basis_points)
            found = await ledger.verify(self.organizer.organizer_id, lambda _what, _count: None, patience_seconds=3)
            balances = await ledger.balances(self.organizer.organizer_id)
        finally:
            await database.close()
        faults = [f"the ledger differs: {one}" for one in (*found.balances, *found.charges)]
        paid = self._one(
            "SELECT coalesce(sum(total_minor), 0)::bigint AS minor FROM orders.orders WHERE organizer_id = %(o)s AND status = 'paid'"
        )
        owed = sum(one.balance_minor for one in balances if one.account.startswith("gateway_receivable:"))
        returning = sum(one.balance_minor for one in balances if one.account == "refund_clearing")
        if owed != paid["minor"] or returning:
            faults.append(f"gateways owe {owed} for orders of {paid['minor']}, and {returning} is on its way back")
        return faults

    def _kept_minor(self, reference: str) -> int:
        """What the gateway took under a reference and did not give back."""
        headers = {"x-merchant": self.merchant, "authorization": f"Bearer {secret_of(self.merchant)}"}
        answer = httpx.get(f"{self.sandbox_url}/v1/payments", params={"reference": reference}, headers=headers, timeout=10, verify=PLAIN)
        answer.raise_for_status()
        taken = ("approved", "partially_refunded", "refunded")
        payments = [payment for payment in answer.json()["payments"] if payment["status"] in taken]
        return sum(payment["amount_minor"] - payment["refunded_minor"] for payment in payments)

    def _one(self, sql: str) -> dict[str, Any]:
        with psycopg.connect(self.database_url, row_factory=psycopg.rows.dict_row) as connection:
            [row] = connection.execute(sql, {"o": self.organizer.organizer_id}).fetchall()
        return row


def _faults_of_answers(rush: Rush) -> list[str]:
    return [f"{count} times {answer}" for answer, count in rush.answers.items() if answer not in MAY_BE_TOLD]
