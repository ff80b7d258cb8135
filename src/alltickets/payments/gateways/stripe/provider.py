"""Stripe as a whole: where it is, and what an organizer has to enter."""

import re
from collections.abc import Mapping

import httpx

from alltickets.payments.gateways.stripe.gateway import Access, StripeGateway
from alltickets.payments.gateways.stripe.webhooks import SIGNATURE_HEADER
from alltickets.payments.refusals import AccountInvalid

__all__ = ["API_VERSION", "Stripe"]

API_VERSION = "2025-07-30.basil"
"""What an account speaks that names no version."""
LOCALES = ("auto", "de", "en", "en-GB", "es", "es-419", "fr", "it", "pt", "pt-BR")

_SETTINGS = ("api_version", "capture", "locale", "payment_methods")
_CREDENTIALS = ("secret_key", "webhook_secret", "webhook_secret_previous")

_secret_key = re.compile(r"(?:sk|rk)_(?:test|live)_[A-Za-z0-9_]{10,240}")
_webhook_secret = re.compile(r"whsec_[A-Za-z0-9+/=_-]{16,240}")
_api_version = re.compile(r"\d{4}-\d{2}-\d{2}(?:\.[a-z_]{1,40})?")


class Stripe:
    """The provider. `base_url` is given by the operator and never by an organizer."""

    name = "stripe"
    callback_headers = (SIGNATURE_HEADER,)

    def __init__(self, base_url: str, client: httpx.AsyncClient) -> None:
        self._base_url = base_url.rstrip("/")
        self._client = client

    def connect(self, settings: Mapping[str, str], credentials: Mapping[str, str]) -> StripeGateway:
        """settings: `payment_methods` ("card", or "all" that the account has switched on), `locale` of the page, `api_version`; `capture`:
        "at_once", or "in_two_steps" where money is reserved first and taken within seconds if it is of use.

        credentials: `secret_key`; `webhook_secret`, to be had once the account's address for callbacks is known; `webhook_secret_previous`
        while Stripe still signs with both.
        """
        methods, capture = settings.get("payment_methods", "card"), settings.get("capture", "at_once")
        access = Access(
            secret_key=credentials.get("secret_key", ""),
            webhook_secrets=tuple(credentials[name] for name in _CREDENTIALS[1:] if name in credentials),
            api_version=settings.get("api_version", API_VERSION),
            locale=settings.get("locale", "auto"),
            takes_cards_only=methods == "card",
            is_in_two_steps=capture == "in_two_steps",
        )
        faults = [f"settings: {name} is not known" for name in settings if name not in _SETTINGS]
        faults += [f"credentials: {name} is not known" for name in credentials if name not in _CREDENTIALS]
        if _secret_key.fullmatch(access.secret_key) is None:
            faults.append("credentials: secret_key must be a secret or restricted key, sk_test_…, sk_live_…, rk_test_… or rk_live_…")
        if any(_webhook_secret.fullmatch(secret) is None for secret in access.webhook_secrets):
            faults.append("credentials: a webhook secret is whsec_… as Stripe shows it")
        if methods not in ("card", "all"):
            faults.append("settings: payment_methods must be card or all")
        if capture not in ("at_once", "in_two_steps") or (capture == "in_two_steps" and methods == "all"):
            faults.append("settings: capture must be at_once or in_two_steps, the latter with cards alone")
        if access.locale not in LOCALES:
            faults.append(f"settings: locale must be one of {', '.join(LOCALES)}")
        if _api_version.fullmatch(access.api_version) is None:
            faults.append("settings: api_version must be a version of Stripe's API, e.g. 2025-07-30.basil")
        if faults:
            raise AccountInvalid(tuple(faults))
        return StripeGateway(self._base_url, self._client, access)
