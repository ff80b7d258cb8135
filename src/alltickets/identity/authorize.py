"""Who may call a route: every handler declares it with one `Allow` among its guards, and an application with a silent one does not start.

    @get("/events", operation_id="listEvents", guards=[allow(Permission.EVENTS_READ)])
    async def list_events(actor: NamedDependency[Actor]) -> …

The hot lane holds the same objects: `ALLOW.check(await authenticator.authenticate(scope["headers"]), method=…, headers=scope["headers"])`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any, cast

from litestar import Litestar, Request
from litestar.config.app import AppConfig
from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.openapi.spec import Operation, SecurityScheme
from litestar.plugins import InitPlugin, ReceiveRoutePlugin
from litestar.routes import BaseRoute, HTTPRoute

from alltickets.identity.actors import Actor, ActorKind, DeviceActor
from alltickets.identity.authenticator import Authenticator
from alltickets.identity.cookies import SessionCookie
from alltickets.identity.refusals import CrossSiteRequest, NotPermitted, NotSignedIn
from alltickets.identity.rules import Permission, is_cross_site

__all__ = [
    "Allow",
    "Audience",
    "Authorization",
    "UndeclaredRoutes",
    "allow",
    "allow_anyone",
    "allow_device",
    "allow_signed_in",
    "check_every_route_declares",
    "declared",
    "refuse_cross_site",
    "same_site_only",
]

Headers = Iterable[tuple[bytes, bytes]]
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_STATE_KEY = "authenticator"


class Audience(StrEnum):
    """Whom a route is for."""

    ANYONE = "anyone"
    """No credentials are looked at."""
    SIGNED_IN = "signed_in"
    """A person with a session, whatever their role."""
    PERMITTED = "permitted"
    """A person or an API key with the permissions named."""
    DEVICE = "device"
    """A paired scanner."""


@dataclass(frozen=True)
class Allow:
    """A route's declaration, and the guard that enforces it."""

    audience: Audience
    permissions: frozenset[Permission] = frozenset()
    """All of them are needed."""
    reason: str | None = None
    """Why anyone may call."""

    async def __call__(self, connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
        """Authenticate and check; leaves the actor in `connection.auth`."""
        if self.audience is Audience.ANYONE:
            return
        authenticator: Authenticator = connection.app.state[_STATE_KEY]
        headers = connection.scope["headers"]
        actor = await authenticator.authenticate(headers)
        connection.scope["auth"] = self.check(actor, method=str(connection.scope.get("method", "GET")), headers=headers)

    def check(self, actor: Actor | DeviceActor | None, *, method: str, headers: Headers) -> Actor | DeviceActor:
        """The actor, if they may call. Raises `NotSignedIn`, `CrossSiteRequest` or `NotPermitted`, in this order of precedence."""
        if actor is None:
            raise NotSignedIn
        if actor.kind is ActorKind.USER:
            refuse_cross_site(method, headers)
        if self.audience is Audience.DEVICE:
            self._demand(isinstance(actor, DeviceActor))
        elif self.audience is Audience.SIGNED_IN:
            self._demand(actor.kind is ActorKind.USER)
        else:
            self._demand(isinstance(actor, Actor))
            missing = self.permissions - cast(Actor, actor).permissions
            if missing:
                raise NotPermitted(tuple(sorted(permission.value for permission in missing)))
        return actor

    def document(self) -> dict[str, object]:
        """The declaration as it stands in OpenAPI under `x-allow`."""
        members: dict[str, object] = {"audience": self.audience.value}
        if self.permissions:
            members["permissions"] = sorted(permission.value for permission in self.permissions)
        if self.reason is not None:
            members["reason"] = self.reason
        return members

    def security(self) -> list[dict[str, list[str]]]:
        """OpenAPI's security requirement: which credentials can open the route."""
        if self.audience is Audience.ANYONE:
            return []
        if self.audience is Audience.SIGNED_IN:
            return [{"session": []}]
        if self.audience is Audience.DEVICE:
            return [{"device": []}]
        scopes = sorted(permission.value for permission in self.permissions)
        return [{"session": scopes}, {"apiKey": scopes}]

    @staticmethod
    def _demand(is_of_right_kind: bool) -> None:
        if not is_of_right_kind:
            raise NotPermitted


def allow(*permissions: Permission) -> Allow:
    """People and API keys that have every one of these permissions."""
    assert permissions, "name a permission, or say allow_signed_in()"
    return Allow(Audience.PERMITTED, frozenset(permissions))


def allow_anyone(reason: str) -> Allow:
    """Everybody, without credentials; `reason` says why that is right."""
    assert reason, "a public route says why it is one"
    return Allow(Audience.ANYONE, reason=reason)


def allow_signed_in() -> Allow:
    """People with a session, whatever their role; no API keys."""
    return Allow(Audience.SIGNED_IN)


def allow_device() -> Allow:
    """Paired scanners."""
    return Allow(Audience.DEVICE)


def refuse_cross_site(method: str, headers: Headers) -> None:
    """Raise `CrossSiteRequest` when a page of another site has a browser send something that changes things."""
    if method in _SAFE_METHODS:
        return
    values = {name: value.decode("latin-1") for name, value in headers if name in (b"sec-fetch-site", b"origin", b"host")}
    if is_cross_site(fetch_site=values.get(b"sec-fetch-site"), origin=values.get(b"origin"), host=values.get(b"host")):
        raise CrossSiteRequest


async def same_site_only(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Guard of public routes that set the session cookie: no other site signs a visitor in as somebody else (login CSRF)."""
    refuse_cross_site(str(connection.scope.get("method", "GET")), connection.scope["headers"])


# Declarations read by machines ----------------------------------------------------------------------------------------------


class UndeclaredRoutes(Exception):
    """Routes that do not say, or say twice, who may call them. The application must not start."""


def declared(handler: BaseRouteHandler) -> Allow | None:
    """The one declaration among the guards of the handler and of the layers above it; None when there is none or more than one."""
    declarations = [guard for guard in handler.resolve_guards() if isinstance(guard, Allow)]
    return declarations[0] if len(declarations) == 1 else None


def check_every_route_declares(app: Litestar) -> None:
    """Raise `UndeclaredRoutes`, naming every handler at fault. Call it once the application is put together."""
    faults = sorted({f"{route.path} ({handler})" for route in app.routes for handler in _handlers_of(route) if declared(handler) is None})
    if faults:
        raise UndeclaredRoutes(f"exactly one allow…() must stand among the guards of: {', '.join(faults)}")


def _handlers_of(route: BaseRoute) -> list[BaseRouteHandler]:
    if isinstance(route, HTTPRoute):
        # Litestar adds the handlers of OPTIONS by itself; they answer with the methods and nothing else.
        return [handler for handler in route.route_handlers if handler.http_methods != {"OPTIONS"}]
    return [cast(BaseRouteHandler, route.route_handler)]  # type: ignore[attr-defined]


@dataclass
class _DeclaredOperation(Operation):
    """An operation of the OpenAPI document with its declaration."""

    x_allow: dict[str, object] | None = field(default=None, metadata={"alias": "x-allow"})


class Authorization(InitPlugin, ReceiveRoutePlugin):
    """Puts the authenticator, the `actor` of handlers and the declarations of the OpenAPI document into an application."""

    def __init__(self, authenticator: Authenticator, cookie: SessionCookie) -> None:
        self._authenticator = authenticator
        self._cookie = cookie

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Called by Litestar before routes are registered."""
        app_config.state[_STATE_KEY] = self._authenticator
        app_config.dependencies = {**app_config.dependencies, "actor": Provide(_actor_of, sync_to_thread=False)}
        return app_config

    def receive_route(self, route: BaseRoute) -> None:
        """Called by Litestar for each route: its operations carry `security` and `x-allow`."""
        for handler in _handlers_of(route):
            declaration = declared(handler)
            if declaration is not None and isinstance(handler, HTTPRouteHandler):
                handler.security = declaration.security()
                handler.operation_class = cast(type[Operation], partial(_DeclaredOperation, x_allow=declaration.document()))

    def security_schemes(self) -> dict[str, SecurityScheme]:
        """For `components.securitySchemes` of the OpenAPI document."""
        return {
            "session": SecurityScheme(
                type="apiKey", security_scheme_in="cookie", name=self._cookie.name, description="A person's session."
            ),
            "apiKey": SecurityScheme(type="http", scheme="bearer", description="An organizer's API key, `atk_…`."),
            "device": SecurityScheme(type="http", scheme="bearer", description="A paired scanner's token, `atd_…`."),
        }


def _actor_of(request: Request[Any, Any, Any]) -> Actor | DeviceActor:
    return cast(Actor | DeviceActor, request.auth)
