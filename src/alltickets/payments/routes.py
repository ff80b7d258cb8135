"""HTTP of payments: the organizer's gateway accounts and payments, and the door at which gateways call back."""

from datetime import UTC, date, datetime, time
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Router, get, patch, post, put
from litestar.di import Provide
from litestar.params import QueryParameter

from alltickets.identity.interface import Actor, Permission, allow, allow_anyone
from alltickets.payments.listing import InState, PaymentFilter
from alltickets.payments.port import Notice
from alltickets.payments.schemas import (
    CallbackRead,
    GatewayAccountCheckRead,
    GatewayAccountRead,
    GatewayAccountSwitch,
    GatewayAccountWrite,
    LedgerBalanceRead,
    LedgerPostingRead,
    PaymentRead,
    PaymentSummaryRead,
    PostingOfBooksRead,
    RefundRetriedRead,
)
from alltickets.payments.service import Payments
from alltickets.platform.http.paging import CursorParameter, SizeParameter
from alltickets.platform.paging import Page

__all__ = ["callback_router", "organizer_router"]

Since = Annotated[date | None, QueryParameter(description="from this day on, which begins at midnight UTC")]
Until = Annotated[date | None, QueryParameter(description="of before this day, which begins at midnight UTC")]
StateFilter = Annotated[InState | None, QueryParameter(description="only those in this state, or those that somebody has to look at")]
AccountFilter = Annotated[UUID | None, QueryParameter(description="only those paid, or tried last, at this gateway account")]
BooksFilter = Annotated[
    str | None,
    QueryParameter(
        description="only what moves this account, or an account of this word", max_length=100, pattern=r"^[a-z_]+(:[^\x00-\x1f\x7f]*)?$"
    ),
]


def organizer_router(payments: Payments) -> Router:
    """The organizer's routes, under /api/organizer/payments."""
    return Router(
        path="/api/organizer/payments",
        route_handlers=[
            list_accounts,
            connect_account,
            replace_account,
            switch_account,
            check_account,
            list_balances,
            list_all_postings,
            list_payments,
            read_payment,
            list_postings,
            retry_refund,
        ],
        dependencies=_dependencies(payments),
        tags=["payments"],
    )


def callback_router(payments: Payments) -> Router:
    """The gateways' route, under /api/payments. The hot lane serves its twin."""
    return Router(path="/api/payments", route_handlers=[receive_callback], dependencies=_dependencies(payments), tags=["payments"])


@get("/accounts", operation_id="listGatewayAccounts", guards=[allow(Permission.PAYMENTS_READ)])
async def list_accounts(actor: Actor, payments: Payments) -> list[GatewayAccountRead]:
    """The organizer's gateway accounts, first choice first."""
    return msgspec.convert(await payments.accounts.all_of(actor.organizer_id), list[GatewayAccountRead], from_attributes=True)


@post("/accounts", operation_id="connectGatewayAccount", guards=[allow(Permission.PAYMENTS_WRITE)])
async def connect_account(data: GatewayAccountWrite, actor: Actor, payments: Payments) -> GatewayAccountRead:
    """Connect an account; it takes payments from now on."""
    account = await payments.accounts.connect(
        actor, data.gateway, label=data.label, currency=data.currency, settings=data.settings, credentials=data.credentials
    )
    return msgspec.convert(account, GatewayAccountRead, from_attributes=True)


@put("/accounts/{account_id:uuid}", operation_id="replaceGatewayAccount", guards=[allow(Permission.PAYMENTS_WRITE)])
async def replace_account(account_id: UUID, data: GatewayAccountWrite, actor: Actor, payments: Payments) -> GatewayAccountRead:
    """Replace an account's settings and credentials; its gateway stays."""
    account = await payments.accounts.connect(
        actor,
        data.gateway,
        label=data.label,
        currency=data.currency,
        settings=data.settings,
        credentials=data.credentials,
        account_id=account_id,
    )
    return msgspec.convert(account, GatewayAccountRead, from_attributes=True)


@patch("/accounts/{account_id:uuid}", operation_id="switchGatewayAccount", guards=[allow(Permission.PAYMENTS_WRITE)])
async def switch_account(account_id: UUID, data: GatewayAccountSwitch, actor: Actor, payments: Payments) -> GatewayAccountRead:
    """Let an account take new payments, or not."""
    account = await payments.accounts.switch(actor, account_id, is_enabled=data.is_enabled)
    return msgspec.convert(account, GatewayAccountRead, from_attributes=True)


@post("/accounts/{account_id:uuid}/check", operation_id="checkGatewayAccount", status_code=200, guards=[allow(Permission.PAYMENTS_WRITE)])
async def check_account(account_id: UUID, actor: Actor, payments: Payments) -> GatewayAccountCheckRead:
    """Ask the gateway whether it accepts the account."""
    result = await payments.accounts.check(actor.organizer_id, account_id)
    return msgspec.convert(result, GatewayAccountCheckRead, from_attributes=True)


@get("/", operation_id="listPayments", guards=[allow(Permission.PAYMENTS_READ)])
async def list_payments(
    actor: Actor,
    payments: Payments,
    in_state: StateFilter = None,
    account_id: AccountFilter = None,
    since: Since = None,
    until: Until = None,
    cursor: CursorParameter = None,
    size: SizeParameter = 50,
) -> Page[PaymentSummaryRead]:
    """Payments, newest first."""
    wanted = PaymentFilter(in_state=in_state, account_id=account_id, since=_midnight(since), until=_midnight(until))
    page = await payments.page(actor.organizer_id, wanted, cursor=cursor, size=size)
    return Page(msgspec.convert(page.items, list[PaymentSummaryRead], from_attributes=True), page.next)


@get("/{reference:uuid}", operation_id="readPayment", guards=[allow(Permission.PAYMENTS_READ)])
async def read_payment(reference: UUID, actor: Actor, payments: Payments) -> PaymentRead:
    """The payment of a reference (an order's id) with its attempts, charges and refunds."""
    return msgspec.convert(await payments.details(actor.organizer_id, reference), PaymentRead, from_attributes=True)


@post("/refunds/{refund_id:uuid}/retry", operation_id="retryRefund", status_code=200, guards=[allow(Permission.ORDERS_REFUND)])
async def retry_refund(refund_id: UUID, actor: Actor, payments: Payments) -> RefundRetriedRead:
    """Have a refund that its gateway refused made again, under a new id; or one that is not over asked about now. Twice is once."""
    return RefundRetriedRead(refund_id=await payments.refunds.make_again_for(actor, refund_id))


@get("/balances", operation_id="listLedgerBalances", guards=[allow(Permission.PAYMENTS_READ)])
async def list_balances(actor: Actor, payments: Payments) -> list[LedgerBalanceRead]:
    """The balances of the organizer's books, by account and currency."""
    return msgspec.convert(await payments.ledger.balances(actor.organizer_id), list[LedgerBalanceRead], from_attributes=True)


@get("/postings", operation_id="listAllLedgerPostings", guards=[allow(Permission.PAYMENTS_READ)])
async def list_all_postings(
    actor: Actor,
    payments: Payments,
    account: BooksFilter = None,
    since: Since = None,
    until: Until = None,
    cursor: CursorParameter = None,
    size: SizeParameter = 50,
) -> Page[PostingOfBooksRead]:
    """What was posted to the organizer's books, the newest fact first: also settlements, payouts and taxes, which are of no payment."""
    page = await payments.ledger.all_postings(
        actor.organizer_id, account=account, since=_midnight(since), until=_midnight(until), cursor=cursor, size=size
    )
    return Page(msgspec.convert(page.items, list[PostingOfBooksRead], from_attributes=True), page.next)


@get("/{reference:uuid}/postings", operation_id="listLedgerPostings", guards=[allow(Permission.PAYMENTS_READ)])
async def list_postings(
    reference: UUID, actor: Actor, payments: Payments, cursor: CursorParameter = None, size: SizeParameter = 50
) -> Page[LedgerPostingRead]:
    """What was posted to the books of the payment of a reference (an order's id), in that order."""
    page = await payments.ledger.postings(actor.organizer_id, reference, cursor=cursor, size=size)
    return Page(msgspec.convert(page.items, list[LedgerPostingRead], from_attributes=True), page.next)


@post(
    "/callbacks/{gateway:str}/{account_id:uuid}",
    operation_id="receiveCallback",
    status_code=200,
    guards=[allow_anyone("the gateway's signature over the body is the credential")],
)
async def receive_callback(
    gateway: str, account_id: UUID, body: bytes, request: Request[Any, Any, Any], payments: Payments
) -> CallbackRead:
    """What a gateway tells us: verified, stored, answered; applied a moment later."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    query = request.scope["query_string"].decode("latin-1")
    await payments.inbox.receive(gateway, account_id, Notice(headers=headers, query=query, body=body))
    return CallbackRead(received=True)


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC)


def _dependencies(payments: Payments) -> dict[str, Provide]:
    def provide() -> Payments:
        return payments

    return {"payments": Provide(provide, sync_to_thread=False)}
