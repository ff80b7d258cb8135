"""Settings: read once from the environment (`ALLTICKETS_…`), checked at start, every fault told at once."""

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from alltickets.platform.mail.server import MailServer

__all__ = ["Environment", "Settings", "SettingsError"]

Environment = str
ENVIRONMENTS = ("development", "production")
SURFACES = ("all", "shop", "organizer", "gate")
LOG_FORMATS = ("console", "json")
SECRETS = (
    "key_ring",
    "database_url",
    "database_direct_url",
    "smtp_url",
    "mercadopago_client_secret",
    "mercadopago_webhook_secret",
    "mercadopago_webhook_secret_before",
)


class SettingsError(Exception):
    """The environment cannot be used. `faults` names each setting with what is wrong and how to mend it."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator may set. Each field is the variable `ALLTICKETS_<FIELD>`; docs/operations.md lists them."""

    environment: Environment = "development"
    data_dir: Path = Path("var")
    database_url: str | None = None
    """Any PostgreSQL 15+, also through PgBouncer in transaction mode; None: the embedded one in `data_dir`."""
    database_direct_url: str | None = None
    """The same database without a pooler, for listeners and migrations; None: `database_url`."""
    database_pool_size: int = 12
    public_url: str = "http://127.0.0.1:8000"
    key_ring: str | None = None
    """`1:base64key,2:base64key` (32-byte keys); None in development: one is made in `data_dir/keyring`."""
    surface: str = "all"
    hot_lane: bool = True
    trusted_proxies: tuple[str, ...] = ("127.0.0.1/32", "::1/128")
    """Networks whose X-Forwarded-For is believed."""
    test_accounts: Literal["sell", "wait"] | None = None
    """Whether buyers are offered accounts at which no money moves; None: except in production."""
    hold_seconds: int = 600
    hold_seconds_max: int = 1800
    """A hold is never extended past so long after it was placed."""
    holds_per_address_max: int = 20
    """Live holds of one address on one event."""
    body_bytes_max: int = 262_144
    sandbox_url: str = "http://127.0.0.1:8001"
    mercadopago_url: str = "https://api.mercadopago.com"
    """Where its API is; a demo's is simulated."""
    mercadopago_authorization_url: str = "https://auth.mercadopago.com"
    """Where sellers say that the platform's application may act for them."""
    mercadopago_client_id: str | None = None
    """Of the platform's application, with its secret; None: organizers enter tokens of their own."""
    mercadopago_client_secret: str | None = None
    mercadopago_webhook_secret: str | None = None
    """What the application's notices are signed with; None: they count as unsigned."""
    mercadopago_webhook_secret_before: str | None = None
    """The former one, while it is being changed."""
    payway_url: str = "https://ventasonline.payway.com.ar"
    payway_developer_url: str = "https://developers-ventasonline.payway.com.ar"
    """Where accounts of its environment for trying are."""
    stripe_url: str = "https://api.stripe.com"
    fee_tax_basis_points: int = 2_100
    """The tax inside gateways' fees, for the books: 2100 is IVA of 21 %."""
    cftea_year: Literal["months", "days"] = "months"
    """How a monthly rate becomes the CFTEA that buyers are told: to the power of 12, or of 365/30."""
    smtp_url: str | None = None
    """Where mail is handed in; None in development: it is kept and shown on /dev/mail."""
    mail_sender: str | None = None
    """The address that mail comes from; None: `entradas@` the public URL's host."""
    log_format: str = "console"
    log_level: str = "info"
    shutdown_seconds: int = 20

    def __repr__(self) -> str:
        """Every setting, with secrets left out: settings end up in logs and tracebacks."""
        shown = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return f"Settings({', '.join(f'{name}={_shown(name, value)}' for name, value in shown)})"

    @property
    def is_production(self) -> bool:
        """Whether cookies must be secure, development pages absent and keys given."""
        return self.environment == "production"

    @property
    def test_accounts_sell(self) -> bool:
        """Whether who pays at an account where no money moves gets tickets for it."""
        return not self.is_production if self.test_accounts is None else self.test_accounts == "sell"

    @staticmethod
    def from_environment(environ: Mapping[str, str] = os.environ) -> "Settings":
        """Read and check every variable. Raises `SettingsError` with all faults at once, unknown ALLTICKETS_ names among them."""
        faults: list[str] = []
        values: dict[str, object] = {}
        for name, parse in _PARSERS.items():
            raw = environ.get(f"ALLTICKETS_{name.upper()}")
            if raw is None or raw == "":
                continue
            try:
                values[name] = parse(raw)
            except ValueError as fault:
                faults.append(f"ALLTICKETS_{name.upper()}={_shown(name, raw)}: {fault}")
        known = {f"ALLTICKETS_{name.upper()}" for name in _PARSERS}
        faults += [
            f"{key}: no such setting; see docs/operations.md" for key in environ if key.startswith("ALLTICKETS_") and key not in known
        ]
        settings = Settings(**values)  # type: ignore[arg-type]
        faults += settings._contradictions()
        if faults:
            raise SettingsError(faults)
        return settings

    def _contradictions(self) -> list[str]:
        faults = []
        if self.is_production and self.key_ring is None:
            faults.append("ALLTICKETS_KEY_RING: needed in production; make one with `alltickets doctor --new-key`")
        if self.is_production and not self.public_url.startswith("https://"):
            faults.append("ALLTICKETS_PUBLIC_URL: must be https:// in production")
        if self.is_production and self.smtp_url is None:
            # Buyers look for their tickets in their mail, and mail that waits for days is given up: better told before the first sale.
            faults.append("ALLTICKETS_SMTP_URL: needed in production, buyers get their tickets by mail; smtp://user:password@host:587")
        if (self.mercadopago_client_id is None) != (self.mercadopago_client_secret is None):
            faults.append("ALLTICKETS_MERCADOPAGO_CLIENT_ID, ALLTICKETS_MERCADOPAGO_CLIENT_SECRET: set both, or neither")
        if self.hold_seconds_max < self.hold_seconds:
            faults.append("ALLTICKETS_HOLD_SECONDS_MAX: must not be below ALLTICKETS_HOLD_SECONDS")
        return faults


def _shown(name: str, value: object) -> str:
    return "…" if name in SECRETS and value is not None else repr(value)


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(raw: str) -> str:
        if raw not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return raw

    return parse


def _between(low: int, high: int) -> Callable[[str], int]:
    def parse(raw: str) -> int:
        if not raw.lstrip("-").isdigit() or not low <= int(raw) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(raw)

    return parse


def _flag(raw: str) -> bool:
    if raw not in ("on", "off"):
        raise ValueError("must be on or off")
    return raw == "on"


def _url(*schemes: str) -> Callable[[str], str]:
    def parse(raw: str) -> str:
        try:
            scheme = urlsplit(raw).scheme
        except ValueError:
            # What urlsplit says quotes the part it cannot read, and a password may stand there.
            raise ValueError("cannot be read as a URL; percent-encode what is not a letter or a digit in its parts") from None
        if scheme not in schemes:
            raise ValueError(f"must start with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        return raw.rstrip("/")

    return parse


def _mail_server(raw: str) -> str:
    url = _url("smtp", "smtps")(raw)
    MailServer.parse(url)
    return url


def _digits(raw: str) -> str:
    if not re.fullmatch(r"[0-9]{1,30}", raw):
        raise ValueError("must be the application's number, digits only")
    return raw


def _secret(raw: str) -> str:
    if not re.fullmatch(r"[!-~]{16,300}", raw):
        raise ValueError("must be at least 16 characters without blanks")
    return raw


def _mail_address(raw: str) -> str:
    if not re.fullmatch(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+", raw):
        raise ValueError("must be a mail address and nothing else: entradas@example.com")
    return raw


def _networks(raw: str) -> tuple[str, ...]:
    return tuple(str(ipaddress.ip_network(part.strip())) for part in raw.split(","))


_PARSERS: dict[str, Callable[[str], object]] = {
    "environment": _one_of(*ENVIRONMENTS),
    "data_dir": Path,
    "database_url": _url("postgresql", "postgres"),
    "database_direct_url": _url("postgresql", "postgres"),
    "database_pool_size": _between(2, 500),
    "public_url": _url("http", "https"),
    "key_ring": str,
    "surface": _one_of(*SURFACES),
    "hot_lane": _flag,
    "trusted_proxies": _networks,
    "test_accounts": _one_of("sell", "wait"),
    "hold_seconds": _between(1, 86_400),
    "hold_seconds_max": _between(1, 604_800),
    "holds_per_address_max": _between(1, 1_000_000),
    "body_bytes_max": _between(1_024, 16_777_216),
    "sandbox_url": _url("http", "https"),
    "mercadopago_url": _url("http", "https"),
    "mercadopago_authorization_url": _url("http", "https"),
    "mercadopago_client_id": _digits,
    "mercadopago_client_secret": _secret,
    "mercadopago_webhook_secret": _secret,
    "mercadopago_webhook_secret_before": _secret,
    "payway_url": _url("http", "https"),
    "payway_developer_url": _url("http", "https"),
    "stripe_url": _url("http", "https"),
    "fee_tax_basis_points": _between(0, 10_000),
    "cftea_year": _one_of("months", "days"),
    "smtp_url": _mail_server,
    "mail_sender": _mail_address,
    "log_format": _one_of(*LOG_FORMATS),
    "log_level": _one_of("debug", "info", "warning", "error"),
    "shutdown_seconds": _between(1, 600),
}
