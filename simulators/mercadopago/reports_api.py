"""The calls of the settlement report, under `/v1/account/settlement_report`."""

from litestar import Response, Router, get, post, put
from litestar.di import Provide

from simulators.mercadopago.api import AnyRequest, JsonAnswer, answer, authenticated
from simulators.mercadopago.codec import reading
from simulators.mercadopago.credentials import Seller
from simulators.mercadopago.gateway import Gateway

__all__ = ["router"]


def router() -> Router:
    """Configure, have made, look how far it is, fetch."""
    return Router(
        "/v1/account/settlement_report",
        route_handlers=[create_config, update_config, show_config, create, list_all, list_files, show_task, download],
        dependencies={"seller": Provide(authenticated, sync_to_thread=False)},
    )


@post("/config", status_code=200)
async def create_config(request: AnyRequest, seller: Seller, gateway: Gateway) -> JsonAnswer:
    return await _configure(request, seller, gateway)


@put("/config")
async def update_config(request: AnyRequest, seller: Seller, gateway: Gateway) -> JsonAnswer:
    return await _configure(request, seller, gateway)


@get("/config", sync_to_thread=False)
def show_config(seller: Seller, gateway: Gateway) -> JsonAnswer:
    return answer(gateway.reports.config_of(seller.user))


@post("/", status_code=202)
async def create(request: AnyRequest, seller: Seller, gateway: Gateway) -> JsonAnswer:
    gateway.outage.require("create")
    body = reading(await request.body(), request.headers.get("content-type", ""))
    return answer(gateway.reports.create(seller.user, body), 202)


@get("/", sync_to_thread=False)
def list_all(seller: Seller, gateway: Gateway) -> JsonAnswer:
    return answer(gateway.reports.all_of(seller.user))


@get("/list", sync_to_thread=False)
def list_files(seller: Seller, gateway: Gateway) -> JsonAnswer:
    return answer(gateway.reports.all_of(seller.user))


@get("/task/{task_id:str}", sync_to_thread=False)
def show_task(task_id: str, seller: Seller, gateway: Gateway) -> JsonAnswer:
    return answer(gateway.reports.task(seller.user, task_id))


@get("/{file_name:str}", sync_to_thread=False)
def download(file_name: str, seller: Seller, gateway: Gateway) -> Response[bytes]:
    return Response(gateway.reports.file(seller.user, file_name), media_type="text/csv")


async def _configure(request: AnyRequest, seller: Seller, gateway: Gateway) -> JsonAnswer:
    body = reading(await request.body(), request.headers.get("content-type", ""))
    return answer(gateway.reports.configure(seller.user, body))
