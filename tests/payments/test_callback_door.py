"""The door at which gateways call back: over HTTP, on the hot lane and on its twin; and the sandbox calling it for real."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar, Request, Response

from alltickets.identity.interface import Authorization, IdentityService, SessionCookie
from alltickets.kernel.errors import Refusal
from alltickets.kernel.ids import new_id
from alltickets.payments.events import PaymentCaptured
from alltickets.payments.gateways.sandbox import Sandbox
from alltickets.payments.handlers import subscriptions
from alltickets.payments.lane import hot_routes
from alltickets.payments.port import Notice, Redirect
from alltickets.payments.routes import callback_router
from alltickets.payments.service import Payments
from alltickets.payments.service.accounts import AccountDetails
from alltickets.platform.database import Database
from alltickets.platform.http.address import AddressReader
from alltickets.platform.http.lane import Lane
from alltickets.platform.outbox import Follower
from alltickets.platform.secrets import KeyRing
from alltickets.problems import PROBLEMS
from bench.stack import free_port
from tests.conftest import SettableClock
from tests.payments.callbacks import SandboxPayment, callback
from tests.payments.conftest import connect, request, start
from tests.payments.sandbox import Merchant, SandboxProcess
from tests.stream import events_of
from tests.waiting import until


async def nobody(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError(f"{scope['path']} is not on the lane")


def lane_app(payments: Payments) -> Any:
    return Lane(hot_routes(payments), nobody, problems=PROBLEMS, addresses=AddressReader([]), body_bytes_max=262_144)


def twin_app(payments: Payments, database: Database, clock: SettableClock) -> Litestar:
    def answer(asked: Request[Any, Any, Any], fault: Exception) -> Response[bytes]:
        document = PROBLEMS.document(fault, instance=asked.url.path)
        return Response(document.body, status_code=document.status, media_type="application/problem+json")

    identity = IdentityService(database, clock, SessionCookie.for_environment(is_production=False))
    return Litestar(
        route_handlers=[callback_router(payments)],
        plugins=[Authorization(identity.authenticator, identity.cookie)],
        exception_handlers={Refusal: answer},
        openapi_config=None,
    )


@pytest_asyncio.fixture(params=["lane", "twin"])
async def door(
    request: pytest.FixtureRequest, payments: Payments, database: Database, clock: SettableClock
) -> AsyncIterator[httpx.AsyncClient]:
    app = lane_app(payments) if request.param == "lane" else twin_app(payments, database, clock)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=cast(Any, app)), base_url="http://tickets.example") as client:
        yield client


async def deliver(door: httpx.AsyncClient, path: str, notice: Notice) -> httpx.Response:
    return await door.post(f"/api/payments/callbacks/{path}", content=notice.body, headers=dict(notice.headers))


async def test_a_genuine_callback_is_answered_at_once(
    door: httpx.AsyncClient, account: AccountDetails, merchant: Merchant, clock: SettableClock
) -> None:
    notice = callback(merchant, SandboxPayment.of(new_id()), clock())

    response = await deliver(door, f"sandbox/{account.id}", notice)

    assert (response.status_code, response.json()) == (200, {"received": True})


@pytest.mark.parametrize(
    ("path", "secret", "status", "slug"),
    [
        ("sandbox/{account}", "0" * 64, 401, "callback-forged"),
        ("sandbox/01900000-0000-7000-8000-000000000000", None, 404, "gateway-account-not-found"),
        ("nobody/{account}", None, 404, "gateway-account-not-found"),
    ],
)
async def test_anything_else_is_a_problem(
    door: httpx.AsyncClient,
    account: AccountDetails,
    merchant: Merchant,
    clock: SettableClock,
    path: str,
    secret: str | None,
    status: int,
    slug: str,
) -> None:
    notice = callback(merchant, SandboxPayment.of(new_id()), clock(), secret=secret)

    response = await deliver(door, path.format(account=account.id), notice)

    assert response.status_code == status
    assert response.json()["type"] == f"/problems/{slug}"


class Shop:
    """Payments with a real door that the sandbox can reach."""

    def __init__(self, database: Database, payments: Payments, organizer_id: UUID, clock: SettableClock) -> None:
        self.database = database
        self.payments = payments
        self.organizer_id = organizer_id
        self.clock = clock
        self.follower = Follower(database, subscriptions(payments))

    async def start(self) -> tuple[UUID, str]:
        """The attempt and its link."""
        started = await start(self.database, self.payments, self.organizer_id, request(self.clock))
        assert isinstance(started.step, Redirect)
        return started.attempt_id, started.step.url

    async def captured(self) -> int:
        await self.follower.catch_up()
        return len(await events_of(self.database, self.organizer_id, PaymentCaptured))


@pytest_asyncio.fixture
async def shop(
    database: Database,
    organizer_id: UUID,
    clock: SettableClock,
    key_ring: KeyRing,
    sandbox: SandboxProcess,
    http: httpx.AsyncClient,
    merchant: Merchant,
) -> AsyncIterator[Shop]:
    port = free_port()
    payments = Payments(database, clock, key_ring, [Sandbox(sandbox.url, http)], public_url=f"http://127.0.0.1:{port}")
    await connect(payments, organizer_id, merchant)
    server = Server(lane_app(payments), "127.0.0.1", port, interface=Interfaces.ASGI, websockets=False, log_enabled=False)
    serving = asyncio.create_task(server.serve())
    yield Shop(database, payments, organizer_id, clock)
    server.stop()  # type: ignore[no-untyped-call]
    await serving


@pytest.mark.parametrize("dials", [{}, {"repeat": 5}, {"shuffle": "true"}, {"delay_ms": 300}])
async def test_what_the_sandbox_calls_back_is_captured_once(shop: Shop, sandbox: SandboxProcess, dials: dict[str, Any]) -> None:
    attempt_id, link = await shop.start()

    await asyncio.to_thread(sandbox.pay, link, "approve", **dials)
    await until(lambda: _captured(shop), seconds=10)
    await _settled(sandbox, attempt_id)

    assert await shop.captured() == 1


async def test_a_callback_that_the_sandbox_forges_is_turned_away(shop: Shop, sandbox: SandboxProcess) -> None:
    attempt_id, link = await shop.start()

    await asyncio.to_thread(sandbox.pay, link, "approve", forge_signature="true")
    await _tried(sandbox, attempt_id)

    [answered] = sandbox.callbacks(attempt_id)
    assert answered["tries"][0]["answer"] == 401
    assert await shop.captured() == 0


async def test_a_payment_that_is_approved_later_is_captured_then(shop: Shop, sandbox: SandboxProcess) -> None:
    _, link = await shop.start()

    await asyncio.to_thread(sandbox.pay, link, "approve_later", delay_seconds=1)
    waited = await until(lambda: _captured(shop), seconds=10)

    assert waited > 0.5


async def _captured(shop: Shop) -> bool:
    return await shop.captured() > 0


async def _tried(sandbox: SandboxProcess, attempt_id: UUID) -> None:
    async def condition() -> bool:
        return any(one["tries"] for one in await asyncio.to_thread(sandbox.callbacks, attempt_id))

    await until(condition, seconds=10)


async def _settled(sandbox: SandboxProcess, attempt_id: UUID) -> None:
    async def condition() -> bool:
        return all(one["state"] == "delivered" for one in await asyncio.to_thread(sandbox.callbacks, attempt_id))

    await until(condition, seconds=10)
