"""The audit log."""

import pytest
from litestar import Litestar

from alltickets.identity.actors import Actor, DeviceActor
from alltickets.identity.audit import Subject, record
from alltickets.identity.rules import Permission, Role
from alltickets.identity.service import IdentityService
from alltickets.kernel.ids import new_id
from alltickets.platform.database import Database
from tests.identity.conftest import House, join, open_browser


async def test_what_people_do_is_recorded_newest_first_page_by_page(app: Litestar, identity: IdentityService, house: House) -> None:
    member = await join(identity, house, Role.GATE)
    await identity.devices.create(member.actor, "Puerta 1", event_id=None)
    await identity.api_keys.create(house.actor, "web", [Permission.EVENTS_READ])

    async with open_browser(app, token=house.owner.token) as browser:
        first = (await browser.get("/api/organizer/audit-entries", params={"size": 3})).json()
        second = (await browser.get("/api/organizer/audit-entries", params={"size": 3, "cursor": first["next"]})).json()

    entries = first["items"] + second["items"]
    assert [entry["action"] for entry in entries] == [
        "api_key.created",
        "device.created",
        "member.joined",
        "member.invited",
        "organizer.signed_up",
    ]
    assert second["next"] is None
    assert entries[1]["actor_label"] == "Beto Ríos"
    assert entries[1]["actor_id"] == str(member.actor.user_id)
    assert entries[0]["detail"] == {"name": "web", "scopes": "events:read"}


async def test_an_entry_stands_exactly_when_the_action_does(identity: IdentityService, house: House, database: Database) -> None:
    async def fail() -> None:
        async with database.transaction(house.actor.organizer_id) as tx:
            await record(tx, Actor.system(tx.organizer_id, "a test"), "event.published", Subject("event", new_id()))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()

    page = await identity.audit_entries(house.actor, cursor=None, size=10)
    assert [entry.action for entry in page.items] == ["organizer.signed_up"]


async def test_devices_and_the_system_act_under_their_names(identity: IdentityService, house: House, database: Database) -> None:
    device = DeviceActor(house.actor.organizer_id, new_id(), None, "Puerta 1")
    async with database.transaction(house.actor.organizer_id) as tx:
        await record(tx, device, "ticket.admitted", Subject("ticket", new_id()), {"sector": "Campo", "count": 1, "again": False})
        await record(tx, Actor.system(tx.organizer_id, "demo seed"), "event.published", Subject("event", None))

    page = await identity.audit_entries(house.actor, cursor=None, size=2)

    assert [(entry.actor_kind, entry.actor_label, entry.actor_id) for entry in page.items] == [
        ("system", "demo seed", None),
        ("device", "Puerta 1", device.device_id),
    ]


async def test_nobody_writes_into_another_organizers_log(house: House, other_house: House, database: Database) -> None:
    async def write() -> None:
        async with database.transaction(house.actor.organizer_id) as tx:
            await record(tx, other_house.actor, "event.published", Subject("event", None))

    with pytest.raises(AssertionError):
        await write()
