"""The gateways' door on the hot lane; its twin in `routes.py` describes it."""

from alltickets.payments.service import Payments
from alltickets.platform.http.lane import HotRoute, LaneAnswer, LaneRequest, as_uuid

__all__ = ["hot_routes"]

_RECEIVED = b'{"status":"received"}'


def hot_routes(payments: Payments) -> list[HotRoute]:
    """The callback."""

    async def receive_callback(request: LaneRequest) -> LaneAnswer:
        gateway, account = request.params
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.scope["headers"]}
        await payments.inbox.receive(gateway, as_uuid(account), headers, request.body)
        return LaneAnswer(200, _RECEIVED)

    return [HotRoute("receiveCallback", "POST", "/api/payments/callbacks/{gateway}/{account}", receive_callback)]
