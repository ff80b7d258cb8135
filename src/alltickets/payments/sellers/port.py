"""What the platform's application at a provider can do: let sellers connect, and act for them.

An application is written beside its provider's gateway (`gateways/mercadopago/application.py`). It keeps nothing; every `async` method
has explicit time-outs inside and raises nothing but `GatewayError`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from alltickets.payments.port import AccountEnvironment, Notice, Verdict

__all__ = ["RENEWED_BY", "Application", "Grant", "Profile", "environment_of"]

RENEWED_BY = "refresh_token"
"""Stands among the credentials of a seller who gave their leave, and of nobody else: it is what tells them apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A seller's leave to act for them. `credentials` are what the account is connected with and what the grant is renewed by."""

    seller_id: str
    credentials: Mapping[str, str] = field(repr=False)
    expires_in_seconds: int
    is_live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Who a seller is. is_fit: whether they sell where this gateway takes payments."""

    seller_id: str
    nickname: str
    is_test: bool
    is_fit: bool


def environment_of(grant: Grant, profile: Profile | None) -> AccountEnvironment:
    """Whether money moves at a seller's account; the tokens themselves look alike. None: who they are is not known yet."""
    return "live" if grant.is_live and not (profile is not None and profile.is_test) else "test"


class Application(Protocol):
    """The platform's application at one provider."""

    @property
    def gateway(self) -> str:
        """The name of the provider whose accounts these are."""
        ...

    @property
    def currency(self) -> str:
        """What sellers who connect are paid in."""
        ...

    def consent_url(self, *, state: str, challenge: str, return_url: str) -> str:
        """Where the seller is asked. They come back to `return_url` with `state` and a code; `challenge` is PKCE's, by SHA-256."""
        ...

    async def redeem(self, code: str, *, verifier: str, return_url: str) -> Grant:
        """The grant for a code, which is used up by that. `GatewayError` of kind "invalid_request": the code is not taken."""
        ...

    async def renew(self, credentials: Mapping[str, str]) -> Grant:
        """A newer grant; the credentials may be used up by that. `GatewayError` of kind "invalid_request": they are not taken."""
        ...

    async def profile(self, credentials: Mapping[str, str]) -> Profile:
        """Whom the credentials speak for. `GatewayError` of kind "auth_config": for nobody any more."""
        ...

    def verify_notice(self, notice: Notice, *, now: datetime) -> Verdict:
        """Whether the provider sent exactly this to the application."""
        ...

    def seller_in(self, notice: Notice) -> str | None:
        """Whose leave a notice speaks of; None where it speaks of something else."""
        ...
