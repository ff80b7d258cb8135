"""Credentials and card numbers are planted, and looked for: in the database, in logs, in what anybody is answered. None may be found."""

from collections.abc import Mapping
from uuid import UUID

import httpx
import pytest
from structlog.testing import capture_logs

from alltickets.payments.gateways.mercadopago import MercadoPago
from alltickets.payments.gateways.payway import Payway
from alltickets.payments.gateways.sandbox import Sandbox
from alltickets.payments.gateways.stripe import Stripe
from alltickets.payments.port import Card, Provider
from alltickets.payments.service import Payments
from alltickets.payments.service.checkout import StartPayment
from alltickets.platform.database import Database
from alltickets.platform.secrets import KeyRing
from bench.stack import free_port
from tests.conftest import SettableClock
from tests.kept import everything_kept
from tests.payments.conftest import PUBLIC_URL, start
from tests.payments.conftest import request as request_of
from tests.payments.payway import PURCHASE
from tests.payments.test_routes import ACCOUNTS, Office, office  # noqa: F401

CARD = "4507990000004905"
PLANTED: Mapping[str, tuple[str, dict[str, str], dict[str, str]]] = {
    "sandbox": ("ARS", {"merchant": "sbx_0123456789abcdef", "mode": "session"}, {"secret": "plantedsandbox" + "7" * 50}),
    "mercadopago": (
        "ARS",
        {},
        {"access_token": "APP_USR-1234567890123456-112233-plantedmercadopago77-123456789", "webhook_secret": "plantedwebhook" + "5" * 40},
    ),
    "payway": ("ARS", {"public_key": "publickeyofthesite01", "methods": "1:1,3"}, {"private_key": "plantedpayway" + "4" * 19}),
    "stripe": ("USD", {}, {"secret_key": "sk_test_plantedstripe" + "3" * 20, "webhook_secret": "whsec_plantedstripe" + "2" * 20}),
}
SECRETS = [secret for _, _, credentials in PLANTED.values() for secret in credentials.values()]


def say_back(asked: httpx.Request) -> httpx.Response:
    """A gateway that refuses with whatever it was sent, wherever an error of one has its code."""
    said = " ".join([*(asked.headers.get(name, "") for name in ("authorization", "apikey")), asked.content.decode()])
    fault = {"code": said, "param": said}
    return httpx.Response(400, json={"error": said, "code": said, "type": said, "error_type": said, "validation_errors": [fault]})


@pytest.fixture(params=["away", "saying_back"])
def payments(
    request: pytest.FixtureRequest, database: Database, clock: SettableClock, key_ring: KeyRing, http: httpx.AsyncClient
) -> Payments:
    """Every gateway, each at an address where nobody listens, or that says back what it hears: all there is to say is said."""
    away = f"http://127.0.0.1:{free_port()}"
    if request.param == "saying_back":
        http = httpx.AsyncClient(transport=httpx.MockTransport(say_back))
    providers: list[Provider] = [Sandbox(away, http), MercadoPago(away, http), Payway(away, http, developer_url=away), Stripe(away, http)]
    return Payments(database, clock, key_ring, providers, public_url=PUBLIC_URL)


async def test_what_is_planted_is_found_nowhere(
    database: Database,
    database_url: str,
    payments: Payments,
    office: Office,  # noqa: F811
    clock: SettableClock,
) -> None:
    with capture_logs() as logged:
        answers = await _everything_said(database, payments, office, clock)
    kept, said = everything_kept(database_url), str(logged)

    assert "payment not created" in said
    for planted in [*SECRETS, CARD]:
        assert not any(planted in text or planted.encode().hex() in text for text in kept), "in the database"
        assert planted not in said, "in the log"
        assert not any(planted in answer for answer in answers), "in an answer"


async def _everything_said(database: Database, payments: Payments, office: Office, clock: SettableClock) -> list[str]:  # noqa: F811
    """Connect every account rightly and wrongly, test it, pay with it, and look: whatever anybody is answered."""
    house = await office.open()
    answers: list[str] = []
    async with office.browser(house.owner.token) as browser:
        for gateway, (currency, settings, credentials) in PLANTED.items():
            body = {"gateway": gateway, "label": gateway, "currency": currency, "settings": settings, "credentials": credentials}
            connected = await browser.post(ACCOUNTS, json=body)
            assert connected.status_code == 201, connected.text
            wrong = await browser.post(ACCOUNTS, json={**body, "settings": {"unknown": "x"}})
            checked = await browser.post(f"{ACCOUNTS}/{connected.json()['account_id']}/check")
            answers += [connected.text, wrong.text, checked.text]
        for account in await payments.accounts.all_of(house.actor.organizer_id):
            if account.currency == "ARS":
                one = request_of(clock, option_id=account.id)
                answers.append(await _paid_with(database, payments, house.actor.organizer_id, one, account.gateway))
                answers.append((await browser.get(f"/api/organizer/payments/{one.reference}")).text)
        answers.append((await browser.get(ACCOUNTS)).text)
    await payments.poller.sweep()
    return answers


async def _paid_with(database: Database, payments: Payments, organizer_id: UUID, one: StartPayment, gateway: str) -> str:
    """What a buyer is told who types the number of a card where its token belongs."""
    started = await start(database, payments, organizer_id, one)
    if gateway != "payway":
        return str(await payments.begin(organizer_id, started.attempt_id))
    card = Card(token=f"{CARD}-{CARD}", method="1", bin="450799", last_four="4905", installments=1)
    return str(await payments.checkout.charge_card(organizer_id, one.reference, started.attempt_id, card, PURCHASE))
