"""The hot lane of payments: the callback of a gateway, the twin of `receiveCallback` in `routes.py`."""

import msgspec

from alltickets.payments.port import Notice
from alltickets.payments.schemas import CallbackRead
from alltickets.payments.service import Payments
from alltickets.platform.http.lane import HotRoute, LaneAnswer, LaneRequest, as_uuid

__all__ = ["hot_routes"]

_RECEIVED = msgspec.json.encode(CallbackRead(received=True))


def hot_routes(payments: Payments) -> list[HotRoute]:
    """The routes of payments on the lane. Whoever calls is known by the signature, as at the twin."""

    async def receive_callback(request: LaneRequest) -> LaneAnswer:
        gateway, account = request.params
        account_id = as_uuid(account)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.scope["headers"]}
        query = request.scope["query_string"].decode("latin-1")
        await payments.inbox.receive(gateway, account_id, Notice(headers=headers, query=query, body=request.body))
        return LaneAnswer(200, _RECEIVED)

    return [HotRoute("receiveCallback", "POST", "/api/payments/callbacks/{gateway}/{account_id}", receive_callback)]
