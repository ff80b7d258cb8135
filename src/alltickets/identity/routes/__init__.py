"""HTTP of identity: parse, call the service, answer."""

from typing import Any

from litestar import Request, Router
from litestar.di import Provide

from alltickets.identity.routes.api_keys import create_api_key, list_api_keys, revoke_api_key
from alltickets.identity.routes.audit import list_audit_entries
from alltickets.identity.routes.devices import create_device, list_devices, pair_device, revoke_device
from alltickets.identity.routes.members import (
    accept_invitation,
    change_member,
    invite_member,
    list_invitations,
    list_members,
    remove_member,
    withdraw_invitation,
)
from alltickets.identity.routes.sessions import choose_organizer, read_profile, sign_in, sign_out, sign_up
from alltickets.identity.service import IdentityService
from alltickets.platform.http.address import AddressReader

__all__ = ["gate_router", "organizer_router"]


def organizer_router(service: IdentityService, addresses: AddressReader) -> Router:
    """The routes of people and keys, under /api/organizer."""
    return Router(
        path="/api/organizer",
        route_handlers=[
            sign_up,
            sign_in,
            sign_out,
            read_profile,
            choose_organizer,
            list_members,
            change_member,
            remove_member,
            list_invitations,
            invite_member,
            withdraw_invitation,
            accept_invitation,
            list_api_keys,
            create_api_key,
            revoke_api_key,
            list_devices,
            create_device,
            revoke_device,
            list_audit_entries,
        ],
        dependencies=_dependencies(service, addresses),
        tags=["identity"],
    )


def gate_router(service: IdentityService, addresses: AddressReader) -> Router:
    """The route by which a scanner becomes a device, under /api/gate."""
    return Router(path="/api/gate", route_handlers=[pair_device], dependencies=_dependencies(service, addresses), tags=["identity"])


def _dependencies(service: IdentityService, addresses: AddressReader) -> dict[str, Provide]:
    def identity_service() -> IdentityService:
        return service

    def client_address(request: Request[Any, Any, Any]) -> str:
        return addresses.of(request.scope)

    return {
        "identity": Provide(identity_service, sync_to_thread=False),
        "client_address": Provide(client_address, sync_to_thread=False),
    }
