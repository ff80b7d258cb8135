"""The switchboard for tests and demonstrations. No password, hence from this machine only."""

from typing import Any

import msgspec
from litestar import Request, Response, Router, delete, get, post, put
from litestar.response import Redirect

from simulators.chassis.faults import Faults
from simulators.chassis.guards import from_this_machine
from simulators.chassis.reading import from_json
from simulators.payway.cards import CARDS, REASONS
from simulators.payway.dials import Dials
from simulators.payway.errors import Failed
from simulators.payway.gateway import Gateway
from simulators.payway.html import html
from simulators.payway.rules import ACTS, Act, Payment
from simulators.payway.settlement import Difference, settlement_of
from simulators.payway.sites import Site

__all__ = ["router"]

AnyRequest = Request[Any, Any, Any]


class ActBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`POST /admin/payments/{id}`."""

    act: Act


def router() -> Router:
    """Faults, dials, how sites are configured, later changes of payments, settlements."""
    handlers = [
        overview,
        show_faults,
        set_faults,
        clear_faults,
        show_dials,
        set_dials,
        clear_dials,
        show_site,
        set_site,
        close_site,
        act_on_payment,
        act_by_form,
        settlement,
    ]
    return Router("/admin", route_handlers=handlers, guards=[from_this_machine])


@get("/", sync_to_thread=False)
def overview(gateway: Gateway) -> Response[str]:
    return html(
        "admin.html",
        payments=gateway.payments.latest(50),
        charged_back=gateway.payments.charged_back(),
        acts=ACTS,
        cards=CARDS,
        reasons=REASONS,
        faults=gateway.switch.now,
        dials=gateway.switchboard.now,
    )


@get("/faults", sync_to_thread=False)
def show_faults(gateway: Gateway) -> Faults:
    return gateway.switch.now


@put("/faults")
async def set_faults(request: AnyRequest, gateway: Gateway) -> Faults:
    gateway.switch.set(await _body(request, Faults))
    return gateway.switch.now


@delete("/faults", status_code=200, sync_to_thread=False)
def clear_faults(gateway: Gateway) -> Faults:
    gateway.switch.set(Faults())
    return gateway.switch.now


@get("/dials", sync_to_thread=False)
def show_dials(gateway: Gateway) -> Dials:
    return gateway.switchboard.now


@put("/dials")
async def set_dials(request: AnyRequest, gateway: Gateway) -> Dials:
    gateway.switchboard.set(await _body(request, Dials))
    return gateway.switchboard.now


@delete("/dials", status_code=200, sync_to_thread=False)
def clear_dials(gateway: Gateway) -> Dials:
    gateway.switchboard.set(Dials())
    return gateway.switchboard.now


@get("/sites/{site:str}", sync_to_thread=False)
def show_site(site: str, gateway: Gateway) -> Site:
    return gateway.sites.find(site)


@put("/sites/{site:str}")
async def set_site(request: AnyRequest, site: str, gateway: Gateway) -> Site:
    gateway.sites.set(site, await _body(request, Site))
    return gateway.sites.find(site)


@post("/sites/{site:str}/close", status_code=200, sync_to_thread=False)
def close_site(site: str, gateway: Gateway) -> dict[str, int]:
    """The nightly close of every payment method's batch."""
    return {"closed": gateway.payments.close_batch(site, None)}


@post("/payments/{payment_id:int}", status_code=200)
async def act_on_payment(request: AnyRequest, payment_id: int, gateway: Gateway) -> Payment:
    return gateway.payments.act(payment_id, (await _body(request, ActBody)).act)


@post("/payments/{payment_id:int}/form")
async def act_by_form(request: AnyRequest, payment_id: int, gateway: Gateway) -> Redirect:
    form = {name: str(value) for name, value in (await request.form()).items()}
    gateway.payments.act(payment_id, msgspec.convert(form, ActBody).act)
    return Redirect("/admin", status_code=303)


@get("/sites/{site:str}/settlement.csv", sync_to_thread=False)
def settlement(request: AnyRequest, site: str, gateway: Gateway) -> Response[str]:
    """`?difference=amount&difference=missing` makes it differ from what was charged."""
    try:
        differences = msgspec.convert(request.query_params.getall("difference", []), list[Difference])
    except msgspec.ValidationError as fault:
        raise Failed(400, {"message": str(fault)}) from None
    text = settlement_of(site, gateway.payments, gateway.refunds, differences=differences)
    headers = {"content-disposition": f'attachment; filename="liquidacion-{site}.csv"'}
    return Response(text, media_type="text/csv", headers=headers)


async def _body(request: AnyRequest, kind: type[Any]) -> Any:
    return from_json(await request.body(), request.headers.get("content-type", ""), kind)
