"""An account at Stripe: sessions opened, payments asked about, money given back."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import httpx
import msgspec

from alltickets.payments.gateways.calls import call, decode
from alltickets.payments.gateways.items import items_of
from alltickets.payments.gateways.stripe.amounts import CURRENCIES, to_stripe
from alltickets.payments.gateways.stripe.meaning import ATTEMPT_KEY, evidence_form, payment_of, payment_of_session, refund_result
from alltickets.payments.gateways.stripe.objects import Balance, Charge, Dispute, Found, Intent, Listed, Refund, Session
from alltickets.payments.gateways.stripe.webhooks import parse, verdict_of
from alltickets.payments.port import (
    AccountEnvironment,
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

__all__ = ["CHECKOUT", "Access", "StripeGateway"]

CHECKOUT = Capabilities(
    create_needs_call=True,
    create_idempotency="header",
    refund_idempotency="header",
    news="hint",
    funds="organizer",
    instalments="none",
    partial_refunds=True,
    early_refunds="pending",
    expires_pages=True,
    disputes="answered",
    # Stripe asks for half an hour from when it gets the call; five minutes are for clocks that disagree, one is for a call that comes late.
    expires_in_seconds_min=(30 + 5 + 1) * 60,
    currencies=CURRENCIES,
)
IN_TWO_STEPS = msgspec.structs.replace(CHECKOUT, captures=True, voids=True)
"""Where the organizer had it so: sessions only reserve."""

NAME_LENGTH_MAX = 250
LINE_ITEMS_MAX = 100
LOOKED_AROUND_SECONDS = (10, 60)
"""An attempt's id tells when it was made, and its session is made in the next moment; both clocks may be wrong. The near one first, because
in a rush every second has its sessions.
"""
PAGE_LENGTH, PAGES_MAX = 100, 10

_ERROR_KINDS: dict[str, GatewayErrorKind] = {"idempotency_error": "invalid_request", "lock_timeout": "rate_limited"}
_EXPANDED_CHARGE = "latest_charge.balance_transaction"

_session_decoder = msgspec.json.Decoder(Session)
_sessions_decoder = msgspec.json.Decoder(Listed[Session])
_intent_decoder = msgspec.json.Decoder(Intent)
_found_decoder = msgspec.json.Decoder(Listed[Found])
_disputes_decoder = msgspec.json.Decoder(Listed[Dispute])
_refund_decoder = msgspec.json.Decoder(Refund)
_refunds_decoder = msgspec.json.Decoder(Listed[Refund])
_balance_decoder = msgspec.json.Decoder(Balance)


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """What an organizer entered. `webhook_secrets`: the present one and, while it is being replaced, the one before; none yet at first."""

    secret_key: str
    webhook_secrets: tuple[str, ...]
    api_version: str
    locale: str
    takes_cards_only: bool
    is_in_two_steps: bool = False

    @property
    def is_live(self) -> bool:
        """Which of the account's two worlds the key opens: its prefix says so, `sk_test_` or `rk_live_`."""
        return "_live_" in self.secret_key[:8]


class StripeGateway:
    """One account."""

    def __init__(self, base_url: str, client: httpx.AsyncClient, access: Access) -> None:
        self._base_url = base_url
        self._client = client
        self._access = access
        self.capabilities = IN_TWO_STEPS if access.is_in_two_steps else CHECKOUT
        self.environment: AccountEnvironment = "live" if access.is_live else "test"
        self._headers = {"authorization": f"Bearer {access.secret_key}", "stripe-version": access.api_version}

    def sign(self, creation: Creation) -> Redirect:
        """Never called: `create_needs_call`."""
        raise AssertionError(f"the page of {creation.attempt_id} is Stripe's to make")

    async def create(self, creation: Creation) -> Redirect:
        """Open a session; repeated under the attempt's key it is the same one, though what it would show is called otherwise by now."""
        form = _session_form(creation, self._access)
        try:
            session = decode(await self._call("POST", "/v1/checkout/sessions", form=form, key=str(creation.attempt_id)), _session_decoder)
        except GatewayError as error:
            found = await self._sessions_of(str(creation.attempt_id)) if error.code == "idempotency_error" else []
            asked = (to_stripe(creation.amount), creation.amount.currency.lower())
            if not found or (found[0].amount_total, found[0].currency.lower()) != asked:
                raise
            # Names of what is bought and settings of the account may have changed since the call whose answer was lost.
            session = found[0]
        if session.livemode is not self._access.is_live:
            raise GatewayError("The key is of one mode and Stripe answers in the other.", kind="auth_config")
        if session.url is None:
            raise GatewayError("Stripe's session has no page.", kind="unknown_outcome")
        return Redirect(url=session.url, provider_reference=session.id)

    async def expire(self, provider_reference: str) -> None:
        """Expire a session. One that is not open any more Stripe refuses as a mistake of ours."""
        try:
            await self._call("POST", f"/v1/checkout/sessions/{_as_path(provider_reference)}/expire", form={})
        except GatewayError as error:
            if error.kind != "invalid_request":
                raise

    async def query(self, reference: str) -> list[GatewayPayment]:
        """By our reference. The sessions of that moment are listed, which shows what has just happened; a search, which lags a minute
        behind, finds the payments of a session that was opened later.
        """
        sessions = await self._sessions_of(reference)
        if sessions:
            found = [await self._session_payment(session) for session in reversed(sessions)]
            return [payment for payment in found if payment is not None]
        query = f"metadata['{ATTEMPT_KEY}']:'{reference}'" if re.fullmatch(r"[0-9A-Za-z_-]{1,200}", reference) else None
        if query is None:
            return []
        answer = await self._call("GET", "/v1/payment_intents/search", query={"query": query, "limit": str(PAGE_LENGTH)})
        payments = [await self._intent_payment(one.id) for one in reversed(decode(answer, _found_decoder).data)]
        return [payment for payment in payments if payment is not None]

    async def fetch(self, hint: Hint) -> list[GatewayPayment]:
        """By the id of the intent, or of a session that nobody has tried to pay on."""
        if hint.provider_payment_id is None:
            return await self.query(hint.reference or "")
        if hint.provider_payment_id.startswith("cs_"):
            expand = {"expand[0]": f"payment_intent.{_EXPANDED_CHARGE}"}
            answer = await self._call("GET", f"/v1/checkout/sessions/{_as_path(hint.provider_payment_id)}", query=expand)
            payment = await self._session_payment(decode(answer, _session_decoder))
        else:
            payment = await self._intent_payment(hint.provider_payment_id)
        return [] if payment is None else [payment]

    async def capture(self, payment: GatewayPayment) -> GatewayPayment:
        """The second step. Stripe itself refuses it for an intent that is in any other state, so no key is needed."""
        return await self._settle(payment, "capture")

    async def void(self, payment: GatewayPayment) -> GatewayPayment:
        """The intent is cancelled, which Stripe refuses once it has succeeded."""
        return await self._settle(payment, "cancel")

    async def refund(self, order: RefundOrder) -> RefundResult:
        """Give back; repeated under its key Stripe answers as it did."""
        form = {
            "payment_intent": order.provider_payment_id,
            "amount": str(to_stripe(order.amount)),
            "reason": "requested_by_customer",
            "metadata[refund_id]": str(order.refund_id),
        }
        try:
            answer = await self._call("POST", "/v1/refunds", form=form, key=str(order.refund_id))
        except GatewayError as error:
            if error.kind == "invalid_request" and error.code != "idempotency_error":
                # More than is left, disputed, never captured: Stripe says no to all of them as to a mistake of ours.
                raise GatewayError(str(error), kind="declined", code=error.code) from error
            raise
        return refund_result(decode(answer, _refund_decoder))

    async def query_refund(self, order: RefundOrder) -> RefundResult | None:
        """By Stripe's id of the refund, or by ours, which stands in it."""
        if order.provider_refund_id is not None:
            try:
                answer = await self._call("GET", f"/v1/refunds/{_as_path(order.provider_refund_id)}")
            except GatewayError as error:
                if error.kind == "not_found":
                    return None
                raise
            return refund_result(decode(answer, _refund_decoder))
        query = {"payment_intent": order.provider_payment_id, "limit": str(PAGE_LENGTH)}
        refunds = decode(await self._call("GET", "/v1/refunds", query=query), _refunds_decoder).data
        ours = [one for one in refunds if (one.metadata or {}).get("refund_id") == str(order.refund_id)]
        return refund_result(ours[0]) if ours else None

    async def answer_dispute(self, answer: DisputeAnswer) -> None:
        """In words, and handed in at once; repeated under its key Stripe answers as it did."""
        path = f"/v1/disputes/{_as_path(answer.provider_dispute_id)}"
        await self._call("POST", path, form=evidence_form(answer.evidence), key=str(answer.answer_id))

    async def settlement(self, begins_at: datetime, ends_at: datetime, *, ordered: str | None) -> SettlementFile | SettlementOrdered:  # noqa: ARG002
        """Never called: what it pays out is not read here."""
        raise GatewayError("Stripe makes no reports here.", kind="unsupported")

    async def check(self) -> None:
        """Ask for the balance: wrong keys are refused, and restricted ones that may not read what is needed."""
        balance = decode(await self._call("GET", "/v1/balance"), _balance_decoder)
        if balance.livemode is not self._access.is_live:
            raise GatewayError("The key is of one mode and its account answers in the other.", kind="auth_config")

    def verify_callback(self, notice: Notice, *, now: datetime) -> Verdict:
        """By the endpoint's secret; without one nothing is believed, and payments are found by asking."""
        return verdict_of(notice, self._access.webhook_secrets, is_live=self._access.is_live, now=now)

    def parse_callback(self, notice: Notice) -> Callback:
        """An event says which payment to look at."""
        return parse(notice)

    async def _sessions_of(self, reference: str) -> list[Session]:
        """The sessions of an attempt, newest first; none where they were not opened when the attempt was made."""
        made_at = _made_at(reference)
        if made_at is None:
            return []
        for seconds in LOOKED_AROUND_SECONDS:
            found = await self._sessions_between(made_at - seconds, made_at + seconds, reference)
            if found:
                return found
        return []

    async def _sessions_between(self, since: int, until: int, reference: str) -> list[Session]:
        """As they are, unexpanded: most are of other attempts."""
        query = {"created[gte]": str(since), "created[lte]": str(until), "limit": str(PAGE_LENGTH)}
        for _ in range(PAGES_MAX):
            page = decode(await self._call("GET", "/v1/checkout/sessions", query=query), _sessions_decoder)
            found = [session for session in page.data if session.client_reference_id == reference]
            if found or not page.has_more or not page.data:
                return found
            query = {**query, "starting_after": page.data[-1].id}
        return []

    async def _session_payment(self, session: Session) -> GatewayPayment | None:
        if isinstance(session.payment_intent, Intent):
            return await self._with_disputes(session.payment_intent)
        if session.payment_intent is not None:
            return await self._intent_payment(session.payment_intent)
        return payment_of_session(session)

    async def _settle(self, payment: GatewayPayment, act: Literal["capture", "cancel"]) -> GatewayPayment:
        path = f"/v1/payment_intents/{_as_path(payment.provider_payment_id)}/{act}"
        try:
            await self._call("POST", path, form={})
        except GatewayError as error:
            if error.kind == "invalid_request":
                raise GatewayError(str(error), kind="declined", code=error.code) from error
            raise
        after = await self._intent_payment(payment.provider_payment_id)
        assert after is not None, "somebody has paid on it"
        return after

    async def _intent_payment(self, intent_id: str) -> GatewayPayment | None:
        answer = await self._call("GET", f"/v1/payment_intents/{_as_path(intent_id)}", query={"expand[0]": _EXPANDED_CHARGE})
        return await self._with_disputes(decode(answer, _intent_decoder))

    async def _with_disputes(self, intent: Intent) -> GatewayPayment | None:
        """A charge says that it was disputed, and not how that ended."""
        disputes: Sequence[Dispute] = ()
        if isinstance(intent.latest_charge, Charge) and intent.latest_charge.disputed:
            query = {"payment_intent": intent.id, "limit": str(PAGE_LENGTH)}
            disputes = decode(await self._call("GET", "/v1/disputes", query=query), _disputes_decoder).data
        return payment_of(intent, disputes)

    async def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        key: str | None = None,
    ) -> httpx.Response:
        headers = self._headers if key is None else {**self._headers, "idempotency-key": key}
        return await call(self._client, method, self._base_url + path, headers=headers, query=query, form=form, kinds=_ERROR_KINDS)


def _session_form(creation: Creation, access: Access) -> dict[str, str]:
    """What is sold, line by line; our attempt's id in each place where Stripe keeps one."""
    reference = str(creation.attempt_id)
    form = {
        "mode": "payment",
        **_line_items(creation),
        "client_reference_id": reference,
        f"metadata[{ATTEMPT_KEY}]": reference,
        f"payment_intent_data[metadata][{ATTEMPT_KEY}]": reference,
        "success_url": creation.return_url,
        "cancel_url": creation.return_url,
        "expires_at": str(int(creation.expires_at.timestamp())),
        "locale": access.locale,
    }
    if access.is_in_two_steps:
        form["payment_intent_data[capture_method]"] = "manual"
    if access.takes_cards_only:
        form["payment_method_types[0]"] = "card"
    if creation.payer_email is not None:
        form["customer_email"] = creation.payer_email
    return form


def _line_items(creation: Creation) -> dict[str, str]:
    form: dict[str, str] = {}
    for number, item in enumerate(items_of(creation, items_max=LINE_ITEMS_MAX)):
        line = f"line_items[{number}]"
        form |= {
            f"{line}[quantity]": str(item.quantity),
            f"{line}[price_data][currency]": item.unit.currency.lower(),
            f"{line}[price_data][unit_amount]": str(to_stripe(item.unit)),
            f"{line}[price_data][product_data][name]": item.name[:NAME_LENGTH_MAX],
        }
    return form


def _made_at(reference: str) -> int | None:
    """When an attempt was made, from its id (UUIDv7: milliseconds in its first 48 bits); None for what is no such id."""
    try:
        id_ = UUID(reference)
    except ValueError:
        return None
    return (id_.int >> 80) // 1000 if id_.version == 7 else None


def _as_path(id_: str) -> str:
    """An id as part of a path. Raises `GatewayError` of kind "not_found" for what cannot be one."""
    if re.fullmatch(r"[A-Za-z0-9_]{1,255}", id_) is None:
        raise GatewayError("Stripe has nothing of such an id.", kind="not_found")
    return id_
