"""An organizer with one of everything, and every kind of credentials: what a test needs that goes through all operations."""

from dataclasses import dataclass
from typing import Any

import httpx

from bench.people import Buyer, Organizer, Sale
from bench.plain import PLAIN
from bench.stack import Stack, wait_until
from simulators.sandbox.credentials import secret_of

__all__ = ["Everything", "make_everything"]


PROMOTION = {
    "name": "Banco X",
    "bank": "Banco X",
    "currency": "ARS",
    "bins": [{"first": "450799", "last": "450799"}],
    "discount_basis_points": 1_000,
}
TRANSFER_ACCOUNT = {
    "gateway": "transfer",
    "label": "Transferencia",
    "currency": "ARS",
    "settings": {"holder": "Galpón Norte", "alias": "galpon.norte", "hours_before": "0"},
    "credentials": {},
}


@dataclass(frozen=True)
class Everything:
    """One of everything that an organizer has: ids by the name that paths and bodies give them, and credentials."""

    ids: dict[str, str]
    session: dict[str, str]
    """The cookie of the owner's session."""
    api_key: str
    device: str
    order_secret: str
    gateway_secret: str


def make_everything(stack: Stack, organizer: Organizer) -> Everything:
    """Publish, sell, and set up whatever there is to be set up."""
    account_id = str(organizer.connect_sandbox())
    sale = organizer.publish(capacity=5_000)
    event = f"/events/{sale.event_id}"
    described: dict[str, Any] = organizer.call("GET", event)
    question = organizer.call("POST", f"{event}/questions", {"key": "remera", "label": "Talle de remera", "kind": "text"})
    buyer = Buyer(stack.url)
    hold_id = buyer.hold(sale, 2).json()["hold_id"]
    holders = [{"name": "Ana", "document": "30123456"}] * 2
    order = buyer.order(sale, hold_id, holders=holders, payment_option_id=account_id).json()
    buyer.pay(order)
    [ticket, _] = buyer.paid(order)["tickets"]
    invitation = organizer.call("POST", "/invitations", {"mail": f"{hold_id}@example.com", "role": "viewer"})
    scopes = [permission for permission in organizer.profile["permissions"] if not permission.startswith(("api_keys", "members"))]
    api_key = organizer.call("POST", "/api-keys", {"name": "Caja", "scopes": scopes})
    steward = organizer.steward(sale)
    [device] = [one for one in organizer.call("GET", "/devices")["items"] if one["event_id"] == str(sale.event_id)]
    [account] = [one for one in organizer.call("GET", "/payments/accounts") if one["account_id"] == account_id]
    commission = {"gateway": "sandbox", "currency": "ARS", "rate_ppm": 40_000, "valid_from": "2026-01-01"}
    fee_schedule = organizer.call("POST", "/payments/fee-schedules", commission)
    promotion = organizer.call("POST", "/payments/promotions", PROMOTION)
    withdrawn = buyer.order(sale, buyer.hold(sale, 1).json()["hold_id"], payment_option_id=account_id).json()
    buyer.pay(withdrawn)
    buyer.paid(withdrawn)
    buyer.http.post(f"/o/{withdrawn['order_id']}/withdrawal", headers={"Cookie": f"order={withdrawn['secret']}"})
    awaited, refund = _transferred(organizer, buyer, sale)
    dispute = _disputed(stack, organizer, withdrawn)
    line = _settlement_line(organizer, account_id)
    [withdrawal] = [one for one in organizer.call("GET", "/withdrawals")["items"] if one["order_id"] == withdrawn["order_id"]]
    return Everything(
        {
            "event": described["slug"],
            "event_id": str(sale.event_id),
            "performance_id": str(sale.performance_id),
            "sector_id": str(sale.sector_id),
            "ticket_type_id": str(sale.ticket_type_id),
            "venue_id": described["venue"]["venue_id"],
            "question_id": question["question_id"],
            "pool_id": organizer.call("GET", f"{event}/pools")[0]["pool_id"],
            "hold_id": hold_id,
            "withdrawal_id": withdrawal["withdrawal_id"],
            "order_id": order["order_id"],
            "reference": order["order_id"],
            "ticket_id": ticket["ticket_id"],
            "ticket_file": f"{ticket['ticket_id']}.pdf",
            "checkpoint_id": str(steward.checkpoint_id),
            "device_id": device["device_id"],
            "api_key_id": api_key["api_key"]["api_key_id"],
            "invitation_id": invitation["invitation"]["invitation_id"],
            "user_id": str(organizer.profile["user_id"]),
            "gateway": "sandbox",
            "account_id": account_id,
            "attempt_id": awaited["attempt_id"],
            "refund_id": refund["refund_id"],
            "dispute_id": dispute["dispute_id"],
            "flag_id": _flag(organizer)["flag_id"],
            **_newest(organizer, "/payments/callbacks", "callback_id"),
            "report_id": line["report_id"],
            "line_id": line["line_id"],
            "payment_option_id": account_id,
            "fee_schedule_id": fee_schedule["fee_schedule_id"],
            "promotion_id": promotion["promotion_id"],
        },
        dict(organizer.http.cookies),
        api_key["token"],
        steward.token,
        order["secret"],
        secret_of(account["settings"]["merchant"]),
    )


def _transferred(organizer: Organizer, buyer: Buyer, sale: Sale) -> tuple[dict[str, Any], dict[str, Any]]:
    """A payment by transfer that was confirmed, and the refund of its order."""
    transfer = organizer.call("POST", "/payments/accounts", TRANSFER_ACCOUNT)["account_id"]
    organizer.call("PUT", f"/payments/accounts/{transfer}/statement-layout", {"booked_on": 1, "amount": 3, "descriptions": [2]})
    order = buyer.order(sale, buyer.hold(sale, 1).json()["hold_id"], payment_option_id=transfer).json()
    awaited = _of_order(organizer, "/payments/awaited", order)
    seen = {"amount_minor": awaited["amount_minor"], "received_on": awaited["created_at"][:10]}
    organizer.call("POST", f"/payments/awaited/{awaited['attempt_id']}/confirm", seen)
    buyer.paid(order)
    organizer.call("POST", f"/orders/{order['order_id']}/cancel", {"reason": "Pedido del comprador"})
    return awaited, _of_order(organizer, "/payments/refunds", order)


def _disputed(stack: Stack, organizer: Organizer, order: dict[str, Any]) -> dict[str, Any]:
    """The dispute of a paid order, once it has been told."""
    [charge] = organizer.call("GET", f"/payments/{order['order_id']}")["charges"]
    path = f"{stack.sandbox_url}/admin/payments/{charge['provider_payment_id']}"
    httpx.post(path, json={"status": "charged_back"}, verify=PLAIN).raise_for_status()

    def told() -> list[dict[str, Any]]:
        return [one for one in organizer.call("GET", "/payments/disputes")["items"] if one["reference"] == order["order_id"]]

    [dispute] = wait_until(told, "the dispute to be told", 30)
    found: dict[str, Any] = dispute
    return found


def _flag(organizer: Organizer) -> dict[str, Any]:
    """The flag of the refund that somebody has to carry out."""
    [flag, *_] = wait_until(lambda: organizer.call("GET", "/payments/flags")["items"], "the refund by hand to be flagged", 30)
    found: dict[str, Any] = flag
    return found


def _newest(organizer: Organizer, path: str, name: str) -> dict[str, str]:
    """The id of what a list begins with, by its name."""
    return {name: organizer.call("GET", path)["items"][0][name]}


def _of_order(organizer: Organizer, path: str, order: dict[str, Any]) -> dict[str, Any]:
    """The only thing of a list that is of that order."""
    [found] = [one for one in organizer.call("GET", path)["items"] if one["reference"] == order["order_id"]]
    only: dict[str, Any] = found
    return only


def _settlement_line(organizer: Organizer, account_id: str) -> dict[str, Any]:
    """The only line of an imported report."""
    path = f"/api/organizer/payments/accounts/{account_id}/settlements"
    report = organizer.http.post(path, params={"name": "november.csv"}, content="payment_id,gross\nstranger,1.00\n").json()
    [line, *_] = organizer.call("GET", f"/payments/settlements/{report['report_id']}/lines")["items"]
    found: dict[str, Any] = line
    return found
