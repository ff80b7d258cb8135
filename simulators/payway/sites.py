"""Merchants ("sites") and their two keys. Keys are derived and name their site, so no site needs registering."""

import hashlib
import hmac
import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from simulators.chassis.database import Database
from simulators.payway.errors import Failed

__all__ = ["DEFAULT_MASTER_KEY", "Decision", "Site", "Sites", "key_of"]

DEFAULT_MASTER_KEY = "payway-simulator-public-on-purpose"
Tier = Literal["public", "private"]
Decision = Literal["green", "yellow", "red", "blue"]

_key = re.compile(r"(\d{8})[0-9a-f]{24}")


class Site(Struct, forbid_unknown_fields=True, frozen=True):
    """How a site is configured at Payway. decision: what CyberSource finds of data that are complete."""

    two_steps: bool = False
    cybersource: bool = False
    decision: Decision = "green"
    token_seconds: Annotated[int, Meta(ge=0, le=86_400)] = 900


def key_of(site: str, tier: Tier, master_key: str = DEFAULT_MASTER_KEY) -> str:
    """The site's key: 32 characters, of which the first eight are the site's number."""
    return site + hmac.new(master_key.encode(), f"{tier}:{site}".encode(), hashlib.sha256).hexdigest()[:24]


class Sites:
    """Every site there can be: all numbers of eight digits."""

    def __init__(self, database: Database, master_key: str) -> None:
        self._database = database
        self._master_key = master_key

    def of_key(self, key: str | None, tier: Tier) -> str:
        """The site that the key belongs to. Raises `Failed`: 401 for a key that nobody has, 403 for the site's other one."""
        if key is None:
            raise Failed(401, {"message": "No API key found in request"})
        match = _key.fullmatch(key)
        if match is None:
            raise Failed(401, {"message": "Invalid authentication credentials"})
        site = match[1]
        if hmac.compare_digest(key, key_of(site, tier, self._master_key)):
            return site
        if any(hmac.compare_digest(key, key_of(site, other, self._master_key)) for other in ("public", "private")):
            raise Failed(403, {"message": "You cannot consume this service"})
        raise Failed(401, {"message": "Invalid authentication credentials"})

    def find(self, site: str) -> Site:
        """How the site is configured."""
        row = self._database.first("SELECT settings FROM sites WHERE id = :id", id=site)
        return Site() if row is None else msgspec.json.decode(row["settings"], type=Site)

    def set(self, site: str, settings: Site) -> None:
        """Configure the site."""
        self._database.execute(
            "INSERT INTO sites (id, settings) VALUES (:id, :settings) ON CONFLICT (id) DO UPDATE SET settings = excluded.settings",
            id=site,
            settings=msgspec.json.encode(settings),
        )
