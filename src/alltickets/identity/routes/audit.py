"""Route of the audit log."""

import msgspec
from litestar import get
from litestar.di import NamedDependency

from alltickets.identity.actors import Actor
from alltickets.identity.authorize import allow
from alltickets.identity.rules import Permission
from alltickets.identity.schemas import AuditEntryRead
from alltickets.identity.service import IdentityService
from alltickets.platform.http.paging import CursorParameter, SizeParameter
from alltickets.platform.paging import Page

__all__ = ["list_audit_entries"]


@get("/audit-entries", operation_id="listAuditEntries", guards=[allow(Permission.AUDIT_READ)])
async def list_audit_entries(
    actor: NamedDependency[Actor], identity: NamedDependency[IdentityService], cursor: CursorParameter = None, size: SizeParameter = 50
) -> Page[AuditEntryRead]:
    """What was done in the organizer, newest first."""
    return msgspec.convert(await identity.audit_entries(actor, cursor=cursor, size=size), Page[AuditEntryRead], from_attributes=True)
