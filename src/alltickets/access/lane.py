"""The door's scan on the hot lane; its twin in `routes.py` describes it."""

import msgspec

from alltickets.access.schemas import ScanRequest
from alltickets.access.service import Access
from alltickets.identity.interface import Authenticator, DeviceActor, allow_device
from alltickets.platform.http.lane import HotRoute, LaneAnswer, LaneRequest, decode_body

__all__ = ["hot_routes"]

_decoder = msgspec.json.Decoder(ScanRequest)
_encoder = msgspec.json.Encoder()
_ALLOW = allow_device()


def hot_routes(access: Access, authenticator: Authenticator) -> list[HotRoute]:
    """The single scan."""

    async def scan(request: LaneRequest) -> LaneAnswer:
        headers = request.scope["headers"]
        actor = _ALLOW.check(await authenticator.authenticate(headers), method="POST", headers=headers)
        assert isinstance(actor, DeviceActor), "what allow_device() lets through is a device"
        answer = await access.scan(actor, decode_body(_decoder, request.body))
        return LaneAnswer(200, _encoder.encode(answer))

    return [HotRoute("scan", "POST", "/api/gate/scans", scan)]
