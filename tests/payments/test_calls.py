"""Calls to gateways: what comes back in their errors."""

import httpx
import pytest

from alltickets.payments.gateways.calls import call
from alltickets.payments.port import GatewayError

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
