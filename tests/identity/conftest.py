"""Identity on the real database: a service with cheap hashing, an application of its routes, and people to act."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Literal, cast

import argon2
import httpx
import pytest
import pytest_asyncio
from litestar import Litestar, Request, Response

from alltickets.identity.actors import Actor
from alltickets.identity.authorize import Authorization, check_every_route_declares
from alltickets.identity.cookies import SessionCookie
from alltickets.identity.passwords import Passwords
from alltickets.identity.routes import gate_router, organizer_router
from alltickets.identity.rules import Role
from alltickets.identity.service import IdentityService
from alltickets.identity.service.organizers import NewOrganizer
from alltickets.identity.sessions import SignedIn
from alltickets.kernel.errors import Refusal
from alltickets.kernel.ids import new_id
from alltickets.platform.database import Database
from alltickets.platform.http.address import AddressReader
from alltickets.problems import PROBLEMS
from tests.conftest import SettableClock

PASSWORD = "correct horse battery"


class CountingHasher(argon2.PasswordHasher):
    """As cheap as argon2id gets, and counts how often a password was held against a hash."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.verified = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
        self.verified += 1
        return super().verify(hash, password)


@pytest.fixture
def hasher() -> CountingHasher:
    return CountingHasher()


@pytest.fixture
def identity(database: Database, clock: SettableClock, hasher: CountingHasher) -> IdentityService:
    return make_identity(database, clock, hasher)


def make_identity(database: Database, clock: SettableClock, hasher: CountingHasher) -> IdentityService:
    """A service as one process has it; a second one is a second process."""
    cookie = SessionCookie.for_environment(is_production=False)
    return IdentityService(database, clock, cookie, passwords=Passwords(hasher))


@pytest.fixture
def address() -> str:
    """An address of this test's own, so that limits per address do not add up over the suite."""
    return f"2001:db8:{new_id().hex[-4:]}:{new_id().hex[-4:]}::/64"


@dataclass(frozen=True)
class House:
    """An organizer with its owner signed in."""

    owner: SignedIn
    mail: str
    slug: str

    @property
    def actor(self) -> Actor:
        return self.owner.actor


def new_wish() -> NewOrganizer:
    """A valid, boring wish that collides with nobody's."""
    unique = new_id().hex
    return NewOrganizer(
        name=f"Club {unique}", slug=f"club-{unique}", owner_name="Ana Paz", owner_mail=f"ana{unique}@example.com", owner_password=PASSWORD
    )


async def make_house(identity: IdentityService) -> House:
    """A fresh organizer."""
    wish = new_wish()
    owner = await identity.organizers.sign_up(wish, address=f"house {new_id()}")
    assert wish.slug is not None
    return House(owner, wish.owner_mail, wish.slug)


@pytest_asyncio.fixture
async def house(identity: IdentityService) -> House:
    return await make_house(identity)


@pytest_asyncio.fixture
async def other_house(identity: IdentityService) -> House:
    return await make_house(identity)


async def join(identity: IdentityService, house: House, role: Role, *, mail: str | None = None, password: str = PASSWORD) -> SignedIn:
    """Make somebody a member of the house."""
    invited = await identity.members.invite(house.actor, mail or f"m{new_id().hex}@example.com", role)
    return await identity.members.accept(invited.token, name="Beto Ríos", password=password, address=f"join {new_id()}")


def make_app(identity: IdentityService) -> Litestar:
    """An application of identity's routes alone."""
    addresses = AddressReader(["127.0.0.1/32"])

    def answer(request: Request[Any, Any, Any], fault: Exception) -> Response[bytes]:
        document = PROBLEMS.document(fault, instance=request.url.path)
        return Response(document.body, status_code=document.status, headers=dict(document.headers), media_type="application/problem+json")

    app = Litestar(
        route_handlers=[organizer_router(identity, addresses), gate_router(identity, addresses)],
        plugins=[Authorization(identity.authenticator, identity.cookie)],
        exception_handlers={Refusal: answer},
        openapi_config=None,
    )
    check_every_route_declares(app)
    return app


@pytest.fixture
def app(identity: IdentityService) -> Litestar:
    return make_app(identity)


@pytest_asyncio.fixture
async def browser(app: Litestar, address: str) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without a session, from an address of its own."""
    async with open_browser(app, address=address.replace("::/64", "::1")) as client:
        yield client


def open_browser(app: Litestar, *, address: str = "127.0.0.1", token: str | None = None, bearer: str | None = None) -> httpx.AsyncClient:
    """A client with a session cookie, a bearer token, or neither."""
    headers = {"x-forwarded-for": address, "sec-fetch-site": "same-origin"}
    if bearer is not None:
        headers["authorization"] = f"Bearer {bearer}"
    cookies = httpx.Cookies()
    if token is not None:
        cookies.set("alltickets_session", token, domain="tickets.example")
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=cast(Any, app), client=("127.0.0.1", 4000)),
        base_url="http://tickets.example",
        headers=headers,
        cookies=cookies,
    )
