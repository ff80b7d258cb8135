"""What an installation needs to work, looked at from outside: each finding says how to mend what it found wrong."""

import asyncio
import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg

from alltickets.kernel.errors import Trouble
from alltickets.kernel.time import system_clock
from alltickets.main import database_urls, mail_sender_of
from alltickets.migrations import run as migrations
from alltickets.platform.mail.server import MailServer
from alltickets.platform.mail.smtp import MailNotTaken, Smtp
from alltickets.platform.secrets import KeyRing, KeyRingInvalid
from alltickets.platform.settings import Settings, SettingsError

__all__ = ["Finding", "diagnose", "new_key_entry"]

POSTGRESQL_VERSION_MIN = 15
DISK_FREE_BYTES_MIN = 1024 * 1024 * 1024
# Holds and sales windows go by the machine's clock and by the database's; people notice from about here.
CLOCK_SKEW_SECONDS_MAX = 1.0
CONNECT_SECONDS_MAX = 5


@dataclass(frozen=True)
class Finding:
    """One thing looked at. Where it is not well, `detail` says what to do."""

    about: str
    is_ok: bool
    detail: str


def diagnose(settings: Settings, settings_faults: list[str]) -> list[Finding]:
    """Look at everything; `settings_faults` are those that reading the settings has found, with the rest at its defaults then."""
    return [
        *([Finding("settings", False, fault) for fault in settings_faults] or [Finding("settings", True, "can be used")]),
        *_keys(settings),
        *_data_dir(settings),
        *_databases(settings),
        *_mail(settings),
    ]


def new_key_entry() -> str:
    """A fresh key as it stands in ALLTICKETS_KEY_RING; to replace a key, raise the version before the colon and keep the old entry."""
    return f"1:{KeyRing.generate_key()}"


def _keys(settings: Settings) -> Iterator[Finding]:
    if settings.key_ring is None:
        yield Finding("keys", True, f"no ALLTICKETS_KEY_RING: a development key is kept in {settings.data_dir.absolute() / 'keyring'}")
        return
    try:
        yield Finding("keys", True, f"ALLTICKETS_KEY_RING seals with key {KeyRing(settings.key_ring).active_version}")
    except KeyRingInvalid as fault:
        yield Finding("keys", False, f"ALLTICKETS_KEY_RING: {fault}; `alltickets doctor --new-key` makes an entry")


def _data_dir(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir.absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            free = shutil.disk_usage(folder).free
    except OSError as fault:
        yield Finding(
            "disk", False, f"{folder} cannot be written ({fault.strerror}): mend that, or set ALLTICKETS_DATA_DIR to another folder"
        )
        return
    is_enough = free >= DISK_FREE_BYTES_MIN
    advice = "" if is_enough else ": free some space, or set ALLTICKETS_DATA_DIR to a folder on another disk"
    yield Finding("disk", is_enough, f"{folder} can be written and has {free / 1e9:.1f} GB free{advice}")


def _databases(settings: Settings) -> Iterator[Finding]:
    try:
        url, direct_url = database_urls(settings)
    except SettingsError as fault:
        yield from (Finding("database", False, line) for line in fault.faults)
        return
    if url != direct_url:
        with _asked(url, "ALLTICKETS_DATABASE_URL") as (findings, connection):
            if connection is not None:
                findings.append(Finding("database", True, "reached through ALLTICKETS_DATABASE_URL too"))
        yield from findings
    name = "ALLTICKETS_DATABASE_DIRECT_URL" if settings.database_direct_url else "ALLTICKETS_DATABASE_URL"
    with _asked(direct_url, name) as (findings, connection):
        if connection is not None:
            findings += [*_version(connection), *_durability(connection), *_clock(connection)]
    yield from findings
    if connection is not None:
        migrated = list(_migrated(direct_url))
        yield from migrated
        if settings.is_production and all(one.is_ok for one in migrated):
            yield from _test_accounts(settings, direct_url)


@contextlib.contextmanager
def _asked(url: str, name: str) -> Iterator[tuple[list[Finding], "psycopg.Connection[tuple[object, ...]] | None"]]:
    """A connection, or None with the finding that says why there is none."""
    try:
        connection = psycopg.connect(url, autocommit=True, prepare_threshold=None, connect_timeout=CONNECT_SECONDS_MAX)
    except psycopg.Error as fault:
        cause = str(fault).strip().splitlines()[0]
        yield [Finding("database", False, f"cannot be reached ({cause}): start it, or correct {name}")], None
        return
    with connection:
        yield [], connection


def _version(connection: "psycopg.Connection[tuple[object, ...]]") -> Iterator[Finding]:
    major = connection.info.server_version // 10_000
    is_ok = major >= POSTGRESQL_VERSION_MIN
    advice = "" if is_ok else f": {POSTGRESQL_VERSION_MIN} or later is needed, upgrade it"
    yield Finding("database", is_ok, f"is PostgreSQL {major}{advice}")


def _durability(connection: "psycopg.Connection[tuple[object, ...]]") -> Iterator[Finding]:
    """What must not be off, or a crash loses what was acknowledged."""
    off = [name for name in ("fsync", "synchronous_commit", "full_page_writes") if _setting(connection, name) == "off"]
    for name in off:
        advice = f"ALTER SYSTEM RESET {name}; SELECT pg_reload_conf();"
        yield Finding("database", False, f"has {name} off, so that a crash can lose sold tickets: run {advice}")
    if not off:
        yield Finding("database", True, "commits durably")


def _setting(connection: "psycopg.Connection[tuple[object, ...]]", name: str) -> object:
    [(value,)] = connection.execute("SELECT current_setting(%s)", [name]).fetchall()
    return value


def _clock(connection: "psycopg.Connection[tuple[object, ...]]") -> Iterator[Finding]:
    """How far the database's clock is from this machine's, less what the question took on its way."""
    asked_at = time.time()
    [(seconds,)] = connection.execute("SELECT extract(epoch FROM now())::float8").fetchall()
    answered_at = time.time()
    assert isinstance(seconds, float), "a float8"
    skew = max(asked_at - seconds, seconds - answered_at, 0.0)
    is_ok = skew <= CLOCK_SKEW_SECONDS_MAX
    advice = "" if is_ok else ": have both keep time by NTP, or sales open and holds end at the wrong moment"
    yield Finding("clock", is_ok, f"is {skew:.1f} s away from the database's{advice}")


def _migrated(url: str) -> Iterator[Finding]:
    try:
        pending = migrations.pending(url)
    except Trouble as fault:
        yield Finding("database", False, str(fault))
        return
    yield Finding("database", not pending, f"lacks {', '.join(pending)}: run `alltickets migrate`" if pending else "is migrated")


def _test_accounts(settings: Settings, url: str) -> Iterator[Finding]:
    """Whoever pays at one of these pays nothing: in production that is wanted where a shop is tried, and nowhere else."""
    with psycopg.connect(url, autocommit=True, prepare_threshold=None, connect_timeout=CONNECT_SECONDS_MAX) as connection:
        [(count,)] = connection.execute(
            """
            /* across organizers: counts accounts, for whoever runs the installation */
            SELECT count(*)
              FROM payments.accounts
             WHERE environment = 'test' AND is_enabled
            """
        ).fetchall()
    if count and settings.test_accounts_sell:
        advice = "who pays there gets tickets for no money: set ALLTICKETS_TEST_ACCOUNTS=wait, unless nothing here is sold in earnest"
        yield Finding("accounts", False, f"{count} test accounts of gateways sell: {advice}")
    else:
        yield Finding("accounts", True, f"{count} test accounts of gateways, offered to no buyer" if count else "no test account sells")


def _mail(settings: Settings) -> Iterator[Finding]:
    """Asked by what sends mail too, so that what is well here is well there."""
    if settings.smtp_url is None:
        advice = "set it: buyers get their tickets by mail" if settings.is_production else "mails are kept, /dev/mail shows them"
        yield Finding("mail", not settings.is_production, f"no ALLTICKETS_SMTP_URL: {advice}")
        return
    sender = mail_sender_of(settings)
    server = MailServer.parse(settings.smtp_url)
    try:
        asyncio.run(_ask_mail_server(server, sender))
    except MailNotTaken as fault:
        yield Finding("mail", False, f"{fault}: correct ALLTICKETS_SMTP_URL, or the server")
        return
    yield Finding("mail", True, f"{server.host} takes mail from {sender}")


async def _ask_mail_server(server: MailServer, sender: str) -> None:
    smtp = Smtp(server, system_clock, own_name=sender.rpartition("@")[2])
    try:
        await smtp.check(sender)
    finally:
        await smtp.close()
