"""The busiest routes of the shop on the hot lane; their twins in `routes.py` describe them."""

import msgspec

from alltickets.orders.schemas import HoldRead, HoldWrite, OrderWrite
from alltickets.orders.service import Orders
from alltickets.orders.wire import availability_read, hold_places, place_order
from alltickets.platform.http.lane import HotRoute, LaneAnswer, LaneRequest, as_uuid, decode_body
from alltickets.pricing.interface import Quote

__all__ = ["hot_routes"]

_hold_decoder = msgspec.json.Decoder(HoldWrite)
_order_decoder = msgspec.json.Decoder(OrderWrite)
_encoder = msgspec.json.Encoder()
_CACHEABLE = ((b"content-type", b"application/json"), (b"cache-control", b"public, max-age=1"))


class _HoldEncoder:
    """Writes holds as JSON. The quote is most of it, and everybody in a batch who chose the same has the same one: it is written once."""

    def __init__(self) -> None:
        self._quote: Quote | None = None
        self._written = msgspec.Raw()

    def encode(self, held: HoldRead) -> bytes:
        if held.quote is not self._quote:
            self._quote, self._written = held.quote, msgspec.Raw(_encoder.encode(held.quote))
        return _encoder.encode(msgspec.structs.replace(held, quote=self._written))


def hot_routes(orders: Orders) -> list[HotRoute]:
    """Hold, order, availability."""
    hold_encoder = _HoldEncoder()

    async def put_hold(request: LaneRequest) -> LaneAnswer:
        hold_id = as_uuid(request.params[0])
        held = await hold_places(orders, hold_id, decode_body(_hold_decoder, request.body), request.address)
        return LaneAnswer(200, hold_encoder.encode(held))

    async def put_order(request: LaneRequest) -> LaneAnswer:
        order_id = as_uuid(request.params[0])
        placed = await place_order(orders, order_id, decode_body(_order_decoder, request.body))
        return LaneAnswer(200, _encoder.encode(placed))

    async def read_availability(request: LaneRequest) -> LaneAnswer:
        availability = await orders.shop.availability(as_uuid(request.params[0]))
        return LaneAnswer(200, _encoder.encode(availability_read(availability)), _CACHEABLE)

    return [
        HotRoute("putHold", "PUT", "/api/shop/holds/{hold_id}", put_hold),
        HotRoute("putOrder", "PUT", "/api/shop/orders/{order_id}", put_order, beside=frozenset({"recover"})),
        HotRoute("readAvailability", "GET", "/api/shop/events/{event_id}/availability", read_availability),
    ]
