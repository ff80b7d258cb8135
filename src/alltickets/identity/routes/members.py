"""Routes of members and invitations."""

from uuid import UUID

import msgspec
from litestar import Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from alltickets.identity.actors import Actor
from alltickets.identity.authorize import allow, allow_anyone, same_site_only
from alltickets.identity.routes.sessions import session_response
from alltickets.identity.rules import Permission
from alltickets.identity.schemas import (
    InvitationAccept,
    InvitationCreate,
    InvitationCreated,
    InvitationRead,
    MemberChange,
    MemberRead,
    SessionRead,
)
from alltickets.identity.service import IdentityService
from alltickets.platform.http.paging import CursorParameter, SizeParameter
from alltickets.platform.paging import Page

__all__ = [
    "accept_invitation",
    "change_member",
    "invite_member",
    "list_invitations",
    "list_members",
    "remove_member",
    "withdraw_invitation",
]


@get("/members", operation_id="listMembers", guards=[allow(Permission.MEMBERS_READ)])
async def list_members(
    actor: NamedDependency[Actor], identity: NamedDependency[IdentityService], cursor: CursorParameter = None, size: SizeParameter = 50
) -> Page[MemberRead]:
    """Who belongs to the organizer."""
    return msgspec.convert(await identity.members.members(actor, cursor=cursor, size=size), Page[MemberRead], from_attributes=True)


@patch("/members/{user_id:uuid}", operation_id="changeMember", guards=[allow(Permission.MEMBERS_WRITE)])
async def change_member(
    user_id: FromPath[UUID], data: JSONBody[MemberChange], actor: NamedDependency[Actor], identity: NamedDependency[IdentityService]
) -> MemberRead:
    """Give a member another role, effective at once."""
    return msgspec.convert(await identity.members.change_role(actor, user_id, data.role), MemberRead, from_attributes=True)


@delete("/members/{user_id:uuid}", operation_id="removeMember", guards=[allow(Permission.MEMBERS_WRITE)])
async def remove_member(user_id: FromPath[UUID], actor: NamedDependency[Actor], identity: NamedDependency[IdentityService]) -> None:
    """End a membership and its sessions."""
    await identity.members.remove(actor, user_id)


@get("/invitations", operation_id="listInvitations", guards=[allow(Permission.MEMBERS_READ)])
async def list_invitations(
    actor: NamedDependency[Actor], identity: NamedDependency[IdentityService], cursor: CursorParameter = None, size: SizeParameter = 50
) -> Page[InvitationRead]:
    """Who is invited and can still accept."""
    return msgspec.convert(await identity.members.invitations(actor, cursor=cursor, size=size), Page[InvitationRead], from_attributes=True)


@post("/invitations", operation_id="inviteMember", guards=[allow(Permission.MEMBERS_WRITE)])
async def invite_member(
    data: JSONBody[InvitationCreate], actor: NamedDependency[Actor], identity: NamedDependency[IdentityService]
) -> InvitationCreated:
    """Invite a person; the answer carries the one-time token."""
    return msgspec.convert(await identity.members.invite(actor, data.mail, data.role), InvitationCreated, from_attributes=True)


@delete("/invitations/{invitation_id:uuid}", operation_id="withdrawInvitation", guards=[allow(Permission.MEMBERS_WRITE)])
async def withdraw_invitation(
    invitation_id: FromPath[UUID], actor: NamedDependency[Actor], identity: NamedDependency[IdentityService]
) -> None:
    """Make a pending invitation unusable."""
    await identity.members.withdraw(actor, invitation_id)


@post(
    "/invitations/accept",
    operation_id="acceptInvitation",
    status_code=200,
    guards=[allow_anyone("the one-time token is the credential"), same_site_only],
)
async def accept_invitation(
    data: JSONBody[InvitationAccept], identity: NamedDependency[IdentityService], client_address: NamedDependency[str]
) -> Response[SessionRead]:
    """Become a member, and be signed in."""
    signed_in = await identity.members.accept(data.token, name=data.name, password=data.password, address=client_address)
    return session_response(identity, signed_in)
