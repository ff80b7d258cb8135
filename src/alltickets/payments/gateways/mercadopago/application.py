"""The platform's application at MercadoPago: sellers allow it to act for them, by OAuth with PKCE, and may take that back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

import httpx
import msgspec
from msgspec import Meta

from alltickets.payments.gateways.calls import call, decode
from alltickets.payments.gateways.mercadopago.notices import body_of, fields_of, verdict_of
from alltickets.payments.port import Notice, Verdict
from alltickets.payments.sellers.port import RENEWED_BY, Grant, Profile

__all__ = ["TEST_USER", "MercadoPagoApplication", "User"]

SITE = "MLA"
"""Argentina: an application's sellers elsewhere are paid in another currency, which this gateway does not take."""
CONNECTIONS = "mp-connect"
"""The kind of notice that tells that a seller came or went."""

TEST_USER = "test_user"
"""Among the tags of a user who was made for trying."""

_Token = Annotated[str, Meta(min_length=10, max_length=300, pattern=r"^[!-~]+$")]


class _Tokens(msgspec.Struct, frozen=True):
    access_token: _Token
    refresh_token: _Token
    expires_in: Annotated[int, Meta(ge=60)]
    user_id: int
    live_mode: bool = True


class User(msgspec.Struct, frozen=True):
    """Whose a token is."""

    id: int
    nickname: str = ""
    site_id: str = SITE
    tags: list[str] = []


_tokens_decoder = msgspec.json.Decoder(_Tokens)
_user_decoder = msgspec.json.Decoder(User)


class MercadoPagoApplication:
    """The application, with its secrets. `base_url` is the API's, `authorization_url` that of the page where sellers are asked."""

    gateway = "mercadopago"
    currency = "ARS"

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        base_url: str,
        authorization_url: str,
        client_id: str,
        client_secret: str,
        webhook_secrets: Sequence[str] = (),
    ) -> None:
        self._client = client
        self._base_url = base_url.rstrip("/")
        self._authorization_url = authorization_url.rstrip("/")
        self._client_id = client_id
        self._client_secret = client_secret
        self._webhook_secrets = tuple(webhook_secrets)

    def consent_url(self, *, state: str, challenge: str, return_url: str) -> str:
        """The page of MercadoPago's."""
        query = {
            "client_id": self._client_id,
            "response_type": "code",
            "platform_id": "mp",
            "state": state,
            "redirect_uri": return_url,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{self._authorization_url}/authorization?{urlencode(query)}"

    async def redeem(self, code: str, *, verifier: str, return_url: str) -> Grant:
        """For a code, which lives about ten minutes."""
        return await self._tokens("authorization_code", {"code": code, "code_verifier": verifier, "redirect_uri": return_url})

    async def renew(self, credentials: Mapping[str, str]) -> Grant:
        """With a refresh token, in the place of which a new one comes."""
        return await self._tokens("refresh_token", {"refresh_token": credentials[RENEWED_BY]})

    async def profile(self, credentials: Mapping[str, str]) -> Profile:
        """Whom the access token speaks for; that it does is the test of the connection."""
        headers = {"authorization": f"Bearer {credentials['access_token']}"}
        user = decode(await call(self._client, "GET", f"{self._base_url}/users/me", headers=headers), _user_decoder)
        return Profile(seller_id=str(user.id), nickname=user.nickname[:100], is_test=TEST_USER in user.tags, is_fit=user.site_id == SITE)

    def verify_notice(self, notice: Notice, *, now: datetime) -> Verdict:
        """By the secret of the application's webhooks."""
        return verdict_of(notice, self._webhook_secrets, now=now, age_seconds_max=None)

    def seller_in(self, notice: Notice) -> str | None:
        """The user that a notice of a connection names."""
        query, body = fields_of(notice), body_of(notice)
        if CONNECTIONS not in (query.get("type"), body.type):
            return None
        named = body.user_id if body.user_id is not None else query.get("data.id")
        return None if named is None else str(named)

    async def _tokens(self, grant_type: str, fields: Mapping[str, str]) -> Grant:
        body = {"client_id": self._client_id, "client_secret": self._client_secret, "grant_type": grant_type, **fields}
        tokens = decode(await call(self._client, "POST", f"{self._base_url}/oauth/token", headers={}, body=body), _tokens_decoder)
        return Grant(
            seller_id=str(tokens.user_id),
            credentials={"access_token": tokens.access_token, RENEWED_BY: tokens.refresh_token},
            expires_in_seconds=tokens.expires_in,
            is_live=tokens.live_mode,
        )
