"""When a seller's grant is renewed and looked at, and what a request to connect is made of. Pure, but for the random values."""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

__all__ = ["ASK_LIVES", "LEASE", "Ask", "challenge_of", "digest_of", "next_due", "renew_again_at", "renew_at"]

ASK_LIVES = timedelta(minutes=15)
"""From the request to connect until the seller is back: they may have to sign in first."""
LEASE = timedelta(minutes=5)
"""Longer than the calls that one grant costs: whoever has claimed it is gone after that, and another one goes on."""
LOOKED_AT_EVERY = timedelta(days=1)
RENEW_AGAIN_MIN = timedelta(minutes=30)
RENEW_AGAIN_MAX = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Ask:
    """What is made up for one request to connect. Neither is ever stored in clear: `state` as its digest, `verifier` sealed."""

    state: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)


def digest_of(state: str) -> bytes:
    """What a request to connect is found by."""
    return hashlib.sha256(state.encode("utf-8", "surrogatepass")).digest()


def challenge_of(verifier: str) -> str:
    """PKCE's challenge, method S256 (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def renew_at(now: datetime, expires_in_seconds: int) -> datetime:
    """After five sixths of its life: of 180 days, with 30 left to try again."""
    return now + timedelta(seconds=expires_in_seconds) * 5 / 6


def renew_again_at(now: datetime, tries: int) -> datetime:
    """After `tries` that failed: longer each time, and twice a day in the end."""
    doublings = min(tries - 1, 10)
    return now + min(RENEW_AGAIN_MIN * (1 << doublings), RENEW_AGAIN_MAX)


def next_due(now: datetime, renewed_at: datetime) -> datetime:
    """When a grant is looked at next, at the latest when it is to be renewed."""
    return min(renewed_at, now + LOOKED_AT_EVERY)
