"""The provider and a connected account.

The buyer pays on MercadoPago's page, which a preference opens. Whatever MercadoPago says unasked only hints: a webhook signs no more than
what it is about, an IPN signs nothing, and the query of a returning buyer is anybody's. Payments are always fetched.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec

from alltickets.payments.gateways.calls import Upload, call, decode
from alltickets.payments.gateways.items import Item, items_of
from alltickets.payments.gateways.mercadopago.account import Account, account_from
from alltickets.payments.gateways.mercadopago.application import TEST_USER, User
from alltickets.payments.gateways.mercadopago.notices import REQUEST_ID_HEADER, SIGNATURE_HEADER, callback_of, verdict_of
from alltickets.payments.gateways.mercadopago.reports import Reports
from alltickets.payments.gateways.mercadopago.wire import (
    Chargeback,
    Chargebacks,
    MerchantOrder,
    Payment,
    Payments,
    Preference,
    Refund,
    decimal_of,
    has_chargebacks,
    normalised,
    refund_result,
)
from alltickets.payments.port import (
    TEST_ACCOUNT,
    Callback,
    Capabilities,
    Creation,
    DisputeAnswer,
    GatewayError,
    GatewayErrorKind,
    GatewayPayment,
    Hint,
    Notice,
    Redirect,
    RefundOrder,
    RefundResult,
    SettlementFile,
    SettlementOrdered,
    Verdict,
)

__all__ = ["CAPABILITIES", "MercadoPago", "MercadoPagoGateway"]

CAPABILITIES = Capabilities(
    create_needs_call=True,
    # Preferences have no key: a repeated one is another page for the same reference.
    create_idempotency="none",
    refund_idempotency="header",
    news="hint",
    funds="organizer",
    instalments="page",
    partial_refunds=True,
    early_refunds="refused",
    settlements="fetched",
    disputes="answered",
    expires_pages=True,
    expires_in_seconds_min=60,
    currencies=("ARS",),
)

OF_SELLERS = msgspec.structs.replace(CAPABILITIES, funds="split")
"""Where the seller connected through the platform's application."""

_ERROR_KINDS: Mapping[str, GatewayErrorKind] = {
    "2001": "duplicate",  # the same request within a minute
    "2024": "declined",  # too old to be given back
    "15016": "declined",
    "2063": "declined",  # not in this state of the payment
    "2085": "declined",  # more than is left
    "4296": "declined",  # given back before
    "3024": "unsupported",  # no partial refunds of this method
}

_FAULTS_OF_REFUNDS = frozenset({"4040", "4041", "4292", "2032"})
"""What is wrong with the call itself: it is refused at any time."""
ASKED_AGAIN_SECONDS = 6 * 3600
"""A refund that there was no balance for: other payments are released meanwhile."""

NOTICES_WANTED = "source_news=webhooks"
"""In the address for notices: only the kind that is signed."""
TITLE_LENGTH_MAX = 250
NAME_LENGTH_MAX = 60
PAGE_SIZE = 100
PAGES_MAX = 20

_preference_decoder = msgspec.json.Decoder(Preference)
_payment_decoder = msgspec.json.Decoder(Payment)
_payments_decoder = msgspec.json.Decoder(Payments)
_refund_decoder = msgspec.json.Decoder(Refund)
_order_decoder = msgspec.json.Decoder(MerchantOrder)
_chargeback_decoder = msgspec.json.Decoder(Chargeback)
_user_decoder = msgspec.json.Decoder(User)
_chargebacks_decoder = msgspec.json.Decoder(Chargebacks)


class MercadoPago:
    """The provider. `base_url` is the operator's and never an organizer's: the real host, or the simulator's.

    application_secrets: see `account_from`.
    """

    name = "mercadopago"
    callback_headers = (SIGNATURE_HEADER, REQUEST_ID_HEADER)

    def __init__(self, base_url: str, client: httpx.AsyncClient, application_secrets: Sequence[str] = ()) -> None:
        self._base_url = base_url.rstrip("/")
        self._client = client
        self._application_secrets = tuple(application_secrets)

    def connect(self, settings: Mapping[str, str], credentials: Mapping[str, str]) -> "MercadoPagoGateway":
        """credentials: `access_token`, `webhook_secret`, `webhook_secret_before` while that is changed. settings: see `account.py`."""
        return MercadoPagoGateway(self._base_url, self._client, account_from(settings, credentials, self._application_secrets))


class MercadoPagoGateway:
    """A seller's account."""

    def __init__(self, base_url: str, client: httpx.AsyncClient, account: Account) -> None:
        self._base_url = base_url
        self._client = client
        self._account = account
        self.capabilities = OF_SELLERS if account.is_granted else CAPABILITIES
        self._credentials = {"authorization": f"Bearer {account.access_token}"}
        self.environment = account.environment
        self._reports = Reports(self._call)

    def sign(self, creation: Creation) -> Redirect:
        """A page needs a call."""
        raise GatewayError(f"MercadoPago has to be asked for the page of {creation.attempt_id}.", kind="unsupported")

    async def create(self, creation: Creation) -> Redirect:
        """Open a page. It ends with the attempt; a payment that began in time may still come a moment later."""
        response = await self._call("POST", "/checkout/preferences", body=_terms(creation, self._account))
        preference = decode(response, _preference_decoder)
        return Redirect(url=preference.init_point, provider_reference=preference.id)

    async def expire(self, provider_reference: str) -> None:
        """Have the preference end now. It keeps everything else that it says."""
        ends = datetime.now(UTC).isoformat(timespec="milliseconds")
        await self._call("PUT", f"/checkout/preferences/{provider_reference}", body={"expires": True, "expiration_date_to": ends})

    async def query(self, reference: str) -> list[GatewayPayment]:
        """By our reference, oldest first. A page that was tried often fills several pages of a search, and the last may have the money."""
        found: list[GatewayPayment] = []
        for page in range(PAGES_MAX):
            query = {
                "sort": "date_created",
                "criteria": "asc",
                "external_reference": reference,
                "limit": str(PAGE_SIZE),
                "offset": str(page * PAGE_SIZE),
            }
            answer = decode(await self._call("GET", "/v1/payments/search", query=query), _payments_decoder)
            found += [await self._told(payment) for payment in answer.results]
            if not answer.results or len(found) >= answer.paging.total:
                break
        return found

    async def fetch(self, hint: Hint) -> list[GatewayPayment]:
        """By MercadoPago's own number where the hint has one, or by what the order or the chargeback that it names has."""
        if hint.provider_payment_id is not None:
            return [await self._payment(hint.provider_payment_id)]
        if hint.resource is not None:
            response = await self._call("GET", f"/{hint.resource}")
            is_order = hint.resource.startswith("merchant_orders/")
            named = decode(response, _order_decoder) if is_order else decode(response, _chargeback_decoder)
            return [await self._payment(payment_id) for payment_id in named.payment_ids]
        return await self.query(hint.reference or "")

    async def capture(self, payment: GatewayPayment) -> GatewayPayment:
        """Never called: its pages reserve nothing."""
        raise GatewayError(f"Payment {payment.provider_payment_id} cannot be captured here.", kind="unsupported")

    async def void(self, payment: GatewayPayment) -> GatewayPayment:
        """Never called likewise."""
        raise GatewayError(f"Payment {payment.provider_payment_id} cannot be voided here.", kind="unsupported")

    async def refund(self, order: RefundOrder) -> RefundResult:
        """A part or all, always by amount; repeated under its key it answers as it did."""
        path = f"/v1/payments/{order.provider_payment_id}/refunds"
        body = {"amount": decimal_of(order.amount)}
        try:
            return refund_result(decode(await self._call("POST", path, key=str(order.refund_id), body=body), _refund_decoder))
        except GatewayError as error:
            if error.kind == "invalid_request" and error.code not in _FAULTS_OF_REFUNDS:
                await self._require_released(order, error)
            raise

    async def _require_released(self, order: RefundOrder, refused: GatewayError) -> None:
        """Raises "too_early" for a refund that was refused while the money has not been released to the seller: it comes out of their
        balance, which may not suffice until then. The number of that refusal is not published, so the payment says.
        """
        payment = decode(await self._call("GET", f"/v1/payments/{order.provider_payment_id}"), _payment_decoder)
        release = payment.money_release_date
        if payment.status != "approved" or release is None or release <= datetime.now(UTC):
            return
        seconds = min(int((release - datetime.now(UTC)).total_seconds()) + 1, ASKED_AGAIN_SECONDS)
        raise GatewayError(str(refused), seconds, kind="too_early", code=refused.code) from refused

    async def query_refund(self, order: RefundOrder) -> RefundResult | None:
        """By MercadoPago's own number of the refund; without one it cannot be looked up, only repeated under its key."""
        if order.provider_refund_id is None:
            return None
        path = f"/v1/payments/{order.provider_payment_id}/refunds/{order.provider_refund_id}"
        try:
            return refund_result(decode(await self._call("GET", path), _refund_decoder))
        except GatewayError as error:
            if error.kind == "not_found":
                return None
            raise

    async def answer_dispute(self, answer: DisputeAnswer) -> None:
        """As a PDF. There is no key: one that is sent again is there twice, and judged once."""
        upload = Upload(field="files[]", file_name="evidencia.pdf", media_type="application/pdf", content=answer.evidence.document)
        if re.fullmatch(r"[0-9]{1,19}", answer.provider_dispute_id) is None:
            raise GatewayError("MercadoPago has no such chargeback.", kind="unsupported")
        await self._call("POST", f"/v1/chargebacks/{answer.provider_dispute_id}/documentation", upload=upload)

    async def settlement(self, begins_at: datetime, ends_at: datetime, *, ordered: str | None) -> SettlementFile | SettlementOrdered:
        """The report of all transactions. It takes minutes to make, and asking has no key: it is looked for by its dates first."""
        if ordered is not None and not await self._reports.is_made(ordered):
            return SettlementOrdered(name=ordered)
        name = await self._reports.find(begins_at, ends_at)
        if name is not None:
            return await self._reports.file(name)
        # What was made and is not listed yet is looked for again.
        return SettlementOrdered(name=ordered) if ordered is not None else await self._reports.order(begins_at, ends_at)

    async def check(self) -> None:
        """Ask how one can pay: the one call that needs nothing but a token. Then whose it is, for the tokens of test users look like
        any other, and buyers could not pay them.
        """
        await self._call("GET", "/v1/payment_methods")
        if self.environment == "live" and not self._account.is_granted:
            user = decode(await self._call("GET", "/users/me"), _user_decoder)
            if TEST_USER in user.tags:
                hint = "The token is a test user's, and the account counts as a live one: set test_user to yes, or enter the seller's."
                raise GatewayError(hint, kind="auth_config", code=TEST_ACCOUNT)

    def verify_callback(self, notice: Notice, *, now: datetime) -> Verdict:
        """By the webhook's signature; one that does not fit may be a question worth asking, where the account is set so."""
        account = self._account
        verdict = verdict_of(notice, account.webhook_secrets, now=now, age_seconds_max=account.signature_age_seconds_max)
        return "unsigned" if verdict == "rejected" and account.asks_badly_signed else verdict

    def parse_callback(self, notice: Notice) -> Callback:
        """What to ask about."""
        return callback_of(notice)

    async def _payment(self, payment_id: str) -> GatewayPayment:
        return await self._told(decode(await self._call("GET", f"/v1/payments/{payment_id}"), _payment_decoder))

    async def _told(self, payment: Payment) -> GatewayPayment:
        """A payment says that a bank asks for its money, and not how much or until when."""
        if not has_chargebacks(payment):
            return normalised(payment)
        answer = await self._call("GET", "/v1/chargebacks/search", query={"payment_id": str(payment.id)})
        return normalised(payment, decode(answer, _chargebacks_decoder).results)

    async def _call(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        query: Mapping[str, str] | None = None,
        body: object = None,
        upload: Upload | None = None,
    ) -> httpx.Response:
        headers = self._credentials if key is None else {**self._credentials, "x-idempotency-key": key}
        url = self._base_url + path
        return await call(
            self._client, method, url, headers=headers, query=query, body=body, upload=upload, kinds=_ERROR_KINDS, code_of=_code_of
        )


def _terms(creation: Creation, account: Account) -> dict[str, Any]:
    """The preference: what is bought, item by item, at final prices: service charges and what was taken off are in them."""
    ends = creation.expires_at.astimezone(UTC).isoformat(timespec="milliseconds")
    terms: dict[str, Any] = {
        "items": [
            _item_terms(item, number, creation, account)
            for number, item in enumerate(items_of(creation, items_max=account.items_max), start=1)
        ],
        "external_reference": str(creation.attempt_id),
        "back_urls": dict.fromkeys(("success", "pending", "failure"), creation.return_url),
        "notification_url": _with_query(creation.callback_url, NOTICES_WANTED),
        "expires": True,
        "expiration_date_to": ends,
        "date_of_expiration": ends,
        "binary_mode": account.binary_mode,
    }
    if creation.platform_fee is not None and creation.platform_fee.minor:
        terms["marketplace_fee"] = decimal_of(creation.platform_fee)
    payer = _payer_terms(creation)
    if payer:
        terms["payer"] = payer
    if account.auto_return is not None:
        terms["auto_return"] = account.auto_return
    if account.statement_descriptor is not None:
        terms["statement_descriptor"] = account.statement_descriptor
    methods: dict[str, Any] = {} if account.cash else {"excluded_payment_types": [{"id": "ticket"}, {"id": "atm"}]}
    if account.installments_max is not None:
        methods["installments"] = account.installments_max
    return {**terms, "payment_methods": methods} if methods else terms


def _item_terms(item: Item, number: int, creation: Creation, account: Account) -> dict[str, Any]:
    terms: dict[str, Any] = {
        "id": f"{creation.attempt_id}-{number}",
        "title": item.name[:TITLE_LENGTH_MAX],
        "description": creation.description[:TITLE_LENGTH_MAX],
        "category_id": account.category,
        "quantity": item.quantity,
        "currency_id": item.unit.currency,
        "unit_price": decimal_of(item.unit),
    }
    if item.begins_at is not None:
        terms["event_date"] = item.begins_at.isoformat(timespec="milliseconds")
    return terms


def _payer_terms(creation: Creation) -> dict[str, str]:
    """Who pays: MercadoPago shows the mail on its form, and judges by both."""
    email = {} if creation.payer_email is None else {"email": creation.payer_email}
    if creation.purchase is None:
        return email
    name, _, surname = " ".join(creation.purchase.buyer_name.split()).partition(" ")
    named = {"name": name[:NAME_LENGTH_MAX], "surname": surname[:NAME_LENGTH_MAX]}
    return {**email, **{field: text for field, text in named.items() if text}}


def _with_query(url: str, query: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{query}"


def _code_of(document: Mapping[str, object]) -> str | None:
    """The number of the first cause, which says most; else the word. A cause may be a list, an object, or missing."""
    causes = document.get("cause")
    cause = causes[0] if isinstance(causes, list) and causes else causes
    code = cause.get("code") if isinstance(cause, dict) else None
    if isinstance(code, int | str) and code != "":
        return str(code)
    error = document.get("error") or document.get("code")
    return error if isinstance(error, str) else None
