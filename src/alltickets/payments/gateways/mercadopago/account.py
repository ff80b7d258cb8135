"""What an organizer enters of an account, checked: every fault is told at once, nobody is asked."""

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from alltickets.payments.port import AccountEnvironment
from alltickets.payments.refusals import AccountInvalid
from alltickets.payments.sellers.port import RENEWED_BY

__all__ = ["Account", "account_from"]

DESCRIPTOR_LENGTH_MAX = 22
INSTALLMENTS_MAX = 24
ITEMS_MAX, ITEMS_MAX_UNLESS_SET = 200, 50
"""How many items a preference may have is not published."""
AGE_SECONDS_MIN = 60

_CHOICES: dict[str, tuple[str, ...]] = {
    "cash": ("no", "yes"),
    "binary_mode": ("no", "yes"),
    "auto_return": ("approved", "all", "no"),
    "bad_signatures": ("refuse", "ask"),
    "test_user": ("no", "yes"),
}
_SETTINGS = (*_CHOICES, "statement_descriptor", "category", "items_max", "installments_max", "signature_age_seconds_max")
_SECRETS = ("webhook_secret", "webhook_secret_before")
TEST_PREFIX = "TEST-"

_token = re.compile(r"(?:APP_USR|TEST)-[A-Za-z0-9_-]{10,290}")
_secret = re.compile(r"[!-~]{16,300}")
_descriptor = re.compile(r"[A-Za-z0-9 .*-]{1,22}")
_category = re.compile(r"[a-z_]{1,40}")


class Account(Struct, frozen=True, kw_only=True):
    """A seller's account and how it takes payments.

    environment: "test" for tokens of the old sandbox, which say so themselves, and for those of test users, which look like any other.
    is_granted: the seller connected through the platform's application, which knows whether they are a test user. Only of such sales a
    marketplace may take a fee.
    cash: offer tickets that are paid at a counter, often days later. binary_mode: nothing is left under review.
    items_max: a purchase of more things than that is shown as one. webhook_secrets: none where notices are not signed; two while the
    secret is being changed.
    signature_age_seconds_max: how old a signed notice may be; None where that is no reason to refuse one.
    """

    access_token: str
    environment: AccountEnvironment
    is_granted: bool
    webhook_secrets: tuple[str, ...]
    cash: bool
    binary_mode: bool
    auto_return: Literal["approved", "all"] | None
    asks_badly_signed: bool
    statement_descriptor: str | None
    category: str
    items_max: int
    installments_max: int | None
    signature_age_seconds_max: int | None


def account_from(settings: Mapping[str, str], credentials: Mapping[str, str], application_secrets: Sequence[str] = ()) -> Account:
    """The account. Raises `AccountInvalid`.

    application_secrets: what the platform's application signs with, and so the notices of sellers who connected through it.
    """
    faults = [f"settings: {name} is not known" for name in settings if name not in _SETTINGS]
    faults += [f"credentials: {name} is not known" for name in credentials if name not in ("access_token", RENEWED_BY, *_SECRETS)]
    chosen = {name: settings.get(name, choices[0]) for name, choices in _CHOICES.items()}
    for name, choices in _CHOICES.items():
        if chosen[name] not in choices:
            faults.append(f"settings: {name} must be one of {', '.join(choices)}")
    descriptor, category = settings.get("statement_descriptor", ""), settings.get("category", "tickets")
    if descriptor and _descriptor.fullmatch(descriptor) is None:
        faults.append(f"settings: statement_descriptor must be up to {DESCRIPTOR_LENGTH_MAX} letters, digits, blanks or . * -")
    if _category.fullmatch(category) is None:
        faults.append("settings: category must be one of MercadoPago's words, such as tickets")
    installments = _number(settings, "installments_max", 1, INSTALLMENTS_MAX, faults)
    items = _number(settings, "items_max", 1, ITEMS_MAX, faults)
    age = _number(settings, "signature_age_seconds_max", AGE_SECONDS_MIN, 604_800, faults)
    token = credentials.get("access_token", "")
    if _token.fullmatch(token) is None:
        faults.append("credentials: access_token must be the one that MercadoPago's panel shows, APP_USR-… or TEST-…")
    secrets = [credentials[name] for name in _SECRETS if credentials.get(name)]
    if any(_secret.fullmatch(secret) is None for secret in secrets):
        faults.append("credentials: a webhook secret has at least 16 characters and no blanks")
    if faults:
        raise AccountInvalid(tuple(faults))
    return Account(
        access_token=token,
        environment="test" if token.startswith(TEST_PREFIX) or chosen["test_user"] == "yes" else "live",
        is_granted=RENEWED_BY in credentials,
        webhook_secrets=(*secrets, *(application_secrets if RENEWED_BY in credentials else ())),
        cash=chosen["cash"] == "yes",
        binary_mode=chosen["binary_mode"] == "yes",
        auto_return="all" if chosen["auto_return"] == "all" else "approved" if chosen["auto_return"] == "approved" else None,
        asks_badly_signed=chosen["bad_signatures"] == "ask",
        statement_descriptor=descriptor or None,
        category=category,
        items_max=ITEMS_MAX_UNLESS_SET if items is None else items,
        installments_max=installments,
        signature_age_seconds_max=age,
    )


def _number(settings: Mapping[str, str], name: str, least: int, most: int, faults: list[str]) -> int | None:
    text = settings.get(name, "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9 or not least <= int(text) <= most:
        faults.append(f"settings: {name} must be a whole number from {least} to {most}")
        return None
    return int(text)
