"""HTTP of pricing: parse, call the service, answer."""

from typing import Any
from uuid import UUID

from litestar import Request, Router, get, post, put
from litestar.di import Provide

from alltickets.catalog.interface import AccessCodes, Catalog, EventNotFound
from alltickets.identity.interface import Actor, Permission, allow, allow_anyone
from alltickets.kernel.time import Clock
from alltickets.platform.http.address import AddressReader
from alltickets.pricing.rules.quoting import Quote, SelectedLine
from alltickets.pricing.schemas import ChargePolicySet, PhasesSet, PricesRead, QuoteCreate
from alltickets.pricing.service import PriceLists, Pricing

__all__ = ["organizer_router", "shop_router"]


@get("/events/{event_id:uuid}/prices", operation_id="readPrices", guards=[allow(Permission.PRICES_READ)])
async def read_prices(event_id: UUID, actor: Actor, price_lists: PriceLists) -> PricesRead:
    """The charge policy of an event and the price phases of its ticket types."""
    return await price_lists.read(actor, event_id)


@put("/events/{event_id:uuid}/charge-policy", operation_id="setChargePolicy", guards=[allow(Permission.PRICES_WRITE)])
async def set_charge_policy(event_id: UUID, data: ChargePolicySet, actor: Actor, price_lists: PriceLists) -> PricesRead:
    """Replace the charge policy of an event. Holds and orders keep the price they were given."""
    return await price_lists.set_policy(actor, event_id, data.version, data.policy)


@put(
    "/events/{event_id:uuid}/ticket-types/{ticket_type_id:uuid}/price-phases",
    operation_id="setPricePhases",
    guards=[allow(Permission.PRICES_WRITE)],
)
async def set_price_phases(event_id: UUID, ticket_type_id: UUID, data: PhasesSet, actor: Actor, price_lists: PriceLists) -> PricesRead:
    """Replace the price phases of a ticket type. Holds and orders keep the price they were given."""
    return await price_lists.set_phases(actor, event_id, ticket_type_id, data.version, data.phases)


@post("/quotes", operation_id="quote", status_code=200, guards=[allow_anyone("the price is known before anything is bought")])
async def quote_selection(
    data: QuoteCreate, catalog_copies: Catalog, codes: AccessCodes, pricing: Pricing, clock: Clock, client_address: str
) -> Quote:
    """The final price of a selection, with every rule that made it. Nothing is reserved."""
    event = await catalog_copies.snapshot(data.event_id)
    if event is None or not event.is_public:
        raise EventNotFound(str(data.event_id))
    if data.code is not None:
        await codes.check(event, [line.ticket_type_id for line in data.lines], data.code, address=client_address)
    selection = [SelectedLine(line.performance_id, line.ticket_type_id, line.quantity, line.seats) for line in data.lines]
    return await pricing.quote(event, selection, code=data.code, at=clock())


def organizer_router(price_lists: PriceLists) -> Router:
    """The routes of price lists, under /api/organizer."""

    def provide_price_lists() -> PriceLists:
        return price_lists

    return Router(
        path="/api/organizer",
        route_handlers=[read_prices, set_charge_policy, set_price_phases],
        dependencies={"price_lists": Provide(provide_price_lists, sync_to_thread=False)},
        tags=["pricing"],
    )


def shop_router(catalog: Catalog, codes: AccessCodes, pricing: Pricing, clock: Clock, addresses: AddressReader) -> Router:
    """The route of quotes, under /api/shop."""

    def provide_catalog() -> Catalog:
        return catalog

    def provide_pricing() -> Pricing:
        return pricing

    def provide_clock() -> Clock:
        return clock

    def provide_codes() -> AccessCodes:
        return codes

    def client_address(request: Request[Any, Any, Any]) -> str:
        return addresses.of(request.scope)

    return Router(
        path="/api/shop",
        route_handlers=[quote_selection],
        dependencies={
            "catalog_copies": Provide(provide_catalog, sync_to_thread=False),
            "pricing": Provide(provide_pricing, sync_to_thread=False),
            "clock": Provide(provide_clock, sync_to_thread=False),
            "codes": Provide(provide_codes, sync_to_thread=False),
            "client_address": Provide(client_address, sync_to_thread=False),
        },
        tags=["shop"],
    )
