"""Routes of scanner devices."""

from uuid import UUID

import msgspec
from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from alltickets.identity.actors import Actor
from alltickets.identity.authorize import allow, allow_anyone
from alltickets.identity.rules import Permission
from alltickets.identity.schemas import DeviceCreate, DeviceCreated, DevicePair, DevicePaired, DeviceRead
from alltickets.identity.service import IdentityService
from alltickets.platform.http.paging import CursorParameter, SizeParameter
from alltickets.platform.paging import Page

__all__ = ["create_device", "list_devices", "pair_device", "revoke_device"]


@get("/devices", operation_id="listDevices", guards=[allow(Permission.DEVICES_READ)])
async def list_devices(
    actor: NamedDependency[Actor], identity: NamedDependency[IdentityService], cursor: CursorParameter = None, size: SizeParameter = 50
) -> Page[DeviceRead]:
    """The organizer's scanners, revoked ones among them."""
    return msgspec.convert(await identity.devices.devices(actor, cursor=cursor, size=size), Page[DeviceRead], from_attributes=True)


@post("/devices", operation_id="createDevice", guards=[allow(Permission.DEVICES_WRITE)])
async def create_device(
    data: JSONBody[DeviceCreate], actor: NamedDependency[Actor], identity: NamedDependency[IdentityService]
) -> DeviceCreated:
    """Announce a scanner; the answer carries the code to type on it, good for a quarter of an hour."""
    created = await identity.devices.create(actor, data.name, event_id=data.event_id)
    return msgspec.convert(created, DeviceCreated, from_attributes=True)


@delete("/devices/{device_id:uuid}", operation_id="revokeDevice", guards=[allow(Permission.DEVICES_WRITE)])
async def revoke_device(device_id: FromPath[UUID], actor: NamedDependency[Actor], identity: NamedDependency[IdentityService]) -> None:
    """End a scanner, or its pairing code."""
    await identity.devices.revoke(actor, device_id)


@post("/pair", operation_id="pairDevice", status_code=200, guards=[allow_anyone("the one-time code is the credential")])
async def pair_device(
    data: JSONBody[DevicePair], identity: NamedDependency[IdentityService], client_address: NamedDependency[str]
) -> DevicePaired:
    """Turn a pairing code into the scanner's token, once."""
    paired = await identity.devices.pair(data.code, address=client_address)
    device = paired.actor
    return DevicePaired(
        device_id=device.device_id, organizer_id=device.organizer_id, event_id=device.event_id, name=device.label, token=paired.token
    )
