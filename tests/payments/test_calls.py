"""Calls to gateways: what comes back in their errors."""

import asyncio

import httpx
import pytest

from alltickets.kernel.money import Money
from alltickets.payments.gateways.calls import call
from alltickets.payments.gateways.mercadopago import MercadoPagoApplication
from alltickets.payments.gateways.payway import Payway
from alltickets.payments.port import GatewayError, GatewayPayment

TOKEN = "APP_USR-1234567890-planted-1"
SECRET = "planted-client-secret"


async def test_a_credential_that_a_gateway_says_back_is_in_no_error() -> None:
    def answer(asked: httpx.Request) -> httpx.Response:
        return httpx.Response(401, json={"error": f"{'x' * 80} {asked.headers['authorization']} and {SECRET} are unknown"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        with pytest.raises(GatewayError) as refused:
            await call(
                client,
                "POST",
                "http://gateway.test/oauth/token",
                headers={"authorization": f"Bearer {TOKEN}"},
                body={"client_secret": SECRET, "grant_type": "refresh_token"},
            )

    assert "Bearer … and …" in str(refused.value)
    assert "APP_USR" not in f"{refused.value}{refused.value.code}"


async def test_nor_one_that_was_sent_in_a_form_or_to_renew_a_grant_or_that_payway_says_back() -> None:
    sent = {"client_secret": SECRET, "refresh_token": "TG-0123456789-planted"}
    key = "plantedprivatekey0123"

    def answer(asked: httpx.Request) -> httpx.Response:
        said = f"{asked.headers.get('apikey', '')} {asked.content.decode()}"
        return httpx.Response(400, json={"error": said, "error_type": said})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        application = MercadoPagoApplication(
            client, base_url="http://gateway.test", authorization_url="", client_id="1", client_secret=sent["client_secret"]
        )
        payway = Payway("http://gateway.test", client, developer_url="").connect(
            {"public_key": "a" * 32, "methods": "1"}, {"private_key": key}
        )
        payment = GatewayPayment(
            provider_payment_id="1", reference="1", status="authorized", amount=Money(1, "ARS"), raw_status="authorized"
        )
        calls = (
            call(client, "POST", "http://gateway.test", headers={}, form=sent),
            application.renew(sent),
            payway.capture(payment),
        )
        refused = await asyncio.gather(*calls, return_exceptions=True)

    said = [f"{one} {getattr(one, 'code', '')}" for one in refused]
    assert ["…" in one for one in said] == [True] * 3
    assert not [one for one in said for planted in (*sent.values(), key) if planted in one]
