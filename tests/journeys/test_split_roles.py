"""The same job with the surfaces and the background work in processes of their own, one of which dies in the middle."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from bench.people import Buyer, Organizer
from bench.plain import PLAIN
from bench.stack import Process, Stack, free_port
from tests.journeys.seen import places, problem_of


@dataclass(frozen=True)
class Roles:
    """A product taken apart: where its surfaces listen, and its three workers."""

    stack: Stack
    shop_url: str
    organizer_url: str
    gate_url: str
    followers: tuple[Process, Process]
    sweeper: Process


@pytest.fixture(scope="module")
def roles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Roles]:
    stack = Stack(tmp_path_factory.mktemp("roles"), {"ALLTICKETS_HOLD_SECONDS": "4"})
    stack.start_database()
    try:
        stack.sandbox()
        # Gateways call back where the shop is.
        ports = {"shop": stack.port, "organizer": free_port(), "gate": free_port()}
        for surface, port in ports.items():
            stack.serve(surface=surface, port=port)
        followers = (stack.work("events"), stack.work("events"))
        sweeper = stack.work("sweeps")
        shop, organizer, gate = (f"http://127.0.0.1:{ports[surface]}" for surface in ("shop", "organizer", "gate"))
        yield Roles(stack, shop, organizer, gate, followers, sweeper)
    finally:
        stack.stop()


@pytest.mark.parametrize(
    ("surface", "method", "path"),
    [
        ("shop", "GET", "/api/organizer/me"),
        ("shop", "POST", "/api/organizer/sign-up"),
        ("shop", "POST", "/api/gate/scans"),
        ("organizer", "POST", "/api/shop/quotes"),
        ("organizer", "PUT", "/api/shop/holds/018f0000-0000-7000-8000-000000000000"),
        ("organizer", "POST", "/api/payments/callbacks/sandbox/018f0000-0000-7000-8000-000000000000"),
        ("organizer", "POST", "/api/gate/pair"),
        ("gate", "GET", "/api/organizer/me"),
        ("gate", "PUT", "/api/shop/orders/018f0000-0000-7000-8000-000000000000"),
        ("gate", "POST", "/api/payments/callbacks/sandbox/018f0000-0000-7000-8000-000000000000"),
    ],
)
def test_a_surface_knows_nothing_of_the_others(roles: Roles, surface: str, method: str, path: str) -> None:
    url: str = getattr(roles, f"{surface}_url")

    answer = httpx.request(method, f"{url}{path}", json={}, verify=PLAIN)

    assert (answer.status_code, problem_of(answer)) == (404, "no-such-path")


@pytest.mark.parametrize("surface", ["shop", "organizer", "gate"])
def test_a_surface_describes_what_it_serves_and_says_that_it_is_ready(roles: Roles, surface: str) -> None:
    url: str = getattr(roles, f"{surface}_url")

    described = httpx.get(f"{url}/api/openapi.json", verify=PLAIN).json()["paths"]

    own = {path.split("/")[2] for path in described if path.startswith("/api/")}
    assert own == {"shop": {"shop", "payments"}, "organizer": {"organizer"}, "gate": {"gate"}}[surface]
    assert httpx.get(f"{url}/health/ready", verify=PLAIN).json()["status"] == "ready"


def test_the_whole_job_goes_on_when_a_worker_is_killed_in_the_middle_of_it(roles: Roles) -> None:
    organizer = Organizer(roles.organizer_url)
    organizer.connect_sandbox()
    sale = organizer.publish(capacity=30)
    buyers = [Buyer(roles.shop_url) for _ in range(12)]

    def order(buyer: Buyer) -> dict[str, Any]:
        placed: dict[str, Any] = buyer.order(sale, buyer.hold(sale, 2).json()["hold_id"]).json()
        return placed

    orders = []
    for number, buyer in enumerate(buyers):
        orders.append(order(buyer))
        if number == 5:
            roles.followers[0].kill()
        buyer.pay(orders[-1])
    shown = [buyer.paid(placed) for buyer, placed in zip(buyers, orders, strict=True)]
    steward = organizer.steward(sale, gate_url=roles.gate_url)
    codes = [ticket["code"] for paid in shown for ticket in paid["tickets"]]

    assert len(codes) == len(set(codes)) == 24
    assert places(organizer, sale) == (0, 24, 6)
    assert [steward.scan(code)["outcome"] for code in codes[:3]] == ["admitted"] * 3
    assert steward.scan(codes[0])["outcome"] == "already_used"


def test_what_is_not_paid_comes_back_by_the_sweeper_and_is_told_by_the_worker_that_is_left(roles: Roles) -> None:
    organizer = Organizer(roles.organizer_url)
    organizer.connect_sandbox()
    sale = organizer.publish(capacity=2)
    idler, waiting = Buyer(roles.shop_url), Buyer(roles.shop_url)

    order = idler.order(sale, idler.hold(sale, 2).json()["hold_id"]).json()
    refused = waiting.hold(sale, 1)
    idler.paid(order, "expired")
    granted = waiting.hold(sale, 1)

    assert (refused.status_code, problem_of(refused)) == (409, "sold-out")
    assert granted.status_code == 200


def test_who_was_not_killed_ends_well_when_told_to(roles: Roles) -> None:
    assert [roles.followers[1].stop(), roles.sweeper.stop()] == [0, 0]
