"""Who may call: declarations, the guard, and that no route is silent."""

from uuid import UUID

import httpx
import pytest
from litestar import Litestar, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components
from litestar.static_files import create_static_files_router

from alltickets.identity.actors import Actor, ActorKind, DeviceActor
from alltickets.identity.authorize import (
    Allow,
    Audience,
    Authorization,
    UndeclaredRoutes,
    allow,
    allow_anyone,
    allow_device,
    allow_signed_in,
    check_every_route_declares,
    declared,
)
from alltickets.identity.refusals import CrossSiteRequest, NotPermitted, NotSignedIn
from alltickets.identity.rules import ROLE_PERMISSIONS, Permission, Role
from alltickets.identity.service import IdentityService
from alltickets.kernel.ids import new_id
from tests.identity.conftest import House, join, open_browser

ORGANIZER = new_id()
OWNER = Actor(ORGANIZER, ActorKind.USER, "Ana", frozenset(Permission), user_id=new_id(), credential_id=new_id())
VIEWER = Actor(ORGANIZER, ActorKind.USER, "Vera", ROLE_PERMISSIONS[Role.VIEWER], user_id=new_id(), credential_id=new_id())
KEY = Actor(ORGANIZER, ActorKind.API_KEY, "web", frozenset({Permission.EVENTS_READ}), credential_id=new_id())
DEVICE = DeviceActor(ORGANIZER, new_id(), None, "Puerta 1")

EVENTS = allow(Permission.EVENTS_READ)
EVENTS_AND_AUDIT = allow(Permission.EVENTS_READ, Permission.AUDIT_READ)


@pytest.mark.parametrize(
    ("declaration", "actor", "refusal"),
    [
        (EVENTS, None, NotSignedIn),
        (EVENTS, OWNER, None),
        (EVENTS, VIEWER, None),
        (EVENTS, KEY, None),
        (EVENTS, DEVICE, NotPermitted),
        (EVENTS_AND_AUDIT, OWNER, None),
        (EVENTS_AND_AUDIT, VIEWER, NotPermitted),
        (EVENTS_AND_AUDIT, KEY, NotPermitted),
        (allow_signed_in(), None, NotSignedIn),
        (allow_signed_in(), VIEWER, None),
        (allow_signed_in(), KEY, NotPermitted),
        (allow_signed_in(), DEVICE, NotPermitted),
        (allow_device(), None, NotSignedIn),
        (allow_device(), OWNER, NotPermitted),
        (allow_device(), KEY, NotPermitted),
        (allow_device(), DEVICE, None),
    ],
)
def test_a_declaration_lets_in_whom_it_names(
    declaration: Allow, actor: Actor | DeviceActor | None, refusal: type[Exception] | None
) -> None:
    if refusal is None:
        assert declaration.check(actor, method="GET", headers=[]) is actor
    else:
        with pytest.raises(refusal):
            declaration.check(actor, method="GET", headers=[])


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_cookie_changes_nothing_on_behalf_of_another_site_but_a_key_may(method: str) -> None:
    foreign = [(b"host", b"tickets.example"), (b"origin", b"https://evil.example")]

    with pytest.raises(CrossSiteRequest):
        EVENTS.check(OWNER, method=method, headers=foreign)

    assert EVENTS.check(KEY, method=method, headers=foreign) is KEY
    assert EVENTS.check(OWNER, method="GET", headers=foreign) is OWNER


@get("/silent")
async def silent() -> None:
    """Declares nothing."""


@get("/twice", guards=[allow_signed_in(), allow_device()])
async def twice() -> None:
    """Declares two things."""


@post("/spoken", guards=[allow_anyone("a test")])
async def spoken() -> None:
    """Declares."""


def test_an_application_with_silent_routes_does_not_start_and_names_them() -> None:
    app = Litestar([silent, twice, spoken], openapi_config=None)

    with pytest.raises(UndeclaredRoutes) as refused:
        check_every_route_declares(app)

    assert "/silent" in str(refused.value)
    assert "/twice" in str(refused.value)
    assert "/spoken" not in str(refused.value)


def test_static_files_and_the_openapi_pages_have_to_declare_too(tmp_path_factory: pytest.TempPathFactory) -> None:
    files = create_static_files_router("/static", directories=[tmp_path_factory.mktemp("static")])
    app = Litestar([spoken, files], openapi_config=OpenAPIConfig(title="t", version="1"))

    with pytest.raises(UndeclaredRoutes) as refused:
        check_every_route_declares(app)

    assert "/static" in str(refused.value)
    assert "/schema" in str(refused.value)


def test_the_openapi_document_says_who_may_call(identity: IdentityService) -> None:
    authorization = Authorization(identity.authenticator, identity.cookie)

    @get("/events", operation_id="listEvents", guards=[EVENTS_AND_AUDIT])
    async def list_events(actor: NamedDependency[Actor]) -> None:
        """A route of people and keys."""

    config = OpenAPIConfig(title="t", version="1", components=Components(security_schemes=dict(authorization.security_schemes())))
    app = Litestar([list_events, spoken], plugins=[authorization], openapi_config=config)

    document = app.openapi_schema.to_schema()

    operation = document["paths"]["/events"]["get"]
    scopes = ["audit:read", "events:read"]
    assert operation["x-allow"] == {"audience": "permitted", "permissions": scopes}
    assert operation["security"] == [{"session": scopes}, {"apiKey": scopes}]
    assert "parameters" not in operation
    assert document["paths"]["/spoken"]["post"]["x-allow"] == {"audience": "anyone", "reason": "a test"}
    assert set(document["components"]["securitySchemes"]) == {"session", "apiKey", "device"}


async def test_without_credentials_every_route_but_the_public_ones_answers_401(app: Litestar, browser: httpx.AsyncClient) -> None:
    for handler, method, path in operations(app):
        declaration = declared(handler)
        assert declaration is not None
        if declaration.audience is not Audience.ANYONE:
            answer = await browser.request(method, path, json={})
            assert (answer.status_code, answer.json()["type"]) == (401, "/problems/not-signed-in"), path


@pytest.mark.parametrize("role", list(Role))
async def test_over_http_a_role_is_refused_exactly_where_it_lacks_the_permission(
    role: Role, app: Litestar, identity: IdentityService, house: House
) -> None:
    member = await join(identity, house, role)

    async with open_browser(app, token=member.token) as browser:
        for handler, method, path in operations(app):
            declaration = declared(handler)
            assert declaration is not None
            if declaration.audience is Audience.PERMITTED:
                answer = await browser.request(method, path, json={})
                is_refused = answer.status_code == 403
                assert is_refused is not (declaration.permissions <= ROLE_PERMISSIONS[role]), f"{method} {path}: {answer.text}"


async def test_another_organizers_objects_are_not_there(app: Litestar, identity: IdentityService, house: House, other_house: House) -> None:
    api_key = await identity.api_keys.create(other_house.actor, "web", [Permission.EVENTS_READ])
    device = await identity.devices.create(other_house.actor, "Puerta 1", event_id=None)
    invited = await identity.members.invite(other_house.actor, f"{new_id().hex}@example.com", Role.GATE)
    foreign = [
        ("PATCH", f"members/{other_house.actor.user_id}", {"role": "viewer"}),
        ("DELETE", f"members/{other_house.actor.user_id}", None),
        ("DELETE", f"invitations/{invited.invitation.invitation_id}", None),
        ("DELETE", f"api-keys/{api_key.api_key.api_key_id}", None),
        ("DELETE", f"devices/{device.device.device_id}", None),
    ]

    async with open_browser(app, token=house.owner.token) as browser:
        answers = [await browser.request(method, f"/api/organizer/{path}", json=body) for method, path, body in foreign]
        lists = [
            (await browser.get(f"/api/organizer/{name}")).json()["items"] for name in ("members", "invitations", "api-keys", "devices")
        ]

    assert [answer.status_code for answer in answers] == [404] * len(foreign)
    assert [len(items) for items in lists] == [1, 0, 0, 0]
    assert await identity.authenticator.authenticate([(b"authorization", f"Bearer {api_key.token}".encode())]) is not None


def operations(app: Litestar) -> list[tuple[HTTPRouteHandler, str, str]]:
    """Every operation of the application, its path filled with an id of nobody's."""
    nobody = UUID(int=7)
    return [
        (
            handler,
            method,
            route.path_format.replace("{user_id}", str(nobody))
            .replace("{invitation_id}", str(nobody))
            .replace("{api_key_id}", str(nobody))
            .replace("{device_id}", str(nobody)),
        )
        for route in app.routes
        for handler in getattr(route, "route_handlers", [])
        for method in handler.http_methods
        if method != "OPTIONS"
    ]
