"""OAuth: a seller lets an application act for them, until they take that back."""

import base64
import hashlib
import hmac
import secrets
import time
import uuid
from collections.abc import Mapping
from typing import Any

from simulators.chassis.database import Database
from simulators.chassis.errors import Refused, invalid
from simulators.mercadopago.contract import body_faults
from simulators.mercadopago.credentials import Keys, Seller

__all__ = ["CODE_SECONDS", "OAuth"]

CODE_SECONDS = 600
TOKEN_SECONDS = 15_552_000


class OAuth:
    """Codes and tokens."""

    def __init__(self, database: Database, keys: Keys) -> None:
        self._database = database
        self._keys = keys

    def seller_of(self, token: str) -> Seller | None:
        """Whom that token speaks for; None for a wrong, an old and a revoked one."""
        row = self._database.first("SELECT * FROM tokens WHERE access = :access AND expires_at > :now", access=token, now=time.time())
        return self._keys.seller_of(token) if row is None else Seller(row["seller"], row["application"], is_by_consent=True)

    def authorize(self, application: str, seller: int, redirect_uri: str, challenge: str | None) -> str:
        """The seller agrees: a code that the application may change for tokens, once and soon."""
        code = f"TG-{secrets.token_hex(12)}-{seller}"
        self._database.execute(
            "INSERT INTO codes (code, application, seller, redirect_uri, challenge, expires_at) "
            "VALUES (:code, :application, :seller, :redirect_uri, :challenge, :expires_at)",
            code=code,
            application=application,
            seller=seller,
            redirect_uri=redirect_uri,
            challenge=challenge,
            expires_at=time.time() + CODE_SECONDS,
        )
        return code

    def token(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Tokens for a code, or new ones for a refresh token, which is used up by that. Raises `Refused` 400 or 401."""
        if faults := body_faults("/oauth/token", "post", request):
            raise invalid(f"{'; '.join(faults)}.")
        application = request["client_id"]
        if not hmac.compare_digest(request["client_secret"].encode(), self._keys.client_secret_of(application).encode()):
            raise Refused(401, "invalid_client", "invalid client_id or client_secret")
        with self._database.transaction():
            if request["grant_type"] == "authorization_code":
                return self._issue(application, self._redeem(application, request))
            if request["grant_type"] == "refresh_token":
                return self._issue(application, self._rotate(application, str(request.get("refresh_token", ""))))
        raise Refused(400, "unsupported_grant_type", "grant_type must be authorization_code or refresh_token")

    def revoke(self, application: str, seller: int) -> int:
        """The seller takes it back; how many tokens ended."""
        return self._database.execute(
            "DELETE FROM tokens WHERE application = :application AND seller = :seller", application=application, seller=seller
        )

    def _redeem(self, application: str, request: Mapping[str, Any]) -> int:
        row = self._database.first("SELECT * FROM codes WHERE code = :code", code=str(request.get("code", "")))
        if row is None or row["application"] != application or row["expires_at"] <= time.time():
            raise _invalid_grant("Error validating grant. Your authorization code may be expired or it was already used.")
        if row["redirect_uri"] != request.get("redirect_uri"):
            raise _invalid_grant("redirect_uri differs from the one that the code was given for.")
        if row["challenge"] is not None and _challenge_of(str(request.get("code_verifier", ""))) != row["challenge"]:
            raise _invalid_grant("code_verifier does not fit the code_challenge.")
        self._database.execute("DELETE FROM codes WHERE code = :code", code=row["code"])
        return int(row["seller"])

    def _rotate(self, application: str, refresh: str) -> int:
        row = self._database.first(
            "SELECT seller FROM tokens WHERE refresh = :refresh AND application = :application", refresh=refresh, application=application
        )
        if row is None:
            raise _invalid_grant("Error validating grant. The refresh token was used or revoked.")
        self._database.execute("DELETE FROM tokens WHERE refresh = :refresh", refresh=refresh)
        return int(row["seller"])

    def _issue(self, application: str, seller: int) -> dict[str, Any]:
        access = f"APP_USR-{application}-112700-{secrets.token_hex(16)}-{seller}"
        refresh = f"TG-{secrets.token_hex(16)}-{seller}"
        self._database.execute(
            "INSERT INTO tokens (access, refresh, application, seller, expires_at) "
            "VALUES (:access, :refresh, :application, :seller, :expires)",
            access=access,
            refresh=refresh,
            application=application,
            seller=seller,
            expires=time.time() + TOKEN_SECONDS,
        )
        return {
            "access_token": access,
            "token_type": "bearer",
            "expires_in": TOKEN_SECONDS,
            "scope": "offline_access read write",
            "user_id": seller,
            "refresh_token": refresh,
            "public_key": f"APP_USR-{uuid.uuid4()}",
            "live_mode": True,
        }


def _challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _invalid_grant(message: str) -> Refused:
    return Refused(400, "invalid_grant", message)
