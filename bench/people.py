"""People who use the product through its HTTP interface alone: an organizer, a buyer, a steward. For benchmarks and journeys."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import httpx

from alltickets.kernel.ids import new_id
from bench.plain import PLAIN
from bench.stack import wait_until
from simulators.mercadopago.credentials import APPLICATION, Keys, new_user
from simulators.payway.sites import key_of
from simulators.sandbox.credentials import secret_of

__all__ = ["Buyer", "Organizer", "Sale", "Steward", "some_address"]

ZONE = "America/Argentina/Buenos_Aires"


@dataclass(frozen=True)
class Sale:
    """A published event with one performance, one sector and one ticket type."""

    organizer_id: UUID
    event_id: UUID
    performance_id: UUID
    sector_id: UUID
    ticket_type_id: UUID

    def line(self, quantity: int) -> dict[str, object]:
        """A line of a hold or a quote."""
        return {"performance_id": str(self.performance_id), "ticket_type_id": str(self.ticket_type_id), "quantity": quantity}


class Organizer:
    """Someone who signs up and runs events."""

    def __init__(self, url: str, name: str = "Club Nocturno") -> None:
        # Sign-ups are limited by address: each organizer comes from one of its own.
        self.http = httpx.Client(base_url=url, timeout=30, headers={"X-Forwarded-For": some_address()}, verify=PLAIN)
        mail = f"{new_id().hex}@example.com"
        body = {
            "name": name,
            "slug": f"o-{new_id().hex}",
            "owner_name": "Ana Paz",
            "owner_mail": mail,
            "owner_password": "una clave muy larga",
        }
        self.profile = self.call("POST", "/sign-up", body)
        self.organizer_id = UUID(self.profile["organizer_id"])

    def call(self, method: str, path: str, body: object = None) -> Any:
        """A request to the organizer's API; its answer. Raises what is not 2xx, with the problem document."""
        answer = self.http.request(method, f"/api/organizer{path}", json=body)
        if answer.is_error:
            raise httpx.HTTPStatusError(answer.text, request=answer.request, response=answer)
        return answer.json() if answer.content else None

    def connect_sandbox(self, mode: str = "link") -> UUID:
        """Connect a sandbox gateway account."""
        merchant = f"sbx_{new_id().hex[:16]}"
        account = self.call(
            "POST",
            "/payments/accounts",
            {
                "gateway": "sandbox",
                "label": "Sandbox",
                "currency": "ARS",
                "settings": {"merchant": merchant, "mode": mode},
                "credentials": {"secret": secret_of(merchant)},
            },
        )
        return UUID(account["account_id"])

    def connect_payway(self, site: str) -> UUID:
        """Connect a site at the simulated Payway."""
        account = self.call(
            "POST",
            "/payments/accounts",
            {
                "gateway": "payway",
                "label": "Tarjeta de crédito o débito",
                "currency": "ARS",
                "settings": {"public_key": key_of(site, "public"), "methods": "1:1,3,6;31;104:1,3"},
                "credentials": {"private_key": key_of(site, "private")},
            },
        )
        return UUID(account["account_id"])

    def connect_mercadopago(self) -> UUID:
        """Connect an account at the simulated MercadoPago."""
        keys = Keys()
        credentials = {"access_token": keys.token_of(new_user()), "webhook_secret": keys.webhook_secret_of(APPLICATION)}
        wish = {"gateway": "mercadopago", "label": "MercadoPago", "currency": "ARS", "settings": {}, "credentials": credentials}
        return UUID(self.call("POST", "/payments/accounts", wish)["account_id"])

    def publish(
        self, *, capacity: int, price_minor: int = 1_000_000, currency: str = "ARS", ticket_type: Mapping[str, object] | None = None
    ) -> Sale:
        """Create and publish an event, and wait until its places can be bought."""
        venue = self.call("POST", "/venues", {"name": "Galpón Norte", "city": "Rosario", "timezone": ZONE})
        facts = {"title": "Noche de club", "currency": currency, "timezone": ZONE, "venue_id": venue["venue_id"]}
        event = self.call("POST", "/events", facts)
        path = f"/events/{event['event_id']}"
        starts_at = datetime.now(UTC) + timedelta(minutes=90)
        times = {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + timedelta(hours=6)).isoformat()}
        performance = self.call("POST", f"{path}/performances", times)
        sector = self.call("POST", f"{path}/sectors", {"name": "Pista", "capacity": capacity})
        body = {"sector_id": sector["sector_id"], "name": "General", "price_minor": price_minor, **(ticket_type or {})}
        kind = self.call("POST", f"{path}/ticket-types", body)
        self.call("POST", f"{path}/publish")
        wait_until(lambda: self.call("GET", f"{path}/pools"), "the event's stock")
        return Sale(
            self.organizer_id,
            UUID(event["event_id"]),
            UUID(performance["performance_id"]),
            UUID(sector["sector_id"]),
            UUID(kind["ticket_type_id"]),
        )

    def steward(self, sale: Sale, *, gate_url: str | None = None) -> "Steward":
        """A steward with a paired scanner at a checkpoint of the event. gate_url: where scanners go, if not where organizers do."""
        checkpoint_id = new_id()
        self.call("PUT", f"/events/{sale.event_id}/checkpoints/{checkpoint_id}", {"name": "Puerta 1"})
        device = self.call("POST", "/devices", {"name": "Teléfono 1", "event_id": str(sale.event_id)})
        gate_url = gate_url or str(self.http.base_url)
        answer = httpx.post(f"{gate_url.rstrip('/')}/api/gate/pair", json={"code": device["pairing_code"]}, timeout=30, verify=PLAIN)
        answer.raise_for_status()
        return Steward(gate_url, answer.json()["token"], checkpoint_id)


class Buyer:
    """Someone who buys from a browser's point of view: an id for themselves, and nothing else."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=30, headers={"X-Forwarded-For": some_address()}, verify=PLAIN)
        self.visitor_id = new_id()

    def quote(self, sale: Sale, quantity: int) -> dict[str, Any]:
        """What places cost."""
        answer = self.http.post("/api/shop/quotes", json={"event_id": str(sale.event_id), "lines": [sale.line(quantity)]})
        answer.raise_for_status()
        quoted: dict[str, Any] = answer.json()
        return quoted

    def hold(self, sale: Sale, quantity: int, *, hold_id: UUID | None = None, **more: object) -> httpx.Response:
        """Hold places; the answer as it comes."""
        body = {"event_id": str(sale.event_id), "visitor_id": str(self.visitor_id), "lines": [sale.line(quantity)], **more}
        return self.http.put(f"/api/shop/holds/{hold_id or new_id()}", json=body)

    def order(self, sale: Sale, hold_id: str, *, order_id: UUID | None = None, **more: object) -> httpx.Response:
        """Order what is held; the answer as it comes."""
        buyer = {"name": "Julia Ríos", "mail": "julia@example.com", "document": "30.123.456"}
        body = {"event_id": str(sale.event_id), "hold_id": hold_id, "buyer": buyer, **more}
        return self.http.put(f"/api/shop/orders/{order_id or new_id()}", json=body)

    def read(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """The order as its page shows it."""
        answer = self.http.get(f"/api/shop/orders/{order['order_id']}", headers={"Authorization": f"Bearer {order['secret']}"})
        answer.raise_for_status()
        shown: dict[str, Any] = answer.json()
        return shown

    def pay(self, order: Mapping[str, Any], decision: str = "approve", **dials: object) -> httpx.Response:
        """Go to the gateway's page and press a button there; where the gateway sends the buyer back to."""
        url = order["next_action"]["url"]
        page = httpx.get(url, timeout=30, verify=PLAIN)
        page.raise_for_status()
        form = dict(parse_qsl(urlsplit(url).query))
        return httpx.post(
            url.partition("?")[0], data={**form, "action": decision, **{k: str(v) for k, v in dials.items()}}, timeout=30, verify=PLAIN
        )

    def pay_by(self, order: Mapping[str, Any], option_id: UUID | str) -> dict[str, Any]:
        """Choose this way to pay, or again; what to do next."""
        answer = self.http.post(
            f"/api/shop/orders/{order['order_id']}/payments",
            params={"payment_option_id": str(option_id)},
            headers={"Authorization": f"Bearer {order['secret']}"},
        )
        answer.raise_for_status()
        next_action: dict[str, Any] = answer.json()
        return next_action

    def paid(self, order: Mapping[str, Any], status: str = "paid") -> dict[str, Any]:
        """Wait until the order has that status."""

        def reached() -> dict[str, Any] | None:
            shown = self.read(order)
            return shown if shown["status"] == status else None

        shown: dict[str, Any] = wait_until(reached, f"the order to be {status}")
        return shown


class Steward:
    """Someone at a door with a paired scanner."""

    def __init__(self, url: str, token: str, checkpoint_id: UUID) -> None:
        self.http = httpx.Client(base_url=url, timeout=30, headers={"Authorization": f"Bearer {token}"}, verify=PLAIN)
        self.token = token
        self.checkpoint_id = checkpoint_id

    def scan(self, code: str) -> dict[str, Any]:
        """Scan a code; what the door says."""
        answer = self.http.post("/api/gate/scans", json={"scan_id": str(new_id()), "checkpoint_id": str(self.checkpoint_id), "code": code})
        answer.raise_for_status()
        said: dict[str, Any] = answer.json()
        return said


def some_address() -> str:
    """Where somebody comes from; a limit per address tells people apart by it."""
    value = new_id().int
    return f"10.{value >> 16 & 255}.{value >> 8 & 255}.{value & 255}"
