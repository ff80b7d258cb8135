"""API keys and scanner devices: made once, shown once, known by hash, ended at once."""

import asyncio

import pytest
from litestar import Litestar

from alltickets.identity.actors import ActorKind, DeviceActor
from alltickets.identity.refusals import PairingCodeGone, ScopesBeyondYours, TooManyTries
from alltickets.identity.rules import Permission, Role
from alltickets.identity.service import IdentityService
from alltickets.identity.service.devices import PairedDevice
from alltickets.kernel.ids import new_id
from tests.conftest import SettableClock
from tests.identity.conftest import House, join, open_browser


def bearer(token: str) -> list[tuple[bytes, bytes]]:
    return [(b"authorization", f"Bearer {token}".encode())]


async def test_a_key_calls_with_its_scopes_and_no_more(app: Litestar, house: House) -> None:
    async with open_browser(app, token=house.owner.token) as owner:
        created = await owner.post("/api/organizer/api-keys", json={"name": "Contaduría", "scopes": ["members:read"]})
        token = created.json()["token"]
        async with open_browser(app, bearer=token) as program:
            allowed = await program.get("/api/organizer/members")
            refused = await program.get("/api/organizer/devices")
            personal = await program.get("/api/organizer/me")
        [listed] = (await owner.get("/api/organizer/api-keys")).json()["items"]

    assert created.status_code == 201
    assert token.startswith("atk_")
    assert [allowed.status_code, refused.status_code, personal.status_code] == [200, 403, 403]
    assert refused.json()["missing"] == ["devices:read"]
    assert token not in str(listed)
    assert listed["hint"] == token[:8]
    assert listed["last_used_at"] is not None


async def test_a_revoked_key_is_dead_at_once_and_revoking_again_changes_nothing(app: Litestar, house: House) -> None:
    async with open_browser(app, token=house.owner.token) as owner:
        created = (await owner.post("/api/organizer/api-keys", json={"name": "Web", "scopes": ["members:read"]})).json()
        async with open_browser(app, bearer=created["token"]) as program:
            before = await program.get("/api/organizer/members")
            path = f"/api/organizer/api-keys/{created['api_key']['api_key_id']}"
            revoked, again = await owner.delete(path), await owner.delete(path)
            after = await program.get("/api/organizer/members")
        [listed] = (await owner.get("/api/organizer/api-keys")).json()["items"]

    assert [before.status_code, revoked.status_code, again.status_code, after.status_code] == [200, 204, 204, 401]
    assert listed["revoked_at"] is not None


async def test_a_key_cannot_be_given_what_its_maker_lacks(identity: IdentityService, house: House) -> None:
    finance = await join(identity, house, Role.FINANCE)

    with pytest.raises(ScopesBeyondYours):
        await identity.api_keys.create(finance.actor, "x", [Permission.EVENTS_WRITE])
    with pytest.raises(ScopesBeyondYours):
        await identity.api_keys.create(house.actor, "x", [Permission.MEMBERS_WRITE])


async def test_a_key_outlives_its_makers_membership(identity: IdentityService, house: House) -> None:
    maker = await join(identity, house, Role.OWNER)
    made = await identity.api_keys.create(maker.actor, "web", [Permission.EVENTS_READ])
    assert maker.actor.user_id is not None

    await identity.members.remove(house.actor, maker.actor.user_id)

    actor = await identity.authenticator.authenticate(bearer(made.token))
    assert actor is not None
    assert (actor.kind, actor.organizer_id) == (ActorKind.API_KEY, house.actor.organizer_id)


async def test_a_device_is_paired_by_a_code_typed_any_way(app: Litestar, identity: IdentityService, house: House) -> None:
    event_id = new_id()
    async with open_browser(app, token=house.owner.token) as owner:
        created = (await owner.post("/api/organizer/devices", json={"name": "Puerta 1", "event_id": str(event_id)})).json()
        async with open_browser(app) as scanner:
            paired = await scanner.post("/api/gate/pair", json={"code": created["pairing_code"].lower().replace("-", " ")})
        [listed] = (await owner.get("/api/organizer/devices")).json()["items"]

    token = paired.json()["token"]
    actor = await identity.authenticator.authenticate(bearer(token))
    assert paired.status_code == 200
    assert token.startswith("atd_")
    assert (
        actor == DeviceActor(house.actor.organizer_id, actor.device_id, event_id, "Puerta 1") if isinstance(actor, DeviceActor) else False
    )
    assert (created["device"]["status"], listed["status"]) == ("awaiting", "paired")


async def test_a_code_pairs_one_device_even_when_many_type_it_at_once(identity: IdentityService, house: House) -> None:
    created = await identity.devices.create(house.actor, "Puerta 1", event_id=None)

    outcomes = await asyncio.gather(
        *(identity.devices.pair(created.pairing_code, address=str(new_id())) for _ in range(6)), return_exceptions=True
    )

    assert sum(isinstance(outcome, PairedDevice) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, PairingCodeGone) for outcome in outcomes) == 5


async def test_a_code_is_good_for_a_quarter_of_an_hour(identity: IdentityService, house: House, clock: SettableClock) -> None:
    created = await identity.devices.create(house.actor, "Puerta 1", event_id=None)

    clock.advance(minutes=15)

    with pytest.raises(PairingCodeGone):
        await identity.devices.pair(created.pairing_code, address=str(new_id()))


async def test_a_revoked_device_is_dead_at_once_and_so_is_its_unused_code(identity: IdentityService, house: House) -> None:
    created = await identity.devices.create(house.actor, "Puerta 1", event_id=None)
    unused = await identity.devices.create(house.actor, "Puerta 2", event_id=None)
    paired = await identity.devices.pair(created.pairing_code, address=str(new_id()))
    before = await identity.authenticator.authenticate(bearer(paired.token))

    await identity.devices.revoke(house.actor, created.device.device_id)
    await identity.devices.revoke(house.actor, unused.device.device_id)

    assert before is not None
    assert await identity.authenticator.authenticate(bearer(paired.token)) is None
    with pytest.raises(PairingCodeGone):
        await identity.devices.pair(unused.pairing_code, address=str(new_id()))


async def test_guessing_codes_from_one_address_is_limited(identity: IdentityService, address: str) -> None:
    for _ in range(30):
        with pytest.raises(PairingCodeGone):
            await identity.devices.pair("0000-0000-0000", address=address)

    with pytest.raises(TooManyTries):
        await identity.devices.pair("0000-0000-0000", address=address)


async def test_a_token_only_opens_what_its_kind_opens(app: Litestar, identity: IdentityService, house: House) -> None:
    created = await identity.devices.create(house.actor, "Puerta 1", event_id=None)
    invited = await identity.members.invite(house.actor, f"{new_id().hex}@example.com", Role.GATE)
    paired = await identity.devices.pair(created.pairing_code, address=str(new_id()))

    async with open_browser(app, bearer=paired.token) as device:
        assert (await device.get("/api/organizer/members")).status_code == 403
    for bearer_token in (house.owner.token, invited.token, paired.token.replace("atd_", "atk_"), "atk_", "", "x" * 500):
        async with open_browser(app, bearer=bearer_token) as stranger:
            assert (await stranger.get("/api/organizer/members")).status_code == 401
    for cookie_token in (paired.token, invited.token, "ats_x"):
        async with open_browser(app, token=cookie_token) as stranger:
            assert (await stranger.get("/api/organizer/members")).status_code == 401


async def test_a_caller_seen_a_moment_ago_costs_no_statement(identity: IdentityService, house: House) -> None:
    created = await identity.devices.create(house.actor, "Puerta 1", event_id=None)
    paired = await identity.devices.pair(created.pairing_code, address=str(new_id()))
    actor = await identity.authenticator.authenticate(bearer(paired.token))

    # An answer without waiting: the coroutine ends at its first step, so nothing was asked of anybody.
    step = identity.authenticator.authenticate(bearer(paired.token))
    with pytest.raises(StopIteration) as ended:
        step.send(None)

    assert ended.value.value is actor
