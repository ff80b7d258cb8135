"""Tokens, secrets and signatures: what both sides compute. All are derived, so no seller and no application needs registering."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

__all__ = ["APPLICATION", "DEFAULT_MASTER_KEY", "Keys", "Seller", "manifest", "new_user", "sign_notice"]

DEFAULT_MASTER_KEY = "mercadopago-simulator-public-on-purpose"
APPLICATION = "4571926830451726"
"""The application that sellers' own tokens belong to; any other number of 8 to 20 digits is an application too."""

_TOKEN = re.compile(r"(?:APP_USR|TEST)-(\d{8,20})-112700-([0-9a-f]{32})-(\d{6,12})")


@dataclass(frozen=True)
class Seller:
    """Who calls: a user of MercadoPago, by an application's token. is_by_consent: they gave the application leave to act for them."""

    user: int
    application: str
    is_by_consent: bool = False


@dataclass(frozen=True)
class Keys:
    """What is derived from the master key."""

    master: str = DEFAULT_MASTER_KEY

    def token_of(self, user: int, application: str = APPLICATION) -> str:
        """The seller's own access token, as the developer panel shows it; it does not expire."""
        return f"APP_USR-{application}-112700-{self._hex(f'token:{application}:{user}')[:32]}-{user}"

    def seller_of(self, token: str) -> Seller | None:
        """Whose token that is; None when it is nobody's, or was issued by OAuth."""
        match = _TOKEN.fullmatch(token)
        if match is None:
            return None
        application, user = match[1], int(match[3])
        return Seller(user, application) if hmac.compare_digest(match[2], self._hex(f"token:{application}:{user}")[:32]) else None

    def client_secret_of(self, application: str) -> str:
        """What an application signs in with at /oauth/token."""
        return self._hex(f"client:{application}")[:32]

    def webhook_secret_of(self, application: str) -> str:
        """What an application's webhooks are signed with."""
        return self._hex(f"webhooks:{application}")

    def _hex(self, text: str) -> str:
        return hmac.new(self.master.encode(), text.encode(), hashlib.sha256).hexdigest()


def new_user() -> int:
    """A seller that nobody had before."""
    return 100_000_000 + secrets.randbelow(900_000_000)


def manifest(data_id: str | None, request_id: str | None, ts: str) -> str:
    """What is signed of a notice; a pair whose value is absent is left out."""
    pairs = (("id", data_id), ("request-id", request_id), ("ts", ts))
    return "".join(f"{name}:{value};" for name, value in pairs if value)


def sign_notice(secret: str, data_id: str | None, request_id: str | None, ts: str) -> str:
    """The value of `x-signature`. data_id: as it stands in the query of the notice's address."""
    signed = hmac.new(secret.encode(), manifest(data_id, request_id, ts).encode(), hashlib.sha256).hexdigest()
    return f"ts={ts},v1={signed}"
