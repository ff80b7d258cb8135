"""The switchboard for tests and demonstrations. No password, hence from this machine only."""

from typing import Annotated, Any

from litestar import Request, Response, Router, delete, get, post, put
from litestar.response import Redirect
from msgspec import Meta, Struct

from simulators.chassis.faults import Faults
from simulators.chassis.guards import from_this_machine
from simulators.chassis.outgoing import CallbackReport
from simulators.chassis.reading import from_json, from_texts
from simulators.mercadopago.api import answer
from simulators.mercadopago.documents import payment as payment_document
from simulators.mercadopago.forms import ChangeForm
from simulators.mercadopago.gateway import Gateway
from simulators.mercadopago.html import html
from simulators.mercadopago.outage import Outage
from simulators.mercadopago.reports import Differences, Making
from simulators.mercadopago.rules import moves_of

__all__ = ["router"]

AnyRequest = Request[Any, Any, Any]


class Balance(Struct, forbid_unknown_fields=True, frozen=True):
    """What a seller has that refunds can come from; null: enough."""

    user_id: int
    available_minor: Annotated[int, Meta(ge=0)] | None = None


class Deauthorization(Struct, forbid_unknown_fields=True, frozen=True):
    """Which application loses which seller, and where that is told."""

    application: Annotated[str, Meta(pattern=r"^\d{8,20}\Z")]
    user_id: int
    notification_url: str | None = None


def router() -> Router:
    """Faults, later changes of payments, and what became of notices."""
    return Router(
        "/admin",
        route_handlers=[
            *(overview, show_faults, set_faults, clear_faults, set_outage, set_differences, set_balance, set_making),
            *(change_payment, change_payment_by_form, show_callbacks, deauthorize),
        ],
        guards=[from_this_machine],
    )


@get("/", sync_to_thread=False)
def overview(gateway: Gateway) -> Response[str]:
    payments = gateway.payments.latest(50)
    return html(
        "admin.html",
        payments=[(one, moves_of(one)) for one in payments],
        callbacks=gateway.outgoing.report(count_max=50),
        faults=gateway.switch.now,
        outage=gateway.outage.now,
        differences=gateway.reports.differences,
    )


@get("/faults", sync_to_thread=False)
def show_faults(gateway: Gateway) -> Faults:
    return gateway.switch.now


@put("/faults")
async def set_faults(request: AnyRequest, gateway: Gateway) -> Faults:
    gateway.switch.set(from_json(await request.body(), request.headers.get("content-type", ""), Faults))
    return gateway.switch.now


@delete("/faults", status_code=200, sync_to_thread=False)
def clear_faults(gateway: Gateway) -> Faults:
    """All is well again: faults, outage, differences and balances."""
    gateway.switch.set(Faults())
    gateway.outage.set(Outage())
    gateway.reports.differences = Differences()
    gateway.payments.available_minor.clear()
    gateway.reports.making = Making()
    return gateway.switch.now


@put("/outage")
async def set_outage(request: AnyRequest, gateway: Gateway) -> Outage:
    gateway.outage.set(from_json(await request.body(), request.headers.get("content-type", ""), Outage))
    return gateway.outage.now


@put("/balance")
async def set_balance(request: AnyRequest, gateway: Gateway) -> Balance:
    balance = from_json(await request.body(), request.headers.get("content-type", ""), Balance)
    gateway.payments.available_minor.pop(balance.user_id, None)
    if balance.available_minor is not None:
        gateway.payments.available_minor[balance.user_id] = balance.available_minor
    return balance


@put("/reports")
async def set_making(request: AnyRequest, gateway: Gateway) -> Making:
    gateway.reports.making = from_json(await request.body(), request.headers.get("content-type", ""), Making)
    return gateway.reports.making


@put("/differences")
async def set_differences(request: AnyRequest, gateway: Gateway) -> Differences:
    gateway.reports.differences = from_json(await request.body(), request.headers.get("content-type", ""), Differences)
    return gateway.reports.differences


@post("/payments/{payment_id:int}", status_code=200)
async def change_payment(request: AnyRequest, payment_id: int, gateway: Gateway) -> Response[bytes]:
    change = from_json(await request.body(), request.headers.get("content-type", ""), ChangeForm)
    changed = gateway.payments.change(payment_id, (change.status, change.status_detail), disputed_minor=change.amount_minor)
    return answer(payment_document(changed, gateway.payments.refunds_of(changed.id)))


@post("/payments/{payment_id:int}/form")
async def change_payment_by_form(request: AnyRequest, payment_id: int, gateway: Gateway) -> Redirect:
    status, _, detail = str((await request.form()).get("state", "")).partition("/")
    change = from_texts({"status": status, "status_detail": detail}, ChangeForm)
    gateway.payments.change(payment_id, (change.status, change.status_detail))
    return Redirect("/admin", status_code=303)


@get("/callbacks", sync_to_thread=False)
def show_callbacks(request: AnyRequest, gateway: Gateway) -> dict[str, list[CallbackReport]]:
    query = {name: str(value) for name, value in request.query_params.items()}
    reports = gateway.outgoing.report(payment=query.get("payment"), reference=query.get("reference"), state=query.get("state"))
    return {"callbacks": reports}


@post("/deauthorize", status_code=200)
async def deauthorize(request: AnyRequest, gateway: Gateway) -> dict[str, int]:
    """A seller takes an application's permission away: its tokens end, and it is told."""
    one = from_json(await request.body(), request.headers.get("content-type", ""), Deauthorization)
    ended = gateway.oauth.revoke(one.application, one.user_id)
    if one.notification_url is not None:
        gateway.settings.require_allowed("notification_url", one.notification_url)
        gateway.notices.deauthorized(one.notification_url, one.user_id, one.application)
        gateway.outgoing.wake()
    return {"tokens": ended}
