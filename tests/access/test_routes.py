"""The door and the back office by HTTP; scanning over the hot lane and over the framework, which must not be told apart."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from alltickets.identity.interface import Permission
from alltickets.kernel.ids import new_id
from tests.access.conftest import House
from tests.conftest import SettableClock
from tests.serving import Served, serving


@dataclass
class Door:
    """A house by HTTP: its scanner, its office, a stranger."""

    served: Served
    house: House
    device: httpx.AsyncClient
    office: httpx.AsyncClient
    stranger: httpx.AsyncClient

    def body(self, code: str, **fields: object) -> dict[str, object]:
        return {"scan_id": str(new_id()), "checkpoint_id": str(self.house.checkpoint_id), "code": code, **fields}


@pytest.fixture(scope="module")
def clock() -> SettableClock:
    """One for all of these tests, as they share an application."""
    return SettableClock()


@pytest_asyncio.fixture(scope="module", params=[True, False], ids=["hot lane", "framework"])
async def built(
    request: pytest.FixtureRequest, database_url: str, clock: SettableClock, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Served]:
    """The application that all of these tests share: it takes longer to build than they take."""
    async with serving(database_url, tmp_path_factory.mktemp("door"), clock, hot_lane=request.param) as served:
        yield served


@pytest_asyncio.fixture
async def door(built: Served, clock: SettableClock) -> AsyncIterator[Door]:
    served = await built.with_another_owner()
    contexts = served.contexts
    house = await House(
        database=contexts.database,
        clock=clock,
        catalog=contexts.catalog,
        catalog_service=contexts.catalog_service,
        keys=contexts.event_keys,
        tickets=contexts.tickets,
        access=contexts.access,
        actor=served.owner,
    ).set_up()
    device, office = await served.device(), await served.api_key(Permission.ACCESS_READ, Permission.ACCESS_WRITE)
    async with served.client(device) as scanner, served.client(office) as desk, served.client() as stranger:
        yield Door(served, house, scanner, desk, stranger)


def problem_of(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"]


async def test_a_ticket_is_admitted_and_refused_the_second_time(door: Door) -> None:
    ticket, code = await door.house.make_ticket(seat_label="A-7")

    first = await door.device.post("/api/gate/scans", json=door.body(code))
    second = await door.device.post("/api/gate/scans", json=door.body(code))

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.headers["content-type"] == "application/json"
    assert first.json()["outcome"] == "admitted"
    assert first.json()["ticket_id"] == str(ticket.ticket_id)
    assert first.json()["seat_label"] == "A-7"
    assert second.json()["outcome"] == "already_used"
    assert second.json()["first"]["checkpoint_name"] == "Puerta 1"
    assert second.json()["first"]["at"] == first.json()["scanned_at"]


async def test_a_body_that_is_none_is_refused(door: Door) -> None:
    refused = {
        b"{": (400, "/problems/malformed-body"),
        b'{"scan_id": "\\ud800"}': (400, "/problems/malformed-body"),
        b"[]": (422, "/problems/invalid-request"),
        b"{}": (422, "/problems/invalid-request"),
        b'{"scan_id": "x", "checkpoint_id": "y", "code": "z"}': (422, "/problems/invalid-request"),
    }

    json = {"content-type": "application/json"}
    told = {body: problem_of(await door.device.post("/api/gate/scans", content=body, headers=json)) for body in refused}

    assert told == refused


async def test_a_field_that_does_not_fit_is_refused(door: Door) -> None:
    wrong: list[dict[str, object]] = [
        {"code": "X" * 513},
        {"code": None},
        {"unknown": 1},
        {"scanned_at": "2026-11-20T22:00:00"},
        {"scanned_at": "1999-12-31T23:59:59Z"},
        {"scanned_at": "9999-12-31T23:59:59-12:00"},
        {"admitted_offline": "yes"},
    ]

    told = [(fields, problem_of(await door.device.post("/api/gate/scans", json={**door.body("menu"), **fields}))) for fields in wrong]

    assert told == [(fields, (422, "/problems/invalid-request")) for fields in wrong]


async def test_scanning_needs_a_device(door: Door) -> None:
    body = door.body("menu")

    assert problem_of(await door.stranger.post("/api/gate/scans", json=body)) == (401, "/problems/not-signed-in")
    assert problem_of(await door.office.post("/api/gate/scans", json=body)) == (403, "/problems/not-permitted")


async def test_an_unknown_checkpoint_and_a_misused_scan_id_are_problems(door: Door) -> None:
    used = door.body("menu")
    await door.device.post("/api/gate/scans", json=used)

    unknown = await door.device.post("/api/gate/scans", json={**used, "checkpoint_id": str(new_id())})
    misused = await door.device.post("/api/gate/scans", json={**used, "code": "another menu"})

    assert problem_of(unknown) == (404, "/problems/checkpoint-not-found")
    assert problem_of(misused) == (409, "/problems/scan-conflict")


async def test_whatever_a_symbol_says_gets_an_answer(door: Door) -> None:
    codes = ["", "\x00", "'; DROP TABLE access.scans; --", "<script>alert(1)</script>", "🎟️" * 100]

    answers = [await door.device.post("/api/gate/scans", json=door.body(code)) for code in codes]

    assert [(answer.status_code, answer.json().get("outcome")) for answer in answers] == [(200, "unknown")] * len(codes)


async def test_a_batch_says_of_each_scan_what_became_of_it(door: Door) -> None:
    _, code = await door.house.make_ticket()
    scans = [door.body(code), door.body(code, admitted_offline=True), door.body(code, checkpoint_id=str(new_id()))]

    answer = await door.device.post("/api/gate/scans/batch", json={"scans": scans})

    admitted, conflict, refused = answer.json()["items"]
    assert [one["scan_id"] for one in answer.json()["items"]] == [one["scan_id"] for one in scans]
    assert admitted["answer"]["outcome"] == "admitted"
    assert (conflict["answer"]["outcome"], conflict["answer"]["conflict"]) == ("already_used", True)
    assert (refused["answer"], refused["refused"]["type"]) == (None, "/problems/checkpoint-not-found")


async def test_a_batch_is_bounded(door: Door) -> None:
    answer = await door.device.post("/api/gate/scans/batch", json={"scans": [door.body("menu")] * 501})

    assert problem_of(answer) == (422, "/problems/invalid-request")


async def test_the_office_sets_up_checkpoints_and_sees_what_they_count(door: Door) -> None:
    _, code = await door.house.make_ticket()
    checkpoint_id = new_id()
    address = f"/api/organizer/events/{door.house.event_id}/checkpoints"
    wanted = {"name": "Puerta 2", "sector_ids": [str(door.house.sector_id)]}

    made = [await door.office.put(f"{address}/{checkpoint_id}", json=wanted) for _ in range(2)]
    await door.device.post("/api/gate/scans", json=door.body(code, checkpoint_id=str(checkpoint_id)))
    await door.device.post("/api/gate/scans", json=door.body(code, checkpoint_id=str(checkpoint_id), admitted_offline=True))
    listed = (await door.office.get(address)).json()
    seen = (await door.device.get(f"/api/gate/checkpoints/{checkpoint_id}/counters")).json()
    at_the_door = (await door.device.get(f"/api/gate/events/{door.house.event_id}/checkpoints")).json()

    assert [one.status_code for one in made] == [200, 200]
    assert made[0].json() == made[1].json()
    assert [one["name"] for one in listed] == ["Puerta 1", "Puerta 2"]
    assert listed == at_the_door
    assert seen == {"checkpoint_id": str(checkpoint_id), "admitted": 1, "refused": 1, "conflicts": 1}


async def test_the_office_sees_conflicts(door: Door) -> None:
    _, code = await door.house.make_ticket()
    bodies = [door.body(code, admitted_offline=True) for _ in range(3)]
    for body in bodies:
        await door.device.post("/api/gate/scans", json=body)

    address = f"/api/organizer/events/{door.house.event_id}/conflicts"
    first = (await door.office.get(address, params={"size": 1})).json()
    second = (await door.office.get(address, params={"size": 1, "cursor": first["next"]})).json()

    assert [one["scan_id"] for one in first["items"] + second["items"]] == [bodies[2]["scan_id"], bodies[1]["scan_id"]]
    assert second["next"] is None
    assert first["items"][0]["first_scan_id"] == bodies[0]["scan_id"]


async def test_a_checkpoint_that_does_not_fit_is_a_problem(door: Door) -> None:
    address = f"/api/organizer/events/{door.house.event_id}/checkpoints/{new_id()}"

    async def put(**fields: object) -> tuple[int, str]:
        return problem_of(await door.office.put(address, json={"name": "Puerta", **fields}))

    assert await put(sector_ids=[str(new_id())]) == (422, "/problems/checkpoint-invalid")
    assert await put(name=" ") == (422, "/problems/invalid-request")
    assert await put(opens_at="9999-12-31T23:59:59-12:00") == (422, "/problems/invalid-request")


async def test_another_organizers_event_has_no_checkpoints_or_conflicts(door: Door) -> None:
    elsewhere: UUID = new_id()

    for address in (f"/api/organizer/events/{elsewhere}/checkpoints", f"/api/organizer/events/{elsewhere}/conflicts"):
        assert problem_of(await door.office.get(address)) == (404, "/problems/event-not-found")
    assert problem_of(await door.device.get(f"/api/gate/checkpoints/{elsewhere}/counters")) == (404, "/problems/checkpoint-not-found")
