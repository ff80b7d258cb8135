"""A site at the Payway simulator and its account with us."""

from typing import Any
from uuid import UUID

from alltickets.identity.interface import Actor
from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.payments.port import Card, Purchase, PurchaseLine, RefundOrder
from alltickets.payments.service import Payments
from alltickets.payments.service.accounts import AccountDetails
from tests.simulators.payway import VISA, Site

METHODS = "1:1,3,6;31;104:1,3"
PURCHASE = Purchase(
    buyer_name="José Ñandú-Paz",
    buyer_phone="+54 9 341 555-0000",
    days_ahead=20,
    lines=(PurchaseLine(name="Platea «A»", quantity=2, unit_price_minor=500_000),),
)


def settings_of(site: Site, **more: str) -> dict[str, str]:
    """What the organizer enters."""
    return {"public_key": site.public_key, "methods": METHODS, **more}


def card_of(site: Site, number: str = VISA, *, method: str = "1", installments: int = 1) -> Card:
    """What the buyer's browser sends us, once it has made a token."""
    token = site.make_token(number).json()
    return Card(token=token["id"], method=method, bin=token["bin"], last_four=token["last_four_digits"], installments=installments)


def refund_of(payment_id: str, minor: int, **more: Any) -> RefundOrder:
    """A refund that is ordered."""
    return RefundOrder(refund_id=new_id(), provider_payment_id=payment_id, amount=Money(minor, "ARS"), reason="test", **more)


async def connect_payway(payments: Payments, organizer_id: UUID, site: Site, **more: str) -> AccountDetails:
    """An account of that site for the organizer."""
    return await payments.accounts.connect(
        Actor.system(organizer_id, "test"),
        "payway",
        label="Tarjeta de crédito o débito",
        currency="ARS",
        settings=settings_of(site, **more),
        credentials={"private_key": site.private_key},
    )
