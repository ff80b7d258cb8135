"""Orders in every state of their money, at an organizer who takes cards on their own page, and pages and transfers beside them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx

from bench.people import Buyer, Organizer
from bench.plain import PLAIN
from bench.stack import wait_until
from tests.mercadopago import MercadoPagoProcess, Seller
from tests.payments.office import TRANSFER
from tests.simulators.payway import AMEX, MASTERCARD, VISA, VISA_WITHOUT_FUNDS, PaywayProcess, Site

if TYPE_CHECKING:
    from tests.gallery.house import House

__all__ = ["Till"]

EVENT = "till"
PROMOTION = {
    "name": "Días de Banco del Sol",
    "bank": "Banco del Sol",
    "currency": "ARS",
    "bins": [{"first": VISA[:6], "last": VISA[:6]}],
    "methods": ["credit_card"],
    "instalments": [1, 3, 6],
    "discount_basis_points": 2_000,
    "cap_minor": 500_000,
    "bank_basis_points": 6_000,
}
PLANS = [{"count": count, "coefficient_ppm": ppm, "valid_from": "2026-01-01"} for count, ppm in ((3, 1_110_000), (6, 1_200_000))]


class Till:
    """Their accounts, at the simulators of the house's stack. `fill` brings orders into each state."""

    def __init__(self, house: "House") -> None:
        self._house = house
        self._buyer = Buyer(house.stack.url)
        self._organizer = organizer = Organizer(house.stack.url, "Sala del Riachuelo")
        self._site = Site(PaywayProcess(house.stack.simulator_url("payway")))
        self._mercadopago = MercadoPagoProcess(house.stack.simulator_url("mercadopago"))
        self._seller = Seller.fresh()
        credentials = {"access_token": self._seller.token, "webhook_secret": self._seller.webhook_secret}
        self._cards = str(organizer.connect_payway(self._site.id))
        self._page = str(organizer.connect_sandbox())
        self._wallet = self._connect("mercadopago", "MercadoPago", credentials=credentials)
        self._transfer = self._connect("transfer", "Transferencia bancaria", settings=TRANSFER)
        # Its terms leave no kind of card, and no order is as large.
        self._closed = str(organizer.connect_payway("00097003"))
        terms = {"methods": ["wallet"], "amount_minor_min": 10**12}
        organizer.call("PUT", f"/payments/accounts/{self._cards}/instalment-plans", {"plans": PLANS})
        organizer.call("POST", "/payments/promotions", PROMOTION)
        house.publish(EVENT, "Tango en la Vuelta", organizer=organizer)
        self._orders = house.orders
        self._orders["card-none"] = self._lasting(self._closed)
        organizer.call("PUT", f"/payments/accounts/{self._closed}/terms", terms)

    def fill(self) -> None:
        """All of them; those that are waited for first."""
        waited = [self._give_back_late(), self._refuse_refund(), self._charge_back(), *self._misfits()]
        self._give_back_in_part()
        self._decline()
        self._orders["card"] = self._lasting(self._rule_by_card())
        for order, state in waited:
            self._wait_for(order, state)

    # --- each state

    def _rule_by_card(self) -> str:
        """The option of cards: some are taken elsewhere, and some nowhere."""
        rules = [
            {"name": "Afuera", "conditions": [{"field": "card_bin", "op": "eq", "value": MASTERCARD[:6]}], "use": [self._page]},
            {
                "name": "En ningún lado",
                "conditions": [{"field": "card_bin", "op": "eq", "value": AMEX[:6]}],
                "use": [self._closed],
                "otherwise": "refuse",
            },
        ]
        options = [
            {"label": "Tarjeta de crédito o débito", "accounts": [self._cards, self._page, self._closed]},
            {"label": "MercadoPago", "accounts": [self._wallet]},
            {"label": "Transferencia bancaria", "accounts": [self._transfer]},
        ]
        call = self._organizer.call
        drafted = call("PUT", "/payments/routing/policy/draft", {"revision": 0, "policy": {"rules": rules, "options": options}})
        active = call("POST", "/payments/routing/policy/activation", {"revision": drafted["revision"]})
        return str(active["active"]["options"][0]["option_id"])

    def _decline(self) -> None:
        self._orders["declined"] = order = self._lasting(self._cards)
        self._charge(order, VISA_WITHOUT_FUNDS)

    def _give_back_in_part(self) -> None:
        self._orders["part-back"] = order = self._house.order(EVENT, 2, account_id=self._cards)
        self._charge(order, VISA)
        self._buyer.paid(order)
        wanted = {"refund_id": order["order_id"], "reason": "Sin estacionamiento", "amount_minor": 350_000}
        self._organizer.call("POST", f"/orders/{order['order_id']}/refunds", wanted)

    def _give_back_late(self) -> tuple[dict[str, Any], str]:
        """Called off while its seller has nothing to give back from."""
        self._mercadopago.has(self._seller, 0)
        self._orders["queued"], _ = order, _ = self._paid(self._wallet)
        self._cancel(order)
        return order, "queued"

    def _refuse_refund(self) -> tuple[dict[str, Any], str]:
        """Called off after its bank had the money back, which nobody has heard of."""
        self._orders["refund-failed"], charge_id = order, _ = self._paid(self._page)
        self._at_page("PUT", "/admin/faults", {"callbacks": {"lose": True}})
        self._at_page("POST", f"/admin/payments/{charge_id}", {"status": "charged_back"})
        self._at_page("DELETE", "/admin/faults")
        self._cancel(order)
        return order, "failed"

    def _charge_back(self) -> tuple[dict[str, Any], str]:
        self._orders["charged-back"], charge_id = order, _ = self._paid(self._wallet)
        for detail in ("in_process", "settled"):
            self._mercadopago.change(charge_id, "charged_back", detail)
        return order, "charged_back"

    def _misfits(self) -> list[tuple[dict[str, Any], str]]:
        """Money of another amount: one that people have to look at, and one that they gave back."""
        for name in ("misfit", "misfit-back"):
            self._orders[name] = order = self._lasting(self._page)
            self._buyer.pay(order, report_amount_minor=900_000)
        self._wait_for(order, "integrity_hold")
        self._organizer.call("POST", f"/payments/{order['order_id']}/give-back")
        return [(self._orders["misfit"], "integrity_hold"), (order, "voided")]

    # --- what all of them do

    def _connect(
        self, gateway: str, label: str, *, settings: Mapping[str, str] | None = None, credentials: Mapping[str, str] | None = None
    ) -> str:
        wish = {"gateway": gateway, "label": label, "currency": "ARS", "settings": settings or {}, "credentials": credentials or {}}
        return str(self._organizer.call("POST", "/payments/accounts", wish)["account_id"])

    def _lasting(self, option_id: UUID | str) -> dict[str, Any]:
        return self._house.lasting(EVENT, 1, option_id, by=self._transfer)

    def _charge(self, order: Mapping[str, Any], number: str) -> None:
        """What the page's script does with a card."""
        token = self._site.make_token(number).json()
        card = {"token": token["id"], "method": "1", "bin": token["bin"], "last_four": token["last_four_digits"], "installments": 1}
        attempt_id = order["next_action"]["card_form"]["attempt_id"]
        path = f"/api/shop/orders/{order['order_id']}/payment/card"
        secret = {"Authorization": f"Bearer {order['secret']}"}
        self._buyer.http.post(path, json={"attempt_id": attempt_id, **card}, headers=secret).raise_for_status()

    def _paid(self, account_id: str) -> tuple[dict[str, Any], str]:
        """An order that was paid on a page, and what its gateway calls the payment."""
        order = self._house.order(EVENT, 1, account_id=account_id)
        if account_id == self._wallet:
            self._mercadopago.pay(order["next_action"]["url"])
        else:
            self._buyer.pay(order)
        self._buyer.paid(order)
        [charge] = self._organizer.call("GET", f"/payments/{order['order_id']}")["charges"]
        return order, charge["provider_payment_id"]

    def _cancel(self, order: Mapping[str, Any]) -> None:
        self._organizer.call("POST", f"/orders/{order['order_id']}/cancel", {"reason": "Pedido de la compradora"})

    def _at_page(self, method: str, path: str, body: object = None) -> None:
        httpx.request(method, f"{self._house.stack.sandbox_url}{path}", json=body, verify=PLAIN).raise_for_status()

    def _wait_for(self, order: Mapping[str, Any], state: str) -> None:
        """Until that is how its payment stands, or the newest attempt, or a refund."""

        def stands() -> bool:
            payment = self._organizer.call("GET", f"/payments/{order['order_id']}")
            return state in (payment["status"], payment["attempts"][-1]["status"], *(one["status"] for one in payment["refunds"]))

        wait_until(stands, f"the payment to be {state}", 20)
