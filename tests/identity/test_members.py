"""The people of an organizer."""

import asyncio
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from litestar import Litestar

from alltickets.identity.refusals import (
    AlreadyMember,
    InvitationGone,
    LastOwner,
    NoSuchInvitation,
    RoleBeyondYours,
    TooManyTries,
    WeakPassword,
    WrongCredentials,
)
from alltickets.identity.rules import Permission, Role
from alltickets.identity.service import IdentityService
from alltickets.identity.sessions import SignedIn
from alltickets.kernel.ids import new_id
from tests.conftest import SettableClock
from tests.identity.conftest import PASSWORD, House, join, make_house, open_browser


def user_of(signed_in: SignedIn) -> UUID:
    assert signed_in.actor.user_id is not None
    return signed_in.actor.user_id


async def test_an_invited_person_joins_with_the_role_and_is_signed_in(app: Litestar, browser: httpx.AsyncClient, house: House) -> None:
    mail = f"{new_id().hex}@example.com"
    async with open_browser(app, token=house.owner.token) as owner:
        invited = (await owner.post("/api/organizer/invitations", json={"mail": mail, "role": "box_office"})).json()
        pending = (await owner.get("/api/organizer/invitations")).json()["items"]
        body = {"token": invited["token"], "name": "Beto Ríos", "password": PASSWORD}
        accepted = await browser.post("/api/organizer/invitations/accept", json=body)
        members = (await owner.get("/api/organizer/members")).json()["items"]
        left = (await owner.get("/api/organizer/invitations")).json()["items"]

    profile = (await browser.get("/api/organizer/me")).json()
    assert [invitation["mail"] for invitation in pending] == [mail]
    assert accepted.status_code == 200
    assert (profile["member"]["role"], profile["organizer"]["slug"]) == ("box_office", house.slug)
    assert [(member["mail"], member["role"]) for member in members] == [(house.mail, "owner"), (mail, "box_office")]
    assert left == []


async def test_an_invitation_is_used_once_even_by_many_at_once(identity: IdentityService, house: House) -> None:
    invited = await identity.members.invite(house.actor, f"{new_id().hex}@example.com", Role.GATE)

    outcomes = await asyncio.gather(
        *(identity.members.accept(invited.token, name="Beto", password=PASSWORD, address=str(new_id())) for _ in range(6)),
        return_exceptions=True,
    )

    assert sum(isinstance(outcome, SignedIn) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, InvitationGone | WrongCredentials) for outcome in outcomes) == 5


async def test_an_invitation_expires_after_a_week(identity: IdentityService, house: House, clock: SettableClock) -> None:
    invited = await identity.members.invite(house.actor, f"{new_id().hex}@example.com", Role.GATE)

    clock.advance(days=7)

    with pytest.raises(InvitationGone):
        await identity.members.accept(invited.token, name="Beto", password=PASSWORD, address=str(new_id()))
    assert invited.invitation.expires_at - invited.invitation.created_at == timedelta(days=7)


async def test_a_withdrawn_and_a_superseded_invitation_cannot_be_used(identity: IdentityService, house: House) -> None:
    mail = f"{new_id().hex}@example.com"
    superseded = await identity.members.invite(house.actor, mail, Role.MANAGER)
    withdrawn = await identity.members.invite(house.actor, mail, Role.GATE)
    await identity.members.withdraw(house.actor, withdrawn.invitation.invitation_id)

    for token in (superseded.token, withdrawn.token, "ati_guess"):
        with pytest.raises(InvitationGone):
            await identity.members.accept(token, name="Beto", password=PASSWORD, address=str(new_id()))
    with pytest.raises(NoSuchInvitation):
        await identity.members.withdraw(house.actor, withdrawn.invitation.invitation_id)


async def test_holding_an_invitation_does_not_open_an_account_that_exists(
    identity: IdentityService, house: House, other_house: House
) -> None:
    invited = await identity.members.invite(house.actor, other_house.mail, Role.GATE)

    with pytest.raises(WrongCredentials):
        await identity.members.accept(invited.token, name="Mallory", password="a password of my own", address=str(new_id()))
    joined = await identity.members.accept(invited.token, name="ignored", password=PASSWORD, address=str(new_id()))

    assert joined.actor.user_id == other_house.actor.user_id
    assert joined.actor.label == "Ana Paz"


async def test_a_new_account_needs_a_good_password_and_keeps_the_invitation_until_then(identity: IdentityService, house: House) -> None:
    invited = await identity.members.invite(house.actor, f"{new_id().hex}@example.com", Role.GATE)

    with pytest.raises(WeakPassword):
        await identity.members.accept(invited.token, name="Beto", password="short", address=str(new_id()))

    await identity.members.accept(invited.token, name="Beto", password=PASSWORD, address=str(new_id()))


async def test_guessing_invitations_from_one_address_is_limited(identity: IdentityService, address: str) -> None:
    for _ in range(30):
        with pytest.raises(InvitationGone):
            await identity.members.accept("ati_guess", name="Beto", password=PASSWORD, address=address)

    with pytest.raises(TooManyTries):
        await identity.members.accept("ati_guess", name="Beto", password=PASSWORD, address=address)


async def test_a_member_is_not_invited_again(identity: IdentityService, house: House) -> None:
    with pytest.raises(AlreadyMember):
        await identity.members.invite(house.actor, house.mail, Role.GATE)


async def test_a_new_role_takes_effect_on_the_running_session(app: Litestar, identity: IdentityService, house: House) -> None:
    member = await join(identity, house, Role.MANAGER)
    async with open_browser(app, token=member.token) as browser:
        before = await browser.get("/api/organizer/members")
        await identity.members.change_role(house.actor, user_of(member), Role.VIEWER)
        after = await browser.get("/api/organizer/members")

    assert before.status_code == 200
    assert after.status_code == 403
    assert after.json()["missing"] == ["members:read"]


async def test_a_removed_member_is_out_at_once(app: Litestar, identity: IdentityService, house: House) -> None:
    member = await join(identity, house, Role.MANAGER)
    async with open_browser(app, token=member.token) as browser:
        before = await browser.get("/api/organizer/me")
        await identity.members.remove(house.actor, user_of(member))
        after = await browser.get("/api/organizer/me")

    assert (before.status_code, after.status_code) == (200, 401)


async def test_a_manager_touches_neither_owners_nor_finance(identity: IdentityService, house: House) -> None:
    manager = await join(identity, house, Role.MANAGER)
    gate = await join(identity, house, Role.GATE)

    with pytest.raises(RoleBeyondYours):
        await identity.members.invite(manager.actor, f"{new_id().hex}@example.com", Role.OWNER)
    with pytest.raises(RoleBeyondYours):
        await identity.members.change_role(manager.actor, user_of(gate), Role.FINANCE)
    with pytest.raises(RoleBeyondYours):
        await identity.members.remove(manager.actor, user_of(house.owner))
    assert Permission.PAYMENTS_WRITE not in manager.actor.permissions


async def test_the_last_owner_stays(app: Litestar, identity: IdentityService, house: House) -> None:
    owner_id = user_of(house.owner)
    async with open_browser(app, token=house.owner.token) as browser:
        demoted = await browser.patch(f"/api/organizer/members/{owner_id}", json={"role": "viewer"})
        removed = await browser.delete(f"/api/organizer/members/{owner_id}")

    assert (demoted.status_code, removed.status_code) == (409, 409)
    assert demoted.json()["type"] == removed.json()["type"] == "/problems/last-owner"


async def test_owners_who_demote_one_another_at_once_leave_one(identity: IdentityService) -> None:
    for _ in range(5):
        house = await make_house(identity)
        second = await join(identity, house, Role.OWNER)

        outcomes = await asyncio.gather(
            identity.members.change_role(house.actor, user_of(second), Role.VIEWER),
            identity.members.change_role(second.actor, user_of(house.owner), Role.VIEWER),
            identity.members.remove(house.actor, user_of(second)),
            identity.members.remove(second.actor, user_of(house.owner)),
            return_exceptions=True,
        )

        members = await identity.members.members(house.actor, cursor=None, size=10)
        assert [member.role for member in members.items].count("owner") == 1
        assert any(isinstance(outcome, LastOwner) for outcome in outcomes)


async def test_members_are_listed_page_by_page(app: Litestar, identity: IdentityService, house: House) -> None:
    for _ in range(4):
        await join(identity, house, Role.GATE)

    seen: list[str] = []
    async with open_browser(app, token=house.owner.token) as browser:
        cursor: str | None = None
        pages = 0
        while pages == 0 or cursor is not None:
            page = (await browser.get("/api/organizer/members", params={"size": 2} | ({"cursor": cursor} if cursor else {}))).json()
            seen += [member["user_id"] for member in page["items"]]
            cursor, pages = page["next"], pages + 1

    assert pages == 3
    assert len(seen) == len(set(seen)) == 5
