"""The switchboard for tests and demonstrations. No password, hence from this machine only."""

from typing import Any

from litestar import Request, Response, Router, delete, get, post, put
from litestar.response import Redirect

from simulators.chassis.faults import Faults
from simulators.chassis.guards import from_this_machine
from simulators.chassis.outgoing import CallbackReport
from simulators.chassis.reading import from_json, from_texts
from simulators.sandbox.api import the_query
from simulators.sandbox.gateway import Gateway
from simulators.sandbox.html import html
from simulators.sandbox.rules import MOVES, Payment
from simulators.sandbox.wire import ChangeBody

__all__ = ["router"]

AnyRequest = Request[Any, Any, Any]


def router() -> Router:
    """Faults, later changes of payments, and what became of callbacks."""
    return Router(
        "/admin",
        route_handlers=[overview, show_faults, set_faults, clear_faults, change_payment, change_payment_by_form, show_callbacks],
        guards=[from_this_machine],
    )


@get("/", sync_to_thread=False)
def overview(gateway: Gateway) -> Response[str]:
    return html(
        "admin.html",
        payments=gateway.payments.latest(50),
        callbacks=gateway.outgoing.report(count_max=50),
        faults=gateway.switch.now,
        moves={status: sorted(moves) for status, moves in MOVES.items()},
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
    gateway.switch.set(Faults())
    return gateway.switch.now


@post("/payments/{payment_id:str}", status_code=200)
async def change_payment(request: AnyRequest, payment_id: str, gateway: Gateway) -> Payment:
    change = from_json(await request.body(), request.headers.get("content-type", ""), ChangeBody)
    return gateway.payments.change(payment_id, change.status, change.reason)


@post("/payments/{payment_id:str}/form")
async def change_payment_by_form(request: AnyRequest, payment_id: str, gateway: Gateway) -> Redirect:
    change = from_texts({name: str(value) for name, value in (await request.form()).items()}, ChangeBody)
    gateway.payments.change(payment_id, change.status, change.reason)
    return Redirect("/admin", status_code=303)


@get("/callbacks", sync_to_thread=False)
def show_callbacks(request: AnyRequest, gateway: Gateway) -> dict[str, list[CallbackReport]]:
    query = the_query(request, optional=frozenset({"payment", "reference", "state"}))
    reports = gateway.outgoing.report(payment=query.get("payment"), reference=query.get("reference"), state=query.get("state"))
    return {"callbacks": reports}
