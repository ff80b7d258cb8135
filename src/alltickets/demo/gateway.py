"""The demo's accounts at the simulated gateways. Nobody is registered there: secrets follow from names."""

import hashlib
import hmac
from typing import Literal
from urllib.parse import urlsplit

import httpx
import msgspec

__all__ = ["is_simulated", "mercadopago_credentials", "payway_key", "sandbox_secret", "stripe_endpoint", "stripe_key"]

SANDBOX_MASTER_KEY = "sandbox-gateway-public-on-purpose"
"""What the sandbox derives secrets from unless it is started with another --master-key; then the demo's payments are refused."""

PAYWAY_MASTER_KEY = "payway-simulator-public-on-purpose"
"""Likewise for the keys of sites at the simulated Payway."""


def payway_key(site: str, tier: Literal["public", "private"]) -> str:
    """The site's key: its number, and the first 24 hex digits of HMAC-SHA256 of `<tier>:<site>` under the master key."""
    return site + hmac.new(PAYWAY_MASTER_KEY.encode(), f"{tier}:{site}".encode(), hashlib.sha256).hexdigest()[:24]


def sandbox_secret(merchant: str) -> str:
    """The secret that the sandbox gateway knows this merchant by: hex HMAC-SHA256 of the merchant's id under the master key.

    Computed here because the product does not depend on its simulators; a test holds both computations together.
    """
    return hmac.new(SANDBOX_MASTER_KEY.encode(), merchant.encode(), hashlib.sha256).hexdigest()


STRIPE_MASTER_KEY = "simulated-stripe-public-on-purpose"
"""Likewise, of the simulated Stripe."""
MERCADOPAGO_MASTER_KEY = "mercadopago-simulator-public-on-purpose"
MERCADOPAGO_APPLICATION = "4571926830451726"
"""Of the simulated MercadoPago."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class _Endpoint(msgspec.Struct):
    url: str
    secret: str | None = None


class _Endpoints(msgspec.Struct):
    data: list[_Endpoint]


def is_simulated(url: str) -> bool:
    """Whether a gateway is a simulator of this machine: a real one is never told anything by a demo."""
    return urlsplit(url).hostname in LOOPBACK


def mercadopago_credentials(user: int) -> dict[str, str]:
    """What the simulated MercadoPago knows this seller by: an access token, and the secret of its webhooks; computed here likewise."""

    def derived(text: str) -> str:
        return hmac.new(MERCADOPAGO_MASTER_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()

    application = MERCADOPAGO_APPLICATION
    return {
        "access_token": f"TEST-{application}-112700-{derived(f'token:{application}:{user}')[:32]}-{user}",
        "webhook_secret": derived(f"webhooks:{application}"),
    }


def stripe_key(account: str) -> str:
    """The secret key that the simulated Stripe knows this account by; computed here for the same reason."""
    name = account.removeprefix("acct_")
    proof = hmac.new(STRIPE_MASTER_KEY.encode(), f"key/test/{name}".encode(), hashlib.sha256).hexdigest()[:24]
    return f"sk_test_{name}{proof}"


async def stripe_endpoint(http: httpx.AsyncClient, stripe_url: str, key: str, address: str) -> str | None:
    """Have events told to that address; the secret that they are signed with.

    None where they are told there already, or where the simulator does not answer: payments are found by asking then.
    """
    url, headers = f"{stripe_url.rstrip('/')}/v1/webhook_endpoints", {"authorization": f"Bearer {key}"}
    try:
        listed = await http.get(url, params={"limit": "100"}, headers=headers)
        listed.raise_for_status()
        if any(one.url == address for one in msgspec.json.decode(listed.content, type=_Endpoints).data):
            return None
        made = await http.post(url, data={"url": address, "enabled_events[]": "*"}, headers=headers)
        made.raise_for_status()
    except httpx.HTTPError:
        return None
    return msgspec.json.decode(made.content, type=_Endpoint).secret
