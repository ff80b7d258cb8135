"""Secrets and signatures: what both sides of the contract compute. Secrets are derived, so no merchant needs registering."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping

__all__ = ["DEFAULT_MASTER_KEY", "LINK_FIELDS", "is_merchant", "new_merchant", "same", "secret_of", "sign_callback", "sign_link"]

DEFAULT_MASTER_KEY = "sandbox-gateway-public-on-purpose"

LINK_FIELDS = ("merchant", "reference", "amount_minor", "currency", "description", "return_url", "callback_url", "expires_at")
"""The fields of a payment link in the order in which they are signed."""

_MERCHANT = re.compile(r"sbx_[a-z0-9]{8,32}")


def is_merchant(text: str) -> bool:
    """Whether this is the id of a merchant: `sbx_` and 8 to 32 lower-case letters or digits."""
    return _MERCHANT.fullmatch(text) is not None


def new_merchant() -> str:
    """A merchant id that nobody had before."""
    return f"sbx_{secrets.token_hex(8)}"


def secret_of(merchant: str, master_key: str = DEFAULT_MASTER_KEY) -> str:
    """The merchant's secret: hex HMAC-SHA256 of its id under the gateway's master key."""
    return _hex_hmac(master_key, merchant.encode())


def sign_link(secret: str, fields: Mapping[str, str]) -> str:
    """The `signature` of a payment link. `fields` holds every one of `LINK_FIELDS` as the text that stands in the link, unescaped."""
    canonical = "\n".join(f"{name}={fields[name]}" for name in LINK_FIELDS)
    return _hex_hmac(secret, canonical.encode())


def sign_callback(secret: str, sent_at: int, raw_body: bytes) -> str:
    """The value of `X-Sandbox-Signature` for a callback sent at that unix second."""
    return f"t={sent_at},v1={_hex_hmac(secret, f'{sent_at}.'.encode() + raw_body)}"


def same(given: str, expected: str) -> bool:
    """Compare two secrets or signatures without telling by the time taken where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode())


def _hex_hmac(key: str, message: bytes) -> str:
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()
