"""Payway (Decidir): the buyer's browser makes a token of the card there, and we charge the token from here.

It has no webhooks and no idempotency: what it was asked is found again by our reference (its `site_transaction_id`, the attempt's id),
which it takes once. docs/gateways/payway.md says what is mapped and what could not be verified.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import httpx
import msgspec
from msgspec import Meta

from alltickets.kernel.money import Money
from alltickets.payments.gateways.calls import call, decode, without
from alltickets.payments.gateways.payway_fraud import ADDRESS_SETTINGS, Address, address_faults, fraud_detection
from alltickets.payments.gateways.payway_words import METHODS, WITHOUT_PARTIAL_REFUNDS, decline_of, status_of
from alltickets.payments.port import (
    AccountEnvironment,
    Callback,
    Capabilities,
    CardForm,
    CardMethod,
    ChargeFacts,
    Creation,
    DeclineReason,
    DisputeAnswer,
    Final,
    GatewayError,
    GatewayErrorKind,
    GatewayPayment,
    Hint,
    Notice,
    RefundOrder,
    RefundResult,
    SettlementFile,
    SettlementOrdered,
    Verdict,
)
from alltickets.payments.refusals import AccountInvalid

__all__ = ["CARD_FORM", "Payway", "PaywayGateway"]

CHARGE_SECONDS_MAX = 35.0
"""An authorisation takes 6 s, and 20 to 30 under load; who leaves earlier leaves charges behind."""
QUERY_SECONDS_MAX = 10.0
CARD_FORM = Capabilities(
    flow="card_form",
    create_needs_call=True,
    create_idempotency="query",
    refund_idempotency="query",
    news="polling",
    funds="organizer",
    instalments="form",
    partial_refunds=True,
    early_refunds="annulled",
    # A site's contract may be one in two steps; nobody can ask it which it is.
    captures=True,
    voids=True,
    disputes="by_hand",
    expires_in_seconds_min=60,
    call_seconds_max=45,
    # Its search is believed only after so long; a charge that shows up even later is still looked for, and given back or used.
    absent_seconds_min=600,
    currencies=("ARS",),
)
_Text = Annotated[str, Meta(max_length=200)]
_Cents = Annotated[int, Meta(ge=0, le=2**53)]

_reference = re.compile(r"[0-9a-f]{32}")
_key = re.compile(r"[A-Za-z0-9]{16,64}")
_methods = re.compile(r"\d{1,3}(?::\d{1,2}(?:,\d{1,2})*)?(?:;\d{1,3}(?::\d{1,2}(?:,\d{1,2})*)?)*")
_masked = re.compile(r"\d{6}X+(\d{4})")


class _Reason(msgspec.Struct, frozen=True):
    id: int | None = None


class _Error(msgspec.Struct, frozen=True):
    type: _Text | None = None
    reason: _Reason | None = None


class _Details(msgspec.Struct, frozen=True):
    error: _Error | None = None


class _Decision(msgspec.Struct, frozen=True):
    decision: _Text | None = None


class _Fraud(msgspec.Struct, frozen=True):
    status: _Decision | None = None


class _CardData(msgspec.Struct, frozen=True):
    card_number: _Text | None = None


class _Payment(msgspec.Struct, frozen=True):
    id: int
    site_transaction_id: _Text
    payment_method_id: int
    amount: _Cents
    currency: Annotated[str, Meta(pattern="^[A-Za-z]{3}$")]
    status: _Text
    installments: int | None = None
    bin: _Text | None = None
    status_details: _Details | None = None
    fraud_detection: _Fraud | None = None
    card_data: _CardData | str | None = None
    tid: _Text | None = None


class _Page(msgspec.Struct, frozen=True):
    results: list[_Payment]


class _Refund(msgspec.Struct, frozen=True):
    id: int
    status: _Text
    error: _Error | None = None


class _Given(msgspec.Struct, frozen=True):
    id: int
    amount: _Cents
    status: _Text = "approved"
    date_canceled: str | None = None


class _Parent(msgspec.Struct, frozen=True):
    history: list[_Given] = []


class _History(msgspec.Struct, frozen=True):
    parent: _Parent


class _Fault(msgspec.Struct, frozen=True):
    code: _Text = ""
    param: _Text = ""


class _Refusal(msgspec.Struct, frozen=True):
    error_type: _Text = ""
    validation_errors: list[_Fault] | dict[str, str] = []


_payment_decoder = msgspec.json.Decoder(_Payment)
_page_decoder = msgspec.json.Decoder(_Page)
_refund_decoder = msgspec.json.Decoder(_Refund)
_history_decoder = msgspec.json.Decoder(_History)
_refusal_decoder = msgspec.json.Decoder(_Refusal)

_OF_BUYER: Mapping[str, DeclineReason] = {
    "token": "card_data",
    "bin": "card_data",
    "payment_method_id": "card_kind",
    "installments": "installments",
}
"""What of a charge the buyer gets wrong, by the parameter that is refused: nothing was charged, and another try may be right."""


_ENVIRONMENTS: Mapping[str, AccountEnvironment] = {"production": "live", "developer": "test"}
"""Keys look alike in both: of which one they are, the organizer says."""


class Payway:
    """The provider. `url` is its origin, `developer_url` that of its environment for trying: the operator's, never an organizer's."""

    name = "payway"
    callback_headers = ()

    def __init__(
        self,
        url: str,
        client: httpx.AsyncClient,
        *,
        developer_url: str,
        charge_seconds_max: float = CHARGE_SECONDS_MAX,
        query_seconds_max: float = QUERY_SECONDS_MAX,
    ) -> None:
        self._base_urls = {"production": f"{url.rstrip('/')}/api/v2", "developer": f"{developer_url.rstrip('/')}/api/v2"}
        self._client = client
        self._seconds = (charge_seconds_max, query_seconds_max)

    def connect(self, settings: Mapping[str, str], credentials: Mapping[str, str]) -> "PaywayGateway":
        """settings: `environment`, that both keys are of: production, or developer; `public_key`; `methods`, as "1:1,3,6;31" (payment
        methods by number with the instalments of each; one unless told); `establishment_name` (at most 25 letters, on the buyer's
        statement); `refund_history`: on, or off where the site has none; `cybersource`: off, or on where the site has it, with the
        address of `ADDRESS_SETTINGS`. credentials: `private_key`.
        """
        known = ("environment", "public_key", "methods", "establishment_name", "refund_history", "cybersource", *ADDRESS_SETTINGS)
        faults = [f"settings: {name} is not known" for name in settings if name not in known]
        faults += [f"credentials: {name} is not known" for name in credentials if name != "private_key"]
        public_key, private_key = settings.get("public_key", ""), credentials.get("private_key", "")
        if _key.fullmatch(public_key) is None:
            faults.append("settings: public_key must be the site's public key, 16 to 64 letters and digits")
        if _key.fullmatch(private_key) is None:
            faults.append("credentials: private_key must be the site's private key, 16 to 64 letters and digits")
        elif public_key == private_key:
            faults.append("credentials: private_key is the public one")
        environment = settings.get("environment", "production")
        if environment not in _ENVIRONMENTS:
            faults.append(f"settings: environment must be one of {', '.join(_ENVIRONMENTS)}: that which both keys are of")
        methods = _methods_of(settings.get("methods", ""))
        if not methods:
            faults.append(f"settings: methods must name numbers of {_listed(METHODS)}, each with its instalments: 1:1,3,6;31")
        if len(settings.get("establishment_name", "")) > 25:
            faults.append("settings: establishment_name has at most 25 characters")
        history, cybersource = settings.get("refund_history", "on"), settings.get("cybersource", "off")
        if history not in ("on", "off"):
            faults.append("settings: refund_history must be on or off")
        if cybersource not in ("on", "off"):
            faults.append("settings: cybersource must be on or off")
        faults += address_faults(settings) if cybersource == "on" else []
        if faults:
            raise AccountInvalid(tuple(faults))
        return PaywayGateway(
            self._base_urls[environment],
            self._client,
            self._seconds,
            environment=_ENVIRONMENTS[environment],
            public_key=public_key,
            private_key=private_key,
            methods=methods,
            establishment_name=settings.get("establishment_name") or None,
            has_history=history == "on",
            address=Address.of(settings) if cybersource == "on" else None,
        )


class PaywayGateway:
    """A site at Payway."""

    def __init__(
        self,
        base_url: str,
        client: httpx.AsyncClient,
        seconds: tuple[float, float],
        *,
        environment: AccountEnvironment,
        public_key: str,
        private_key: str,
        methods: tuple[CardMethod, ...],
        establishment_name: str | None,
        has_history: bool,
        address: Address | None,
    ) -> None:
        self._base_url = base_url
        self._client = client
        self._charge_seconds, self._query_seconds = seconds
        self.environment = environment
        self._public_key = public_key
        self._private_key = private_key
        self._methods = methods
        self._establishment_name = establishment_name
        self._has_history = has_history
        self._address = address
        # Without the history nobody could tell what became of a part that was given back.
        self.capabilities = CARD_FORM if has_history else msgspec.structs.replace(CARD_FORM, partial_refunds=False)

    def sign(self, creation: Creation) -> CardForm:
        """Where the browser makes the card's token, and what the buyer may choose."""
        return CardForm(
            attempt_id=creation.attempt_id,
            tokens_url=f"{self._base_url}/tokens",
            public_key=self._public_key,
            methods=self._methods,
        )

    async def create(self, creation: Creation) -> Final:
        """Charge the card's token. Declined or not, what comes back is a payment."""
        card = creation.card
        assert card is not None, "a card form's creation has its card"
        body: dict[str, Any] = {
            "site_transaction_id": creation.attempt_id.hex,
            "token": card.token,
            "payment_method_id": int(card.method),
            "bin": card.bin,
            "amount": creation.amount.minor,
            "currency": creation.amount.currency,
            "installments": card.installments if creation.plan_code is None else creation.plan_code,
            "payment_type": "single",
            "sub_payments": [],
            "establishment_name": self._establishment_name,
            "customer": {"id": creation.attempt_id.hex, "email": creation.payer_email},
        }
        if self._address is not None:
            body["fraud_detection"] = fraud_detection(creation, self._address)
        answer = await self._call("POST", "/payments", body=body, answers=(400, 402), seconds=self._charge_seconds)
        if answer.status_code == 400:
            raise self._told(_charge_refused(answer))
        return Final(payment=_normalised(decode(answer, _payment_decoder), last_four=card.last_four))

    async def expire(self, provider_reference: str) -> None:
        """Never called: it has no pages."""
        raise GatewayError(f"{provider_reference} cannot be closed here.", kind="unsupported")

    async def query(self, reference: str) -> list[GatewayPayment]:
        """By our reference. Each is then asked for by its id, which alone tells the card's last digits, and its refunds where there are."""
        query = {"siteOperationId": reference.replace("-", ""), "offset": "0", "pageSize": "50"}
        page = decode(await self._call("GET", "/payments", query=query), _page_decoder)
        return [await self._whole(payment.id) for payment in sorted(page.results, key=lambda one: one.id)]

    async def fetch(self, hint: Hint) -> list[GatewayPayment]:
        """By Payway's own id where the hint has one."""
        if hint.provider_payment_id is None:
            return await self.query(hint.reference or "")
        return [await self._whole(hint.provider_payment_id)]

    async def capture(self, payment: GatewayPayment) -> GatewayPayment:
        """The second step of a site that has two."""
        path = f"/payments/{payment.provider_payment_id}"
        answer = await self._call("PUT", path, body={"amount": payment.amount.minor}, answers=(400,), seconds=self._charge_seconds)
        if answer.status_code == 400:
            raise self._told(_refused(answer, "the capture"))
        return await self._whole(payment.provider_payment_id)

    async def void(self, payment: GatewayPayment) -> GatewayPayment:
        """An annulment, which Payway grants until the batch is closed. The same call annuls what was taken, so its state is asked first."""
        path = f"/payments/{payment.provider_payment_id}"
        found = decode(await self._call("GET", path), _payment_decoder)
        if status_of(found.status) != "authorized":
            raise GatewayError(f"Payway has not reserved it: {found.status}.", kind="declined", code=found.status)
        answer = await self._call("POST", f"{path}/refunds", body={}, answers=(400, 402), seconds=self._charge_seconds)
        if answer.status_code in (400, 402):
            raise self._told(_refund_refused(answer))
        return await self._whole(payment.provider_payment_id)

    async def refund(self, order: RefundOrder) -> RefundResult:
        """An annulment of the whole before the batch is closed, a refund otherwise: Payway decides which."""
        payment = decode(await self._call("GET", f"/payments/{order.provider_payment_id}"), _payment_decoder)
        is_part = order.amount.minor < payment.amount
        if is_part and (payment.payment_method_id in WITHOUT_PARTIAL_REFUNDS or not self._has_history):
            raise GatewayError("This payment can be given back as a whole only.", kind="unsupported", code="partial_refund")
        path = f"/payments/{order.provider_payment_id}/refunds"
        answer = await self._call("POST", path, body={"amount": order.amount.minor}, answers=(400, 402), seconds=self._charge_seconds)
        if answer.status_code in (400, 402):
            raise self._told(_refund_refused(answer))
        refund = decode(answer, _refund_decoder)
        return RefundResult(status=_refund_status(refund.status), provider_refund_id=str(refund.id))

    async def query_refund(self, order: RefundOrder) -> RefundResult | None:
        """By its id; where that is not known, the newest of its amount that is no other refund of ours.

        Only one refund of a payment is under way at a time, so there is at most one such.
        """
        if not self._has_history:
            [payment] = await self.fetch(Hint(provider_payment_id=order.provider_payment_id))
            return RefundResult(status="succeeded") if payment.status == "refunded" else None
        for given in reversed(await self._history(order.provider_payment_id)):
            known = order.provider_refund_id
            is_it = str(given.id) == known if known is not None else given.amount == order.amount.minor
            if is_it and str(given.id) not in order.other_refund_ids:
                status = "failed" if given.date_canceled is not None else _refund_status(given.status)
                return RefundResult(status=status, provider_refund_id=str(given.id))
        return None

    async def answer_dispute(self, answer: DisputeAnswer) -> None:
        """Never called: it has no interface for that."""
        raise GatewayError(f"Evidence for {answer.provider_dispute_id} cannot be sent here.", kind="unsupported")

    async def settlement(self, begins_at: datetime, ends_at: datetime, *, ordered: str | None) -> SettlementFile | SettlementOrdered:  # noqa: ARG002
        """Never called: its files come from its portal, and people import them."""
        raise GatewayError("Payway makes no reports here.", kind="unsupported")

    async def check(self) -> None:
        """Both keys: a search for what does not exist, and a token of nothing, which a site's public key alone is told the faults of.

        Keys look alike in both environments, so which one is of the other is told here.
        """
        with self._telling_of("private"):
            await self.query("connection-test")
        with self._telling_of("public"):
            await call(
                self._client,
                "POST",
                f"{self._base_url}/tokens",
                headers={"apikey": self._public_key},
                body={},
                answers=(400,),
                answer_seconds_max=self._query_seconds,
            )

    def verify_callback(self, notice: Notice, *, now: datetime) -> Verdict:  # noqa: ARG002
        """Payway sends none: whatever comes is not its."""
        return "rejected"

    def parse_callback(self, notice: Notice) -> Callback:  # noqa: ARG002
        """There is nothing that it could say."""
        raise GatewayError("Payway has no callbacks.", kind="invalid_request")

    def _told(self, error: GatewayError) -> GatewayError:
        """A refusal in Payway's own words, which may say back what it was sent."""
        secrets = (self._private_key,)
        code = None if error.code is None else without(secrets, error.code)
        return GatewayError(without(secrets, str(error)), error.retry_after_seconds, kind=error.kind, code=code)

    @contextmanager
    def _telling_of(self, key: str) -> Iterator[None]:
        """Whoever has mixed the keys of two environments is told which one does not fit."""
        try:
            yield
        except GatewayError as error:
            if error.kind != "auth_config":
                raise
            where = "production" if self.environment == "live" else "developer"
            hint = f"Payway does not accept the {key} key in its {where} environment: both keys have to be of one site, and of that one."
            raise GatewayError(hint, kind="auth_config", code=error.code) from error

    async def _whole(self, payment_id: int | str) -> GatewayPayment:
        answer = await self._call("GET", f"/payments/{payment_id}", query={"expand": "card_data"})
        payment = decode(answer, _payment_decoder)
        refunded_minor = 0
        if payment.status.lower() == "approved_with_refund" and self._has_history:
            refunded_minor = sum(given.amount for given in await self._history(payment_id) if given.date_canceled is None)
        return _normalised(payment, last_four=_last_four_of(payment.card_data), refunded_minor=min(refunded_minor, payment.amount))

    async def _history(self, payment_id: int | str) -> list[_Given]:
        return decode(await self._call("GET", f"/payments/{payment_id}/refunds"), _history_decoder).parent.history

    async def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        answers: tuple[int, ...] = (),
        seconds: float | None = None,
    ) -> httpx.Response:
        return await call(
            self._client,
            method,
            self._base_url + path,
            headers={"apikey": self._private_key, "cache-control": "no-cache"},
            query=query,
            body=body,
            # "Unexpected error", also said when there were too many calls: it may have been carried out.
            kinds={"409": "unknown_outcome"},
            answers=answers,
            answer_seconds_max=seconds or self._query_seconds,
        )


def _methods_of(text: str) -> tuple[CardMethod, ...]:
    """The methods that an account takes; none where the text is not of this form, names one that is not known, or one twice."""
    if _methods.fullmatch(text) is None:
        return ()
    found: list[CardMethod] = []
    for part in text.split(";"):
        number, _, listed = part.partition(":")
        installments = tuple(sorted({int(one) for one in (listed or "1").split(",")}))
        method = METHODS.get(int(number))
        if method is None or installments[0] < 1 or any(one.method == str(int(number)) for one in found):
            return ()
        found.append(CardMethod(method=str(int(number)), brand=method.brand, kind=method.kind, installments=installments))
    return tuple(found)


def _listed(methods: Mapping[int, object]) -> str:
    return ", ".join(map(str, methods))


def _charge_refused(answer: httpx.Response) -> GatewayError:
    """A 400 to a charge: nothing was charged by this call. Our reference used before means that an earlier one arrived."""
    refusal = decode(answer, _refusal_decoder)
    faults = refusal.validation_errors if isinstance(refusal.validation_errors, list) else []
    told = ", ".join(f"{fault.code} {fault.param}" for fault in faults) or refusal.error_type
    kind: GatewayErrorKind = "invalid_request"
    code = told[:100]
    for fault in faults:
        if (fault.code, fault.param) == ("repeated", "site_transaction_id"):
            return GatewayError("Payway has this reference already.", kind="duplicate", code="repeated")
        if fault.param in _OF_BUYER:
            kind, code = "declined", _OF_BUYER[fault.param]
    return GatewayError(f"Payway refused the charge: {told}.", kind=kind, code=code)


def _refund_refused(answer: httpx.Response) -> GatewayError:
    if answer.status_code == 402:
        refund = decode(answer, _refund_decoder)
        error = refund.error or _Error()
        return GatewayError("The card's brand refused the refund.", kind="declined", code=_code_of(error))
    return _refused(answer, "the refund")


def _refused(answer: httpx.Response, what: str) -> GatewayError:
    refusal = decode(answer, _refusal_decoder)
    told = refusal.validation_errors
    code = told.get("status", refusal.error_type) if isinstance(told, dict) else next((fault.param for fault in told), refusal.error_type)
    return GatewayError(f"Payway refused {what}: {code}.", kind="declined", code=code)


def _code_of(error: _Error) -> str:
    number = error.reason.id if error.reason is not None else None
    return f"{error.type or 'error'} {number if number is not None else ''}".strip()


def _refund_status(word: str) -> Literal["pending", "succeeded", "failed"]:
    """What became of money that was to be given back."""
    status = status_of(word)
    if status in ("charged", "refunded"):
        return "succeeded"
    return "failed" if status in ("declined", "cancelled") else "pending"


def _last_four_of(card_data: _CardData | str | None) -> str | None:
    number = card_data.card_number if isinstance(card_data, _CardData) else None
    match = _masked.fullmatch(number or "")
    return None if match is None else match[1]


def _normalised(payment: _Payment, *, last_four: str | None, refunded_minor: int = 0) -> GatewayPayment:
    status = status_of(payment.status)
    method = METHODS.get(payment.payment_method_id)
    error = payment.status_details.error if payment.status_details is not None else None
    return GatewayPayment(
        provider_payment_id=str(payment.id),
        reference=_reference_of(payment.site_transaction_id),
        status=status or "pending",
        amount=Money(payment.amount, payment.currency.upper()),
        refunded_minor=payment.amount if status == "refunded" else refunded_minor,
        raw_status=payment.status,
        is_recognised=status is not None,
        reason=_reason_of(payment, error) if status == "declined" else None,
        facts=ChargeFacts(
            method=method.kind if method is not None else None,
            brand=method.brand.lower() if method is not None else None,
            card_bin=payment.bin,
            card_last_four=last_four,
            installments=payment.installments,
            settlement_reference=payment.tid,
        ),
    )


def _reason_of(payment: _Payment, error: _Error | None) -> DeclineReason:
    found = payment.fraud_detection.status if payment.fraud_detection is not None else None
    if found is not None and found.decision in ("red", "black"):
        return "suspected_fraud"
    if error is None:
        return "card_refused"
    return decline_of(error.type, error.reason.id if error.reason is not None else None)


def _reference_of(site_transaction_id: str) -> str:
    """Our attempt's id as it is written everywhere else; what is not one of ours stays as it is."""
    return str(UUID(site_transaction_id)) if _reference.fullmatch(site_transaction_id) else site_transaction_id
