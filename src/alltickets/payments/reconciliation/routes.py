"""HTTP of reconciliation, under the organizer's gateway accounts."""

from datetime import UTC, date, datetime, time
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Router, get, post
from litestar.di import Provide
from litestar.params import QueryParameter

from alltickets.identity.interface import Actor, Permission, allow
from alltickets.payments.reconciliation.layouts import LAYOUTS, Layout
from alltickets.payments.reconciliation.rules import LineState
from alltickets.payments.reconciliation.schemas import (
    ReportRead,
    ReportSummary,
    SettlementAct,
    SettlementLineRead,
    UnsettledChargeRead,
    key_of,
    line_read,
)
from alltickets.payments.refusals import SettlementLineNotFound, SettlementUnreadable
from alltickets.payments.service.reconciliation import REPORT_BYTES_MAX, Reconciliation
from alltickets.platform.http.paging import CursorParameter, SizeParameter
from alltickets.platform.paging import Page

__all__ = ["router"]

LayoutName = Annotated[str, QueryParameter(description=f"one of {', '.join(LAYOUTS)}", max_length=40)]
OwnLayout = Annotated[str | None, QueryParameter(description="a layout of your own as JSON, in the place of `layout`", max_length=8_000)]
ReportName = Annotated[str, QueryParameter(description="what you call the report, e.g. its file's name", min_length=1, max_length=120)]


def router(reconciliation: Reconciliation) -> Router:
    """The organizer's routes, under /api/organizer/payments."""

    def provide() -> Reconciliation:
        return reconciliation

    return Router(
        path="/api/organizer/payments",
        route_handlers=[import_report, list_reports, read_report, list_lines, settle_line, list_unsettled],
        dependencies={"reconciliation": Provide(provide, sync_to_thread=False)},
        tags=["payments"],
    )


@post(
    "/accounts/{account_id:uuid}/settlements",
    operation_id="importSettlement",
    guards=[allow(Permission.PAYMENTS_WRITE)],
    request_max_body_size=REPORT_BYTES_MAX,
)
async def import_report(
    account_id: UUID,
    request: Request[Any, Any, Any],
    actor: Actor,
    reconciliation: Reconciliation,
    name: ReportName,
    layout: LayoutName = "generic",
    own_layout: OwnLayout = None,
) -> ReportRead:
    """Take a settlement report in: the CSV file is the body, of at most 64 MiB. Lines that were imported before are passed over."""
    report = await reconciliation.take_in(actor, account_id, name, _layout_of(layout, own_layout), request.stream())
    return msgspec.convert(report, ReportRead, from_attributes=True)


@get("/accounts/{account_id:uuid}/settlements", operation_id="listSettlements", guards=[allow(Permission.PAYMENTS_READ)])
async def list_reports(
    account_id: UUID, actor: Actor, reconciliation: Reconciliation, cursor: CursorParameter = None, size: SizeParameter = 50
) -> Page[ReportSummary]:
    """The reports of an account, newest first."""
    page = await reconciliation.reports(actor, account_id, cursor=cursor, size=size)
    return Page([msgspec.convert(one, ReportSummary, from_attributes=True) for one in page.items], page.next)


@get("/settlements/{report_id:uuid}", operation_id="readSettlement", guards=[allow(Permission.PAYMENTS_READ)])
async def read_report(report_id: UUID, actor: Actor, reconciliation: Reconciliation) -> ReportRead:
    """A report with its lines by state."""
    return msgspec.convert(await reconciliation.report(actor, report_id), ReportRead, from_attributes=True)


@get("/settlements/{report_id:uuid}/lines", operation_id="listSettlementLines", guards=[allow(Permission.PAYMENTS_READ)])
async def list_lines(
    report_id: UUID,
    actor: Actor,
    reconciliation: Reconciliation,
    line_state: LineState | None = None,
    cursor: CursorParameter = None,
    size: SizeParameter = 50,
) -> Page[SettlementLineRead]:
    """The lines of a report in the order of the file, all or those that stand so."""
    page = await reconciliation.lines(actor, report_id, state=line_state, cursor=cursor, size=size)
    return Page([line_read(one) for one in page.items], page.next)


@post(
    "/accounts/{account_id:uuid}/settlement-lines/{line_id:str}/act",
    operation_id="settleSettlementLine",
    status_code=200,
    guards=[allow(Permission.PAYMENTS_WRITE)],
)
async def settle_line(
    account_id: UUID, line_id: str, data: SettlementAct, actor: Actor, reconciliation: Reconciliation
) -> SettlementLineRead:
    """Do what is proposed for a line, or put it aside with a note."""
    key = key_of(line_id)
    if key is None:
        raise SettlementLineNotFound
    return line_read(await reconciliation.settle(actor, account_id, key, act=data.act, note=data.note))


@get("/accounts/{account_id:uuid}/unsettled", operation_id="listUnsettledCharges", guards=[allow(Permission.PAYMENTS_READ)])
async def list_unsettled(
    account_id: UUID,
    actor: Actor,
    reconciliation: Reconciliation,
    until: Annotated[date, QueryParameter(description="charges of before this day, which begins at midnight UTC")],
    cursor: CursorParameter = None,
    size: SizeParameter = 50,
) -> Page[UnsettledChargeRead]:
    """Money of before a day that no report has a line of: what the gateway may owe, oldest first."""
    page = await reconciliation.unsettled(actor, account_id, until=datetime.combine(until, time(), UTC), cursor=cursor, size=size)
    return Page([msgspec.convert(one, UnsettledChargeRead, from_attributes=True) for one in page.items], page.next)


def _layout_of(name: str, own: str | None) -> Layout:
    if own is not None:
        try:
            return msgspec.json.decode(own, type=Layout)
        except msgspec.MsgspecError as fault:
            raise SettlementUnreadable(f"The layout is none: {fault}.") from fault
    if name not in LAYOUTS:
        raise SettlementUnreadable(f"There is no layout {name!r}; there are {', '.join(LAYOUTS)}.")
    return LAYOUTS[name]
