"""Preferences of Checkout Pro: what sellers ask buyers to pay, and what MercadoPago refuses of it."""

import sqlite3
import time
import uuid
from collections.abc import Mapping
from typing import Any

from simulators.chassis.database import Database
from simulators.chassis.errors import Refused
from simulators.chassis.settings import Settings
from simulators.mercadopago.codec import dumps, loads, minor_of
from simulators.mercadopago.contract import body_faults
from simulators.mercadopago.credentials import Seller
from simulators.mercadopago.documents import Preference
from simulators.mercadopago.errors import not_found
from simulators.mercadopago.rules import fee_on
from simulators.mercadopago.times import unix_of

__all__ = ["Preferences", "is_expired", "item_total"]

FIRST_ORDER = 20_000_000_000
CURRENCY = "ARS"
REFERENCE_LENGTH_MAX = 256
EMAIL_LENGTH_MAX = 150

_NAMED = ("items", "payer", "back_urls", "auto_return", "payment_methods", "expiration_date_from", "expiration_date_to", "marketplace_fee")
_PATH = "/checkout/preferences"


class Preferences:
    """Every preference of every seller."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings

    def create(self, seller: Seller, terms: dict[str, Any]) -> Preference:
        """Announce what is to be paid. The same terms again are another preference. Raises `Refused` 400."""
        amount_minor = self._checked(seller, terms)
        now = _now_ms()
        one = Preference(
            id=f"{seller.user}-{uuid.uuid4()}",
            seller=seller.user,
            application=seller.application,
            reference=terms.get("external_reference") or "",
            merchant_order=self._next_order(),
            terms=terms,
            amount_minor=amount_minor,
            currency=CURRENCY,
            created_ms=now,
            updated_ms=now,
        )
        self._database.execute(
            "INSERT INTO preferences (id, seller, application, reference, merchant_order, terms, amount_minor, currency, "
            "created_ms, updated_ms) "
            "VALUES (:id, :seller, :application, :reference, :merchant_order, :terms, :amount_minor, :currency, :created_ms, :updated_ms)",
            **{**vars(one), "terms": dumps(terms)},
        )
        return one

    def update(self, seller: Seller, preference_id: str, changes: dict[str, Any]) -> Preference:
        """Replace the fields that are named; the rest stays. Raises `Refused` 400 or 404."""
        one = self.find(seller.user, preference_id)
        terms = {**one.terms, **changes}
        amount_minor = self._checked(seller, terms)
        self._database.execute(
            "UPDATE preferences SET terms = :terms, reference = :reference, amount_minor = :amount_minor, updated_ms = :now WHERE id = :id",
            id=preference_id,
            terms=dumps(terms),
            reference=terms.get("external_reference") or "",
            amount_minor=amount_minor,
            now=_now_ms(),
        )
        return self.find(seller.user, preference_id)

    def find(self, seller: int, preference_id: str) -> Preference:
        """The seller's preference. Raises `Refused` 404, also for another seller's."""
        one = self.named(preference_id)
        if one is None or one.seller != seller:
            raise not_found(f"The preference with id {preference_id} was not found.")
        return one

    def named(self, preference_id: str) -> Preference | None:
        """The preference of that id, whoever asks: its address is all that a buyer has."""
        row = self._database.first("SELECT * FROM preferences WHERE id = :id", id=preference_id)
        return None if row is None else _preference(row)

    def of_order(self, seller: int, merchant_order: int) -> Preference | None:
        """The preference that a merchant order stands for."""
        row = self._database.first(
            "SELECT * FROM preferences WHERE seller = :seller AND merchant_order = :order", seller=seller, order=merchant_order
        )
        return None if row is None else _preference(row)

    def search(self, seller: int, *, reference: str | None = None, preference_id: str | None = None) -> list[Preference]:
        """The seller's preferences, newest first, narrowed by what is not None."""
        rows = self._database.all(
            "SELECT * FROM preferences WHERE seller = :seller AND (:reference IS NULL OR reference = :reference) "
            "AND (:id IS NULL OR id = :id) ORDER BY merchant_order DESC",
            seller=seller,
            reference=reference,
            id=preference_id,
        )
        return [_preference(row) for row in rows]

    def _next_order(self) -> int:
        row = self._database.first("SELECT coalesce(max(merchant_order), :first) + 1 AS next FROM preferences", first=FIRST_ORDER)
        assert row is not None, "an aggregate has a row"
        return int(row["next"])

    def _checked(self, seller: Seller, terms: Mapping[str, Any]) -> int:
        """The total in centavos. Raises `Refused` 400 by the contract's schema, then by what a schema cannot say."""
        for fault in body_faults(_PATH, "post", terms):
            field = fault.removeprefix("body.").split(".")[0].split("[")[0].split(":")[0]
            raise Refused(400, f"invalid_{field}" if field in _NAMED else "bad_request", f"{fault}.")
        total = sum(item_total(item) for item in terms["items"])
        self._check_addresses(terms)
        _check_marketplace_fee(seller, terms.get("marketplace_fee"), total)
        if len(terms.get("external_reference") or "") > REFERENCE_LENGTH_MAX:
            raise Refused(400, "invalid_external_reference", f"external_reference must have at most {REFERENCE_LENGTH_MAX} characters.")
        if len((terms.get("payer") or {}).get("email") or "") > EMAIL_LENGTH_MAX:
            raise Refused(400, "invalid_payer", f"payer.email must have at most {EMAIL_LENGTH_MAX} characters.")
        begins, ends = terms.get("expiration_date_from"), terms.get("expiration_date_to")
        if begins and ends and unix_of(ends) <= unix_of(begins):
            raise Refused(400, "invalid_expiration_date_to", "expiration_date_to must be after expiration_date_from.")
        return total

    def _check_addresses(self, terms: Mapping[str, Any]) -> None:
        back_urls = terms.get("back_urls") or {}
        if terms.get("auto_return") and not back_urls.get("success"):
            raise Refused(400, "invalid_auto_return", "auto_return invalid. back_url.success must be defined")
        for name, url in (*back_urls.items(), ("notification_url", terms.get("notification_url"))):
            if url:
                try:
                    self._settings.require_allowed(name, url)
                except Refused as refusal:
                    code = "invalid_notification_url" if name == "notification_url" else "invalid_back_urls"
                    raise Refused(400, code, refusal.message) from None


def is_expired(one: Preference) -> bool:
    """Whether its link takes no payment any more."""
    ends = one.terms.get("expiration_date_to")
    return bool(one.terms.get("expires") and ends and unix_of(ends) <= time.time())


def _check_marketplace_fee(seller: Seller, fee: object, total: int) -> None:
    """Its own fee is taken first, and the marketplace's out of what is left."""
    if fee is None:
        return
    minor = minor_of(fee)
    if minor is None or not 0 <= minor <= total - fee_on(total):
        raise Refused(400, "invalid_marketplace_fee", "marketplace_fee must be an amount that is left of the total after our fee.")
    if minor and not seller.is_by_consent:
        raise Refused(400, "invalid_marketplace_fee", "marketplace_fee needs the token that the seller gave the marketplace by OAuth.")


def item_total(item: Mapping[str, Any]) -> int:
    """Its price times its quantity, in centavos. Raises `Refused` 400."""
    price = minor_of(item["unit_price"])
    if price is None or price <= 0:
        raise Refused(400, "invalid_items", "unit_price invalid: a positive amount with at most two decimals.")
    if item.get("currency_id", CURRENCY) != CURRENCY:
        raise Refused(400, "invalid_items", f"currency_id invalid: {CURRENCY} is the currency of this site.")
    return int(price * item["quantity"])


def _preference(row: sqlite3.Row) -> Preference:
    fields = {name: row[name] for name in Preference.__dataclass_fields__}
    return Preference(**{**fields, "terms": loads(row["terms"])})


def _now_ms() -> int:
    return int(time.time() * 1000)
