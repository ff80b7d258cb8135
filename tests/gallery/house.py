"""What the pages show: the demo's events, an event in each other state, and an order in each standing. Made through HTTP."""

import io
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from PIL import Image

from alltickets import demo
from alltickets.platform.settings import Settings
from bench.people import ZONE, Buyer, Organizer, Sale
from bench.stack import Stack, wait_until
from tests.gallery.till import Till
from tests.payments.office import CASH, TRANSFER

__all__ = ["ACCENT", "CODE", "LONG", "NASTY", "House", "open_house"]

ACCENT = "#e3b505"
"""Too light to be read on paper: what is written in it has to be corrected."""
CODE = "AMIGOS"
LONG = "La noche en que todos los parlantes del barrio se pusieron de acuerdo para tocar la misma canción a la misma hora"
NASTY = "<script>alert(1)</script> ليلة الموسيقى 🎷 Ñandú"
DESCRIPTION = (
    "Tres bandas, una pista y la terraza abierta. Barra hasta las cinco.\n\nSe suspende por lluvia. Mayores de 18 años, con documento."
)
SOON = timedelta(days=20)
WITHOUT_GATEWAY: tuple[dict[str, Any], ...] = (
    {"gateway": "transfer", "label": "Transferencia bancaria", "currency": "ARS", "settings": TRANSFER, "credentials": {}},
    {"gateway": "cash", "label": "Efectivo en la boletería", "currency": "ARS", "settings": CASH, "credentials": {}},
)
DEMO = {"club": "noche-de-niebla", "theatre": "el-inspector-de-sombras", "stadium": "los-herederos-del-rio"}


@contextmanager
def open_house(folder: Path) -> Iterator["House"]:
    """A house on a stack of its own in this folder, until it is left."""
    stack = Stack(folder)
    stack.start_database()
    try:
        for gateway in ("sandbox", "payway", "mercadopago"):
            stack.simulator(gateway)
        stack.serve()
        stack.work()
        house = House(stack)
        house.open()
        yield house
    finally:
        stack.stop()


@dataclass
class House:
    """A running stack whose events and orders are in every state. `slugs` and `orders` by the state's name."""

    stack: Stack
    slugs: dict[str, str] = field(default_factory=dict)
    sales: dict[str, Sale] = field(default_factory=dict)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)

    def open(self) -> None:
        """Fill it. The stack's database, web and worker are running, and of the simulated gateways those of Argentina."""
        # With one gateway: that there are several is a state of its own.
        demo.seed(Settings.from_environment({**os.environ, **self.stack.environment, "ALLTICKETS_MERCADOPAGO_URL": ""}))
        self.organizer = Organizer(self.stack.url, "Galpón Norte")
        self._sandbox = self.organizer.connect_sandbox()
        self._transfer, self._cash = [self.organizer.call("POST", "/payments/accounts", one)["account_id"] for one in WITHOUT_GATEWAY]
        self.organizer.call("PATCH", "/appearance", {"version": 0, "accent": ACCENT})
        self._buyer = Buyer(self.stack.url)
        self._events()
        self._orders()
        Till(self).fill()
        wait_until(lambda: datetime.now(UTC) > self._over_at, "the sale that ends and the evening that is over", 60)

    # --- events

    def _events(self) -> None:
        for name, slug in DEMO.items():
            self.slugs[name] = slug
        tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        self._over_at = soon_over = datetime.now(UTC) + timedelta(seconds=12)
        # These first: they have to be published while they are still to come.
        self.publish("closed", "Ópera en el Galpón", tickets=[{"name": "General", "sales_until": soon_over.isoformat()}])
        self.publish("ended", "Aquel Sábado", starts_at=soon_over - timedelta(seconds=2), lasts=timedelta(seconds=2))
        self.publish("plain", "Trío Cardenal")
        self.publish("few", "Los Ensayos de Otoño", capacity=20)
        self.take("few", 18)
        self.publish("sold_out", "Cuerdas del Sur", capacity=4)
        self.take("sold_out", 4)
        self.publish("not_yet", "Festival del Río", tickets=[{"name": "General", "sales_from": tomorrow}])
        self.publish("postponed", "Orquesta del Puerto")
        self.publish("cancelled", "Coro de las Diez")
        self.publish("free", "Ensayo abierto", tickets=[{"name": "Entrada libre", "price_minor": 0}])
        by_code = {"name": "Amigos de la casa", "price_minor": 500_000, "visibility": "code", "codes": [CODE]}
        self.publish("code", "Solos y Dúos", tickets=[{"name": "General"}, by_code])
        self.publish("run", "Café Concert", times=3)
        names = [{"name": f"{LONG[:90]} ({number})", "description": LONG * 2} for number in (1, 2)]
        self.publish("long", f"{LONG} {LONG[:84]}", tickets=names)
        self.publish("nasty", NASTY, tickets=[{"name": NASTY, "description": NASTY}], description=f"{NASTY}\n\nליל המוזיקה")
        self.publish("bare", "Sin nada que decir", description="", category="")
        self.publish("poster", "Muestra de fin de año")
        for name in ("postponed", "cancelled"):
            verb = "postpone" if name == "postponed" else "cancel"
            self.organizer.call("POST", f"/events/{self.sales[name].event_id}/{verb}", {"reason": "Por la tormenta."})
        self._cancel_one_of("run")
        self._upload_poster("poster")

    def publish(
        self,
        name: str,
        title: str,
        *,
        capacity: int = 400,
        tickets: Sequence[Mapping[str, object]] = ({"name": "General"}, {"name": "Platea", "price_minor": 2_350_000}),
        times: int = 1,
        starts_at: datetime | None = None,
        lasts: timedelta = timedelta(hours=4),
        description: str = DESCRIPTION,
        category: str = "Música",
        organizer: Organizer | None = None,
    ) -> None:
        """An event of that title, its address kept under `name`. Its ticket types share one sector."""
        organizer = organizer or self.organizer
        call = organizer.call
        venue_of = {"name": "Galpón Norte", "city": "Rosario", "address": "Av. de la Costa 1420", "timezone": ZONE}
        facts = {"title": title, "currency": "ARS", "timezone": ZONE, "description": description, "category": category}
        event = call("POST", "/events", {**facts, "venue_id": call("POST", "/venues", venue_of)["venue_id"]})
        path = f"/events/{event['event_id']}"
        first = starts_at or (datetime.now(UTC) + SOON).replace(hour=23, minute=0, second=0, microsecond=0)
        performances = []
        for number in range(times):
            begins = first + timedelta(days=number)
            at = {"starts_at": begins.isoformat(), "ends_at": (begins + lasts).isoformat()}
            performances.append(call("POST", f"{path}/performances", at))
        sector = call("POST", f"{path}/sectors", {"name": "Pista", "capacity": capacity})
        types = []
        for position, ticket in enumerate(tickets):
            body = {"sector_id": sector["sector_id"], "price_minor": 1_200_000, "per_order_max": 10, "position": position, **ticket}
            types.append(call("POST", f"{path}/ticket-types", body))
        call("POST", f"{path}/publish")
        wait_until(lambda: call("GET", f"{path}/pools"), f"the stock of {title}")
        ids = (event["event_id"], performances[0]["performance_id"], sector["sector_id"], types[0]["ticket_type_id"])
        self.sales[name] = Sale(organizer.organizer_id, *(UUID(one) for one in ids))
        self.slugs[name] = event["slug"]

    def take(self, name: str, quantity: int) -> None:
        """Somebody else takes so many places, for as long as anybody looks: they are going to transfer the money."""
        for part in [*[10] * (quantity // 10), quantity % 10]:
            if part:
                self.order(name, part, account_id=self._transfer)

    def _cancel_one_of(self, name: str) -> None:
        path = f"/events/{self.sales[name].event_id}"
        first = self.organizer.call("GET", path)["performances"][0]["performance_id"]
        self.organizer.call("POST", f"{path}/performances/{first}/cancel", {"reason": "Por la tormenta."})

    def _upload_poster(self, name: str) -> None:
        picture = io.BytesIO()
        Image.linear_gradient("L").resize((1200, 1600)).convert("RGB").save(picture, "PNG")
        path = f"/api/organizer/events/{self.sales[name].event_id}/poster"
        answer = self.organizer.http.put(path, content=picture.getvalue(), headers={"content-type": "image/png"})
        answer.raise_for_status()

    # --- orders

    def _orders(self) -> None:
        self.orders["unpaid"] = self.lasting("plain", 2, self._sandbox)
        for decision, name, state in (("reject", "rejected", "failed"), ("pending", "pending", "pending")):
            self.orders[name] = order = self.lasting("plain", 1, self._sandbox)
            self._buyer.pay(order, decision)
            self._wait_for(order, state)
        for name, account_id in (("transfer", self._transfer), ("cash", self._cash)):
            self.orders[name] = self.order("plain", 2, account_id=account_id)
        self.orders["paid"] = self._paid("plain", 2)
        self.orders["many"] = self._paid("plain", 6)
        self._revoke(self.tickets("many")[-1])
        self.orders["nasty"] = self._paid("nasty", 2, name=NASTY)
        self.orders["long"] = self._paid("long", 1, name=("Maximiliana " * 16).strip())
        # Doors are open tonight only.
        self.publish("tonight", "Esta noche", starts_at=datetime.now(UTC) + timedelta(minutes=90))
        self.orders["used"] = self._paid("tonight", 1)
        assert self.organizer.steward(self.sales["tonight"]).scan(self.tickets("used")[0]["code"])["outcome"] == "admitted"
        self.orders["refunded"] = self._paid("plain", 1)
        self.orders["cancelled"] = self.order("plain", 1)
        for name in ("refunded", "cancelled"):
            self.organizer.call("POST", f"/orders/{self.orders[name]['order_id']}/cancel", {"reason": "Pedido de la compradora"})
        self._buyer.paid(self.orders["refunded"], "refunded")
        self._late_orders()

    def _late_orders(self) -> None:
        """One whose buyer chose anew before it was paid, and one whose money came when its places were gone."""
        self.publish("lost", "Última Ronda", capacity=4)
        undecided = Buyer(self.stack.url)
        for name in ("expired", "returning"):
            self.orders[name] = self.order("lost", 2, buyer=undecided)
        undecided.hold(self.sales["lost"], 4).raise_for_status()
        for name in ("expired", "returning"):
            self._buyer.paid(self.orders[name], "expired")
        self._buyer.pay(self.orders["returning"])
        self._wait_for(self.orders["returning"], "returning", "returned")

    def tickets(self, name: str) -> list[dict[str, Any]]:
        """The tickets of an order."""
        tickets: list[dict[str, Any]] = self._buyer.read(self.orders[name])["tickets"]
        return tickets

    def order(
        self,
        event: str,
        quantity: int,
        *,
        buyer: Buyer | None = None,
        name: str = "Julia Ríos",
        account_id: UUID | str | None = None,
    ) -> dict[str, Any]:
        """An order of somebody else's, or of this buyer's; by this account, or by the first."""
        sale, buyer = self.sales[event], buyer or Buyer(self.stack.url)
        held = buyer.hold(sale, quantity)
        held.raise_for_status()
        person = {"name": name, "mail": "julia@example.com", "document": "30.123.456"}
        order = buyer.order(sale, held.json()["hold_id"], buyer=person, payment_option_id=None if account_id is None else str(account_id))
        order.raise_for_status()
        placed: dict[str, Any] = order.json()
        return placed

    def lasting(self, event: str, quantity: int, option_id: UUID | str, *, by: str | None = None) -> dict[str, Any]:
        """An order that is open for as long as anybody looks: who chose to transfer (`by`), and then another way, has as much time."""
        order = self.order(event, quantity, account_id=by or self._transfer)
        return {**order, "next_action": self._buyer.pay_by(order, option_id)}

    def _paid(self, event: str, quantity: int, *, name: str = "Julia Ríos") -> dict[str, Any]:
        order = self.order(event, quantity, name=name)
        self._buyer.pay(order)
        self._buyer.paid(order)
        return order

    def _wait_for(self, order: Mapping[str, Any], *states: str) -> None:
        wait_until(lambda: self._buyer.read(order)["payment_state"] in states, f"the payment to be {states[0]}")

    def _revoke(self, ticket: Mapping[str, Any]) -> None:
        self.organizer.call("POST", f"/tickets/{ticket['ticket_id']}/revoke", {"reason": "fraud"})
