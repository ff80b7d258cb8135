"""The switchboard for tests and demonstrations. No password, hence from this machine only."""

from typing import Annotated, Any, Literal, TypeVar

from litestar import Request, Response, Router, delete, get, post, put
from litestar.response import Redirect
from msgspec import Meta, Struct, ValidationError, convert

from simulators.chassis.errors import Refused, invalid
from simulators.chassis.faults import Faults
from simulators.chassis.guards import from_this_machine
from simulators.chassis.outgoing import CallbackReport
from simulators.chassis.reading import from_json, from_texts
from simulators.stripe.behaviour import Behaviour
from simulators.stripe.disputes import MOVES, DisputeStatus
from simulators.stripe.documents import Document, shown
from simulators.stripe.gateway import Gateway
from simulators.stripe.html import html
from simulators.stripe.report import Difference, report_of

__all__ = ["router"]

AnyRequest = Request[Any, Any, Any]
Body = TypeVar("Body", bound=Struct)
Id = Annotated[str, Meta(min_length=1, max_length=255)]


class OpenDispute(Struct, forbid_unknown_fields=True):
    """The buyer goes to their bank. An inquiry takes no money yet."""

    payment_intent: Id
    reason: Literal["fraudulent", "product_not_received", "duplicate", "general"] = "fraudulent"
    is_inquiry: bool = False
    amount: Annotated[int, Meta(ge=1)] | None = None
    """For a part of it."""


class DecideDispute(Struct, forbid_unknown_fields=True):
    """What the bank decides."""

    status: DisputeStatus


class DecideIntent(Struct, forbid_unknown_fields=True):
    """What the bank says of a payment that is processing."""

    outcome: Literal["succeeds", "fails"]


class GiveBack(Struct, forbid_unknown_fields=True):
    """A refund made on Stripe's own pages."""

    payment_intent: Id
    amount: Annotated[int, Meta(ge=1)] | None = None


class DecideRefund(Struct, forbid_unknown_fields=True):
    """What becomes of a refund later."""

    outcome: Literal["fails", "succeeds", "cancels"]


class PayOut(Struct, forbid_unknown_fields=True):
    """Pay out what is available."""

    account: Id
    is_live: bool = False


def router() -> Router:
    """Faults, behaviour, what happens later, and what became of notices."""
    return Router(
        "/admin",
        route_handlers=[
            overview,
            show_faults,
            set_faults,
            clear_faults,
            show_behaviour,
            set_behaviour,
            clear_behaviour,
            open_dispute,
            decide_dispute,
            decide_intent,
            give_back,
            decide_refund,
            pay_out,
            balance_report,
            roll_secret,
            show_callbacks,
        ],
        guards=[from_this_machine],
    )


@get("/", sync_to_thread=False)
def overview(gateway: Gateway) -> Response[str]:
    return html(
        "admin.html",
        intents=gateway.documents.latest("payment_intent", 50),
        disputes=gateway.documents.latest("dispute", 50),
        refunds=gateway.documents.latest("refund", 50),
        endpoints=gateway.documents.latest("webhook_endpoint", 50),
        callbacks=gateway.outgoing.report(count_max=50),
        faults=gateway.switch.now,
        behaviour=gateway.behaviours.now,
        moves=MOVES,
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


@get("/behaviour", sync_to_thread=False)
def show_behaviour(gateway: Gateway) -> Behaviour:
    return gateway.behaviours.now


@put("/behaviour")
async def set_behaviour(request: AnyRequest, gateway: Gateway) -> Behaviour:
    gateway.behaviours.set(await _body(request, Behaviour))
    # The clock may have been turned: something may be due now.
    gateway.outgoing.wake()
    return gateway.behaviours.now


@delete("/behaviour", status_code=200, sync_to_thread=False)
def clear_behaviour(gateway: Gateway) -> Behaviour:
    gateway.behaviours.set(Behaviour())
    gateway.outgoing.wake()
    return gateway.behaviours.now


@post("/disputes", status_code=200)
async def open_dispute(request: AnyRequest, gateway: Gateway) -> Response[Any]:
    wish = await _body(request, OpenDispute)
    with gateway.database.transaction():
        dispute = gateway.disputes.open_by_hand(wish.payment_intent, reason=wish.reason, is_inquiry=wish.is_inquiry, amount=wish.amount)
    return _done(request, gateway, dispute)


@post("/disputes/{dispute_id:str}", status_code=200)
async def decide_dispute(request: AnyRequest, dispute_id: str, gateway: Gateway) -> Response[Any]:
    wish = await _body(request, DecideDispute)
    with gateway.database.transaction():
        dispute = gateway.disputes.decide(dispute_id, wish.status)
    return _done(request, gateway, dispute)


@post("/intents/{intent_id:str}", status_code=200)
async def decide_intent(request: AnyRequest, intent_id: str, gateway: Gateway) -> Response[Any]:
    wish = await _body(request, DecideIntent)
    with gateway.database.transaction():
        intent = gateway.paying.decide_later(intent_id, succeeds=wish.outcome == "succeeds")
    return _done(request, gateway, intent)


@post("/refunds", status_code=200)
async def give_back(request: AnyRequest, gateway: Gateway) -> Response[Any]:
    wish = await _body(request, GiveBack)
    found = gateway.documents.anyones(wish.payment_intent)
    if found is None:
        raise Refused(404, "not_found", f"There is no payment intent {wish.payment_intent}.")
    params: dict[str, Any] = {"payment_intent": wish.payment_intent}
    if wish.amount is not None:
        params["amount"] = wish.amount
    with gateway.database.transaction():
        refund = gateway.refunds.create(found[0], params)
    return _done(request, gateway, refund)


@post("/refunds/{refund_id:str}", status_code=200)
async def decide_refund(request: AnyRequest, refund_id: str, gateway: Gateway) -> Response[Any]:
    wish = await _body(request, DecideRefund)
    with gateway.database.transaction():
        refund = gateway.refunds.decide_later(refund_id, wish.outcome)
    return _done(request, gateway, refund)


@post("/payouts", status_code=200)
async def pay_out(request: AnyRequest, gateway: Gateway) -> Response[Any]:
    wish = await _body(request, PayOut)
    with gateway.database.transaction():
        payouts = gateway.balance.pay_out(f"{wish.account}/{'live' if wish.is_live else 'test'}")
    return _done(request, gateway, {"id": "payouts", "object": "list", "data": payouts})


@get("/accounts/{account:str}/balance.csv", sync_to_thread=False)
def balance_report(request: AnyRequest, account: str, gateway: Gateway) -> Response[str]:
    """`?difference=amount&difference=missing` makes it differ from what moved."""
    try:
        differences = convert(request.query_params.getall("difference", []), list[Difference])
    except ValidationError as fault:
        raise invalid(str(fault)) from None
    text = report_of(gateway.documents, f"{account}/test", differences=differences)
    headers = {"content-disposition": f'attachment; filename="balance-{account}.csv"'}
    return Response(text, media_type="text/csv", headers=headers)


@post("/endpoints/{endpoint_id:str}/roll", status_code=200, sync_to_thread=False)
def roll_secret(request: AnyRequest, endpoint_id: str, gateway: Gateway) -> Response[Any]:
    with gateway.database.transaction():
        secret = gateway.endpoints.roll(endpoint_id)
    return _done(request, gateway, {"id": endpoint_id, "secret": secret})


@get("/callbacks", sync_to_thread=False)
def show_callbacks(request: AnyRequest, gateway: Gateway) -> dict[str, list[CallbackReport]]:
    query = {name: str(value) for name, value in request.query_params.multi_items()}
    if unknown := sorted(query.keys() - {"payment", "reference", "state"}):
        raise invalid(f"Unknown query field {unknown[0]}.")
    reports = gateway.outgoing.report(payment=query.get("payment"), reference=query.get("reference"), state=query.get("state"))
    return {"callbacks": reports}


async def _body(request: AnyRequest, kind: type[Body]) -> Body:
    """The body as a program sends it, or as the page's form does."""
    content_type = request.headers.get("content-type", "")
    if content_type.startswith("application/x-www-form-urlencoded"):
        return from_texts({name: str(value) for name, value in (await request.form()).items() if value}, kind)
    return from_json(await request.body(), content_type, kind)


def _done(request: AnyRequest, gateway: Gateway, document: Document) -> Response[Any]:
    """What was changed, to a program; back to the page, for a person."""
    gateway.outgoing.wake()
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return Redirect("/admin", status_code=303)
    return Response(shown(document))
