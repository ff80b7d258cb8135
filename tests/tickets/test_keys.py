"""The events' key pairs: made once, sealed at rest, replaceable, and moved along when the ring's key changes."""

import asyncio
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from alltickets.catalog.interface import CatalogService, EventNotFound
from alltickets.identity.interface import Actor, DeviceActor
from alltickets.kernel.ids import new_id
from alltickets.platform.database import Database
from alltickets.platform.secrets import KeyMissing, KeyRing, SealBroken
from alltickets.tickets.events import EventKeyReplaced
from alltickets.tickets.interface import EventKey, EventKeys, SignedToken, Tickets
from tests.conftest import SettableClock
from tests.stream import events_of
from tests.tickets.conftest import make_event
from tests.tickets.vectors import token
from tests.tickets.verification import is_genuine


async def sealed_of(database: Database, organizer_id: UUID, event_id: UUID) -> list[str]:
    async with database.reading(organizer_id) as reader:
        rows = await reader.fetch_tuples(
            """
            SELECT private_key_sealed
              FROM tickets.event_keys
             WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s
             ORDER BY number
            """,
            event_id=event_id,
        )
    return [sealed for (sealed,) in rows]


async def test_an_event_has_no_key_until_one_is_needed_and_then_one_for_all(organizer_id: UUID, keys: EventKeys) -> None:
    event_id = new_id()
    assert await keys.of(organizer_id, event_id) == {}

    key, again = await keys.ensure(organizer_id, event_id), await keys.ensure(organizer_id, event_id)

    assert key.number == again.number == 1
    assert key.private_key.public_key().public_bytes_raw() == key.public_key == again.public_key


async def test_processes_that_need_the_first_key_at_once_agree_on_one(
    database: Database, clock: SettableClock, key_ring: KeyRing, organizer_id: UUID
) -> None:
    event_id = new_id()
    processes = [EventKeys(database, clock, key_ring) for _ in range(10)]

    made = await asyncio.gather(*(process.ensure(organizer_id, event_id) for process in processes))

    assert len({key.public_key for key in made}) == 1
    assert len(await sealed_of(database, organizer_id, event_id)) == 1


async def test_the_private_key_is_sealed_for_its_row(database: Database, organizer_id: UUID, keys: EventKeys, key_ring: KeyRing) -> None:
    event_id = new_id()
    key = await keys.ensure(organizer_id, event_id)

    [sealed] = await sealed_of(database, organizer_id, event_id)

    assert key_ring.open(sealed, f"tickets.event_keys/{organizer_id}/{event_id}/1") == key.private_key.private_bytes_raw()
    with pytest.raises(SealBroken):
        key_ring.open(sealed, f"tickets.event_keys/{organizer_id}/{event_id}/2")


async def test_a_replaced_key_is_retired_and_the_next_one_signs(
    database: Database, organizer_id: UUID, tickets: Tickets, keys: EventKeys, catalog_service: CatalogService, actor: Actor
) -> None:
    event_id = await make_event(catalog_service, actor)
    await keys.ensure(organizer_id, event_id)

    again = [await tickets.replace_event_key(actor, event_id, 1) for _ in range(2)]

    assert [key.number for key in again] == [2, 2]
    all_keys = await keys.of(organizer_id, event_id)
    assert [(number, key.retired_at is None) for number, key in all_keys.items()] == [(1, False), (2, True)]
    assert (await keys.ensure(organizer_id, event_id)).number == 2
    assert await events_of(database, organizer_id, EventKeyReplaced) == [EventKeyReplaced(event_id=event_id, retired_number=1, number=2)]


async def test_a_door_gets_the_public_keys_of_its_event_only(
    organizer_id: UUID, tickets: Tickets, catalog_service: CatalogService, actor: Actor
) -> None:
    event_id = await make_event(catalog_service, actor)

    [key] = await tickets.keys_for(DeviceActor(organizer_id, new_id(), event_id, "door"), event_id)

    assert len(key.public_key) == 32
    for device in (DeviceActor(organizer_id, new_id(), new_id(), "door"), DeviceActor(new_id(), new_id(), None, "stranger")):
        with pytest.raises(EventNotFound):
            await tickets.keys_for(device, event_id)
    with pytest.raises(EventNotFound):
        await tickets.replace_event_key(Actor.system(new_id(), "stranger"), event_id, 1)


async def test_resealing_moves_every_key_to_the_rings_active_one(database: Database, clock: SettableClock, organizer_id: UUID) -> None:
    old, new = KeyRing.generate_key(), KeyRing.generate_key()
    event_id = new_id()
    before = EventKeys(database, clock, KeyRing(f"101:{old}"))
    key = await before.ensure(organizer_id, event_id)
    both = EventKeys(database, clock, KeyRing(f"101:{old},102:{new}"))

    while await both.reseal():
        pass

    [sealed] = await sealed_of(database, organizer_id, event_id)
    assert sealed.startswith("v102:")
    after = await EventKeys(database, clock, KeyRing(f"102:{new}")).ensure(organizer_id, event_id)
    assert after.private_key.private_bytes_raw() == key.private_key.private_bytes_raw()
    with pytest.raises(KeyMissing):
        await EventKeys(database, clock, KeyRing(f"101:{old}")).ensure(organizer_id, event_id)


async def test_a_key_that_cannot_be_opened_keeps_no_other_from_being_resealed(
    database: Database, clock: SettableClock, organizer_id: UUID
) -> None:
    lost, old, new = (KeyRing.generate_key() for _ in range(3))
    broken_id, event_id = sorted([new_id(), new_id()])
    await EventKeys(database, clock, KeyRing(f"201:{lost}")).ensure(organizer_id, broken_id)
    await EventKeys(database, clock, KeyRing(f"202:{old}")).ensure(organizer_id, event_id)
    ring = EventKeys(database, clock, KeyRing(f"202:{old},203:{new}"))

    while await ring.reseal():
        pass

    assert [sealed.partition(":")[0] for sealed in await sealed_of(database, organizer_id, broken_id)] == ["v201"]
    assert [sealed.partition(":")[0] for sealed in await sealed_of(database, organizer_id, event_id)] == ["v203"]


@given(payload=st.binary(max_size=60), signature=st.binary(min_size=64, max_size=64), place=st.integers(0, 63))
def test_signing_again_finds_what_verifying_finds(payload: bytes, signature: bytes, place: int) -> None:
    private_key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    key = EventKey(1, private_key.public_key().public_bytes_raw(), private_key, None)
    own = private_key.sign(payload)
    flipped = own[:place] + bytes([own[place] ^ 1]) + own[place + 1 :]

    for one in (own, flipped, signature):
        signed = SignedToken(token(), payload, one)
        assert key.has_signed(signed) == is_genuine(signed, private_key.public_key())
