"""Pure decisions: what each role may do, who may grant what, how long a session lives, what a cross-site request is."""

import math
import re
import unicodedata
import zoneinfo
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from alltickets.identity.refusals import LastOwner, RoleBeyondYours, ScopesBeyondYours, SlugUnusable, UnknownRegionalSetting, WeakPassword
from alltickets.kernel.money import CURRENCY_EXPONENTS

__all__ = [
    "LOCALES",
    "PASSWORD_CHARACTERS_MIN",
    "ROLE_PERMISSIONS",
    "SESSION_LIFETIME",
    "Limit",
    "Limits",
    "Permission",
    "Role",
    "check_grant",
    "check_owner_remains",
    "check_password",
    "check_regional_settings",
    "check_scopes",
    "is_cross_site",
    "is_session_live",
    "mail_key",
    "permissions_of_key",
    "retry_after_seconds",
    "slug_from",
    "usable_slug",
    "window_start",
]


class Permission(StrEnum):
    """What a route may ask for; the value is also the scope's name on an API key."""

    EVENTS_READ = "events:read"
    """Venues, events, performances, ticket types, drafts included."""
    EVENTS_WRITE = "events:write"
    """Create, change, publish, postpone and cancel them; raise and lower capacities."""
    PRICES_READ = "prices:read"
    PRICES_WRITE = "prices:write"
    STOCK_READ = "stock:read"
    """Levels of pools: held, sold, left."""
    ORDERS_READ = "orders:read"
    """Orders with the personal data of buyers and ticket holders."""
    ORDERS_WRITE = "orders:write"
    """Change and cancel orders."""
    ORDERS_REFUND = "orders:refund"
    """Send money back to a buyer."""
    PAYMENTS_READ = "payments:read"
    """Attempts, captures, settlements, the ledger."""
    PAYMENTS_WRITE = "payments:write"
    """Gateway accounts: where the money goes."""
    TICKETS_READ = "tickets:read"
    TICKETS_WRITE = "tickets:write"
    """Reissue and revoke tickets."""
    ACCESS_READ = "access:read"
    """Checkpoints, their counters, admissions and refusals."""
    ACCESS_WRITE = "access:write"
    """Set up checkpoints; admit by hand."""
    DEVICES_READ = "devices:read"
    DEVICES_WRITE = "devices:write"
    """Pair and revoke scanner devices."""
    MEMBERS_READ = "members:read"
    MEMBERS_WRITE = "members:write"
    API_KEYS_READ = "api_keys:read"
    API_KEYS_WRITE = "api_keys:write"
    AUDIT_READ = "audit:read"


class Role(StrEnum):
    """What a member is to the organizer."""

    OWNER = "owner"
    """May do everything; there is always at least one."""
    MANAGER = "manager"
    """Runs events and the people who work at them; does not decide where money goes."""
    FINANCE = "finance"
    """Sees sales and money, sends refunds, sets up gateway accounts."""
    BOX_OFFICE = "box_office"
    """Helps buyers: orders and tickets, no refunds."""
    GATE = "gate"
    """Works the door."""
    VIEWER = "viewer"
    """Sees events and figures, no personal data."""


_P = Permission
_VIEWER = frozenset({_P.EVENTS_READ, _P.PRICES_READ, _P.STOCK_READ, _P.ACCESS_READ})
_BOX_OFFICE = _VIEWER | {_P.ORDERS_READ, _P.ORDERS_WRITE, _P.TICKETS_READ, _P.TICKETS_WRITE}
ROLE_PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.MANAGER: frozenset(Permission) - {_P.PAYMENTS_WRITE, _P.API_KEYS_WRITE},
    Role.FINANCE: _VIEWER | {_P.ORDERS_READ, _P.ORDERS_REFUND, _P.PAYMENTS_READ, _P.PAYMENTS_WRITE, _P.TICKETS_READ},
    Role.BOX_OFFICE: _BOX_OFFICE,
    Role.GATE: frozenset({_P.EVENTS_READ, _P.TICKETS_READ, _P.ACCESS_READ, _P.ACCESS_WRITE}),
    Role.VIEWER: _VIEWER,
}

# A leaked key must not be able to make itself permanent by creating members or more keys.
NEVER_ON_KEYS = frozenset({_P.MEMBERS_WRITE, _P.API_KEYS_WRITE})


def check_grant(own: frozenset[Permission], role: Role) -> None:
    """Who acts may give, change or take away `role`. Raises `RoleBeyondYours` when it may do more than they may."""
    if not ROLE_PERMISSIONS[role] <= own:
        raise RoleBeyondYours(role.value)


def check_owner_remains(owners: Iterable[object], leaving: object) -> None:
    """Raise `LastOwner` when `leaving` is the only one of `owners`."""
    if set(owners) == {leaving}:
        raise LastOwner


def check_scopes(own: frozenset[Permission], scopes: Iterable[Permission]) -> None:
    """Raise `ScopesBeyondYours` naming the scopes that someone with permissions `own` cannot put on a key."""
    refused = sorted(scope.value for scope in scopes if scope not in own or scope in NEVER_ON_KEYS)
    if refused:
        raise ScopesBeyondYours(tuple(refused))


def permissions_of_key(scopes: Iterable[str]) -> frozenset[Permission]:
    """The permissions of a stored key; a scope that no longer exists grants nothing."""
    known = {permission.value for permission in Permission}
    return frozenset(Permission(scope) for scope in scopes if scope in known) - NEVER_ON_KEYS


# Sessions -----------------------------------------------------------------------------------------------------------------

SESSION_LIFETIME = timedelta(days=14)
"""Absolute: after so long everybody signs in again, however busy the session is."""
SESSION_IDLE_MAX = timedelta(hours=12)
"""Sliding: an unused session ends; one working day fits."""


def is_session_live(*, seen_at: datetime, expires_at: datetime, now: datetime) -> bool:
    """Whether a session last used at `seen_at`, ending absolutely at `expires_at`, may still be used."""
    return now < expires_at and now < seen_at + SESSION_IDLE_MAX


def is_cross_site(*, fetch_site: str | None, origin: str | None, host: str | None) -> bool:
    """Whether a request that changes something was sent by a page of another site, by what only a browser can write.

    Sec-Fetch-Site decides where it is sent (every browser since 2023, on https and localhost): `same-site` is refused too, a sibling
    subdomain is not us. Older browsers send Origin with such requests, which must then name our host. A request with neither
    is no browser's: nobody's cookie can be abused through it. The same procedure as Go's net/http CrossOriginProtection.
    """
    if fetch_site is not None:
        return fetch_site not in ("same-origin", "none")
    if origin is None:
        return False
    return host is None or origin.partition("://")[2].lower() != host.lower()


# Accounts and organizers ----------------------------------------------------------------------------------------------------

PASSWORD_CHARACTERS_MIN = 10
_PASSWORD_VARIETY_MIN = 5
_MAIL_NAME_CHARACTERS_MIN = 4
LOCALES = ("es-AR", "en", "pt-BR")
_TIMEZONES = frozenset(zoneinfo.available_timezones())
_SLUG_CHARACTERS_MAX = 63
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")


def mail_key(mail: str) -> str:
    """The form under which a mail address is unique: `Ana@Example.AR` and `ana@example.ar` are one account."""
    return unicodedata.normalize("NFKC", mail).strip().casefold()


def check_password(password: str, mail: str) -> None:
    """Raise `WeakPassword` for a new password that is short or monotonous once the mail and its name part are taken out of it.

    Length instead of classes of characters: NIST SP 800-63B section 5.1.1.
    """
    key = mail_key(mail)
    name = key.partition("@")[0]
    rest = password.casefold().replace(key, "")
    if len(name) >= _MAIL_NAME_CHARACTERS_MIN:
        rest = rest.replace(name, "")
    if len(rest) < PASSWORD_CHARACTERS_MIN or len(set(rest)) < _PASSWORD_VARIETY_MIN:
        raise WeakPassword(PASSWORD_CHARACTERS_MIN)


def slug_from(name: str) -> str:
    """A slug for a name: `La Trastienda, Ñuñorco` gives `la-trastienda-nunorco`. Raises `SlugUnusable` when too little is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_SLUG_CHARACTERS_MAX].strip("-")
    return usable_slug(slug)


def usable_slug(slug: str) -> str:
    """The slug itself. Raises `SlugUnusable` unless it is 3 to 63 lower-case letters, digits and inner hyphens."""
    if _SLUG.fullmatch(slug) is None:
        raise SlugUnusable
    return slug


def check_regional_settings(*, currency: str, timezone: str, locale: str) -> None:
    """Raise `UnknownRegionalSetting` for the first of them that is unknown (ISO 4217, IANA, our translations)."""
    for field, value, known in (
        ("currency", currency, currency in CURRENCY_EXPONENTS),
        ("timezone", timezone, timezone in _TIMEZONES),
        ("locale", locale, locale in LOCALES),
    ):
        if not known:
            raise UnknownRegionalSetting(field, value)


# Limits on tries --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Limit:
    """At most `tries_max` tries per key in each window of `window_seconds`; windows are fixed, so a border allows up to twice that."""

    scope: str
    tries_max: int
    window_seconds: int


@dataclass(frozen=True)
class Limits:
    """How often unauthenticated callers may try. An office or a venue shares one address, so addresses get more than accounts."""

    sign_in_per_account: Limit = Limit("sign_in.account", 10, 900)
    sign_in_per_address: Limit = Limit("sign_in.address", 100, 900)
    sign_up_per_address: Limit = Limit("sign_up.address", 20, 3600)
    code_per_address: Limit = Limit("code.address", 30, 900)
    """Invitations and pairing codes."""


def window_start(now: datetime, window_seconds: int) -> datetime:
    """When the window that `now` falls into began."""
    return datetime.fromtimestamp(int(now.timestamp()) // window_seconds * window_seconds, UTC)


def retry_after_seconds(now: datetime, window_seconds: int) -> int:
    """Whole seconds until the next window, at least 1."""
    left = window_start(now, window_seconds) + timedelta(seconds=window_seconds) - now
    return math.ceil(left.total_seconds())
