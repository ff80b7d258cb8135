"""Routes of API keys."""

from uuid import UUID

import msgspec
from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from alltickets.identity.actors import Actor
from alltickets.identity.authorize import allow
from alltickets.identity.rules import Permission
from alltickets.identity.schemas import ApiKeyCreate, ApiKeyCreated, ApiKeyRead
from alltickets.identity.service import IdentityService
from alltickets.platform.http.paging import CursorParameter, SizeParameter
from alltickets.platform.paging import Page

__all__ = ["create_api_key", "list_api_keys", "revoke_api_key"]


@get("/api-keys", operation_id="listApiKeys", guards=[allow(Permission.API_KEYS_READ)])
async def list_api_keys(
    actor: NamedDependency[Actor], identity: NamedDependency[IdentityService], cursor: CursorParameter = None, size: SizeParameter = 50
) -> Page[ApiKeyRead]:
    """The organizer's API keys, revoked ones among them."""
    return msgspec.convert(await identity.api_keys.api_keys(actor, cursor=cursor, size=size), Page[ApiKeyRead], from_attributes=True)


@post("/api-keys", operation_id="createApiKey", guards=[allow(Permission.API_KEYS_WRITE)])
async def create_api_key(
    data: JSONBody[ApiKeyCreate], actor: NamedDependency[Actor], identity: NamedDependency[IdentityService]
) -> ApiKeyCreated:
    """Make an API key; the answer carries its token, which is not shown again."""
    return msgspec.convert(await identity.api_keys.create(actor, data.name, data.scopes), ApiKeyCreated, from_attributes=True)


@delete("/api-keys/{api_key_id:uuid}", operation_id="revokeApiKey", guards=[allow(Permission.API_KEYS_WRITE)])
async def revoke_api_key(api_key_id: FromPath[UUID], actor: NamedDependency[Actor], identity: NamedDependency[IdentityService]) -> None:
    """End an API key."""
    await identity.api_keys.revoke(actor, api_key_id)
