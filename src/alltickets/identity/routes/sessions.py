"""Routes of signing up, in and out."""

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from alltickets.identity.actors import Actor
from alltickets.identity.authorize import allow_anyone, allow_signed_in, same_site_only
from alltickets.identity.schemas import OrganizerChoice, ProfileRead, SessionRead, SignInCreate, SignUpCreate
from alltickets.identity.service import IdentityService
from alltickets.identity.service.organizers import NewOrganizer
from alltickets.identity.sessions import SignedIn

__all__ = ["choose_organizer", "read_profile", "session_response", "sign_in", "sign_out", "sign_up"]


@post("/sign-up", operation_id="signUp", guards=[allow_anyone("an organizer begins here"), same_site_only])
async def sign_up(
    data: JSONBody[SignUpCreate], identity: NamedDependency[IdentityService], client_address: NamedDependency[str]
) -> Response[SessionRead]:
    """Make an organizer with its owner, and sign the owner in."""
    wish = msgspec.convert(data, NewOrganizer, from_attributes=True)
    return session_response(identity, await identity.organizers.sign_up(wish, address=client_address))


@post("/sign-in", operation_id="signIn", status_code=200, guards=[allow_anyone("nobody is signed in yet"), same_site_only])
async def sign_in(
    data: JSONBody[SignInCreate], identity: NamedDependency[IdentityService], client_address: NamedDependency[str]
) -> Response[SessionRead]:
    """Begin a session."""
    return session_response(identity, await identity.sessions.sign_in(data.mail, data.password, address=client_address))


@post("/sign-out", operation_id="signOut", status_code=204, guards=[allow_signed_in()])
async def sign_out(actor: NamedDependency[Actor], identity: NamedDependency[IdentityService]) -> Response[None]:
    """End the session."""
    await identity.sessions.sign_out(actor)
    return Response(None, status_code=204, cookies=[identity.cookie.cleared()])


@get("/me", operation_id="readProfile", guards=[allow_signed_in()])
async def read_profile(actor: NamedDependency[Actor], identity: NamedDependency[IdentityService]) -> ProfileRead:
    """Who is signed in, for which organizer, and what they may do."""
    return msgspec.convert(await identity.sessions.profile(actor), ProfileRead, from_attributes=True)


@post("/me/organizer", operation_id="chooseOrganizer", status_code=200, guards=[allow_signed_in()])
async def choose_organizer(
    data: JSONBody[OrganizerChoice],
    actor: NamedDependency[Actor],
    identity: NamedDependency[IdentityService],
    client_address: NamedDependency[str],
) -> Response[SessionRead]:
    """Work for another organizer from now on."""
    return session_response(identity, await identity.sessions.switch(actor, data.organizer_id, address=client_address))


def session_response(identity: IdentityService, signed_in: SignedIn) -> Response[SessionRead]:
    """The session as a body, and its token in the cookie."""
    actor = signed_in.actor
    assert actor.user_id is not None, "sessions are people's"
    body = SessionRead(
        organizer_id=actor.organizer_id,
        user_id=actor.user_id,
        name=actor.label,
        permissions=sorted(actor.permissions),
        expires_at=signed_in.expires_at,
    )
    cookie = identity.cookie.carrying(signed_in.token, expires_at=signed_in.expires_at, now=identity.clock())
    return Response(body, cookies=[cookie])
