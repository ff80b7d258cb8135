"""The key ring is rotated while orders are being paid."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg

from alltickets.payments.connections import sealing_context
from alltickets.platform.secrets import KeyRing
from bench.people import Buyer, Organizer, Sale
from bench.stack import Stack, wait_until
from tests.journeys.operating import operate
from tests.journeys.seen import payment_of

BUYERS = 8


def sealed(look: "psycopg.Connection[Any]") -> dict[Any, str]:
    """The credentials of every account as they lie in the database."""
    return dict(look.execute("SELECT id, credentials_sealed FROM payments.accounts").fetchall())


def test_every_order_is_paid_while_credentials_move_and_nothing_is_left_under_the_old_key(stack: Stack, two_keys: tuple[str, str]) -> None:
    older, both, newer = KeyRing(two_keys[0]), KeyRing(",".join(two_keys)), KeyRing(two_keys[1])
    organizers = [Organizer(stack.url) for _ in range(2)]
    for organizer in organizers:
        organizer.connect_sandbox("session")
    sales = [organizer.publish(capacity=BUYERS) for organizer in organizers]
    with psycopg.connect(stack.database.url, autocommit=True) as look:
        # As they were before the second key was added; no process has them open.
        for account_id, text in sealed(look).items():
            as_before = older.seal(both.open(text, sealing_context(account_id)), sealing_context(account_id))
            look.execute(
                "UPDATE payments.accounts SET credentials_sealed = %s, version = version + 1 WHERE id = %s", [as_before, account_id]
            )

        with ThreadPoolExecutor(4) as pool:
            early = [pool.submit(_buy, stack, sales[0]) for _ in range(BUYERS // 2)]
            moved = operate(stack, "payments", "rotate-keys")
            late = [pool.submit(_buy, stack, sale) for sale in sales for _ in range(BUYERS // 4)]
            paid = [one.result() for one in (*early, *late)]
        after = sealed(look)
    organizers[1].call("POST", f"/orders/{paid[-1]['order_id']}/cancel", {"reason": "prueba"})
    wait_until(lambda: [one["status"] for one in payment_of(organizers[1], paid[-1])["refunds"]] == ["succeeded"], "the refund", 20)

    assert "moved" in moved
    assert [order["status"] for order in paid] == ["paid"] * BUYERS
    assert [account_id for account_id, text in after.items() if not newer.is_current(text)] == []
    assert all(newer.open(text, sealing_context(account_id)) for account_id, text in after.items())


def _buy(stack: Stack, sale: Sale) -> dict[str, Any]:
    """All of a purchase; the order once it is paid."""
    buyer = Buyer(stack.url)
    order = buyer.order(sale, buyer.hold(sale, 1).json()["hold_id"]).json()
    buyer.pay(order)
    return buyer.paid(order)
