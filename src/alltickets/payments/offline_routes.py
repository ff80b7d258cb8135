"""HTTP of payments that people bring home: found, confirmed, given back, and read from a bank's statement."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, get, post, put
from litestar.di import Provide
from litestar.params import Parameter

from alltickets.identity.interface import Actor, Permission, allow
from alltickets.payments.awaited import AwaitedPayment
from alltickets.payments.codes import shown_code
from alltickets.payments.offline_schemas import (
    AwaitedPaymentRead,
    ConfirmationWrite,
    RefundByHandRead,
    RefundSettledWrite,
    StatementFaultRead,
    StatementLineRead,
    StatementRead,
)
from alltickets.payments.refunds.by_hand import RefundByHand
from alltickets.payments.service import Payments
from alltickets.payments.service.confirming import Seen
from alltickets.payments.service.statements import StatementResult
from alltickets.payments.statements.matching import ACTS, Outcome
from alltickets.payments.statements.reading import Layout
from alltickets.payments.statements.records import StatementLine
from alltickets.platform.paging import PAGE_SIZE_MAX, Page

__all__ = ["offline_router"]

STATEMENT_BYTES_MAX = 2 * 1024 * 1024
"""Some twenty thousand lines: a busy month of one account."""

PageSize = Annotated[int, Parameter(ge=1, le=PAGE_SIZE_MAX)]
Cursor = Annotated[str | None, Parameter(max_length=500)]
Search = Annotated[str | None, Parameter(max_length=40, description="a payment code, or the number of a purchase")]


def offline_router(payments: Payments) -> Router:
    """The organizer's routes, under /api/organizer/payments."""

    def provide() -> Payments:
        return payments

    return Router(
        path="/api/organizer/payments",
        route_handlers=[
            list_awaited_payments,
            confirm_payment,
            list_refunds_by_hand,
            settle_refund,
            read_statement_layout,
            put_statement_layout,
            preview_statement,
            import_statement,
            list_statement_lines,
        ],
        dependencies={"payments": Provide(provide, sync_to_thread=False)},
        tags=["payments"],
    )


@get("/awaited", operation_id="listAwaitedPayments", guards=[allow(Permission.PAYMENTS_READ)])
async def list_awaited_payments(
    actor: Actor, payments: Payments, search: Search = None, is_open: bool | None = None, cursor: Cursor = None, size: PageSize = 50
) -> Page[AwaitedPaymentRead]:
    """Payments by transfer and in cash, newest first; by code or number of the purchase, only those that wait, or all."""
    page = await payments.confirming.page(actor.organizer_id, search=search, is_open=is_open, cursor=cursor, size=size)
    return Page([_awaited_read(one) for one in page.items], page.next)


@post("/awaited/{attempt_id:uuid}/confirm", operation_id="confirmPayment", status_code=200, guards=[allow(Permission.PAYMENTS_WRITE)])
async def confirm_payment(attempt_id: UUID, data: ConfirmationWrite, actor: Actor, payments: Payments) -> AwaitedPaymentRead:
    """Say that the money is here: its order is paid a moment later. Said twice it is here once; it is undone only by giving it back."""
    seen = Seen(amount_minor=data.amount_minor, received_on=data.received_on, note=data.note)
    return _awaited_read(await payments.confirming.confirm(actor, attempt_id, seen))


@get("/refunds", operation_id="listRefundsByHand", guards=[allow(Permission.PAYMENTS_READ)])
async def list_refunds_by_hand(actor: Actor, payments: Payments, cursor: Cursor = None, size: PageSize = 50) -> Page[RefundByHandRead]:
    """Money that somebody has to give back by hand, newest first."""
    page = await payments.confirming.refunds_by_hand(actor.organizer_id, cursor=cursor, size=size)
    return Page([_refund_read(one) for one in page.items], page.next)


@post("/refunds/{refund_id:uuid}/settle", operation_id="settleRefund", status_code=200, guards=[allow(Permission.PAYMENTS_WRITE)])
async def settle_refund(refund_id: UUID, data: RefundSettledWrite, actor: Actor, payments: Payments) -> RefundByHandRead:
    """Say that the money went back by hand, and how."""
    return _refund_read(await payments.confirming.settle_refund(actor, refund_id, proof=data.proof))


@get("/accounts/{account_id:uuid}/statement-layout", operation_id="readStatementLayout", guards=[allow(Permission.PAYMENTS_READ)])
async def read_statement_layout(account_id: UUID, actor: Actor, payments: Payments) -> Layout:
    """How the bank writes the account's statements."""
    return await payments.statements.layout(actor.organizer_id, account_id)


@put("/accounts/{account_id:uuid}/statement-layout", operation_id="putStatementLayout", guards=[allow(Permission.PAYMENTS_WRITE)])
async def put_statement_layout(account_id: UUID, data: Layout, actor: Actor, payments: Payments) -> Layout:
    """Describe how the bank writes the account's statements: columns, separator, decimals, dates, encoding."""
    return await payments.statements.put_layout(actor, account_id, data)


@post(
    "/accounts/{account_id:uuid}/statements/preview",
    operation_id="previewStatement",
    status_code=200,
    guards=[allow(Permission.PAYMENTS_WRITE)],
    request_max_body_size=STATEMENT_BYTES_MAX,
)
async def preview_statement(account_id: UUID, body: bytes, actor: Actor, payments: Payments) -> StatementRead:
    """What importing a statement (CSV) would do; nothing is changed."""
    return _statement_read(await payments.statements.preview(actor.organizer_id, account_id, body))


@post(
    "/accounts/{account_id:uuid}/statements",
    operation_id="importStatement",
    status_code=200,
    guards=[allow(Permission.PAYMENTS_WRITE)],
    request_max_body_size=STATEMENT_BYTES_MAX,
)
async def import_statement(account_id: UUID, body: bytes, actor: Actor, payments: Payments) -> StatementRead:
    """Import a statement (CSV): what its lines pay is confirmed. Each line counts once, however often it is imported."""
    return _statement_read(await payments.statements.take(actor, account_id, body))


@get("/accounts/{account_id:uuid}/statement-lines", operation_id="listStatementLines", guards=[allow(Permission.PAYMENTS_READ)])
async def list_statement_lines(
    account_id: UUID, actor: Actor, payments: Payments, outcome: Outcome | None = None, cursor: Cursor = None, size: PageSize = 50
) -> Page[StatementLineRead]:
    """Imported lines of the account's statements, the newest day first."""
    page = await payments.statements.page(actor.organizer_id, account_id, outcome=outcome, cursor=cursor, size=size)
    return Page([_line_read(one) for one in page.items], page.next)


def _awaited_read(awaited: AwaitedPayment) -> AwaitedPaymentRead:
    return AwaitedPaymentRead(
        attempt_id=awaited.attempt_id,
        account_id=awaited.account_id,
        code=shown_code(awaited.code),
        number=awaited.number,
        reference=awaited.reference,
        amount_minor=awaited.amount_minor,
        currency=awaited.currency,
        status=awaited.status,
        expires_at=awaited.expires_at,
        created_at=awaited.created_at,
    )


def _refund_read(refund: RefundByHand) -> RefundByHandRead:
    return msgspec.convert(refund, RefundByHandRead, from_attributes=True)


def _statement_read(result: StatementResult) -> StatementRead:
    return StatementRead(
        counts={str(outcome): count for outcome, count in result.counts.items()},
        lines=[_line_read(line) for line in result.lines],
        faulty=result.faulty,
        faults=[StatementFaultRead(number=fault.number, reason=fault.reason) for fault in result.faults],
    )


def _line_read(line: StatementLine) -> StatementLineRead:
    return StatementLineRead(
        number=line.number,
        booked_on=line.booked_on,
        amount_minor=line.amount_minor,
        description=line.description,
        outcome=line.outcome,
        act=ACTS[line.outcome],
        is_mended=line.is_mended,
        attempt_id=line.attempt_id,
        code=None if line.code is None else shown_code(line.code),
    )
