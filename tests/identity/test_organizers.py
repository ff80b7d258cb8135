"""New organizers."""

import asyncio
from dataclasses import replace

import httpx
import pytest

from alltickets.identity.queries import organizer_id_of_slug, organizer_of
from alltickets.identity.refusals import MailTaken, SlugTaken, TooManyTries, WeakPassword
from alltickets.identity.rules import Permission
from alltickets.identity.service import IdentityService
from alltickets.kernel.ids import new_id
from alltickets.platform.database import Database
from tests.conftest import SettableClock
from tests.identity.conftest import PASSWORD, House, new_wish


async def test_a_new_organizer_has_its_defaults_its_stream_and_its_event(identity: IdentityService, database: Database) -> None:
    wish = new_wish()

    owner = await identity.organizers.sign_up(wish, address=str(new_id()))

    async with database.reading(owner.actor.organizer_id) as reader:
        organizer = await organizer_of(reader)
        events = await reader.fetch_tuples(
            "SELECT position, type, payload ->> 'slug' FROM platform.events WHERE organizer_id = %(organizer_id)s"
        )
    assert organizer is not None
    assert (organizer.country, organizer.currency, organizer.locale) == ("AR", "ARS", "es-AR")
    assert organizer.timezone == "America/Argentina/Buenos_Aires"
    assert events == [(1, "OrganizerSignedUp", wish.slug)]
    assert owner.actor.permissions == frozenset(Permission)


async def test_signing_up_over_http_signs_the_owner_in(browser: httpx.AsyncClient) -> None:
    unique = new_id().hex
    body = {"name": f"Sala Ñandú {unique}", "owner_name": "Ana", "owner_mail": f"{unique}@example.com", "owner_password": PASSWORD}

    answer = await browser.post("/api/organizer/sign-up", json=body)
    profile = (await browser.get("/api/organizer/me")).json()

    assert answer.status_code == 201
    assert profile["organizer"]["slug"] == f"sala-nandu-{unique}"
    assert profile["member"]["role"] == "owner"
    assert [organizer["slug"] for organizer in profile["organizers"]] == [f"sala-nandu-{unique}"]


async def test_a_taken_mail_leaves_nothing_behind(identity: IdentityService, house: House, database: Database) -> None:
    wish = replace(new_wish(), owner_mail=house.mail.upper())

    with pytest.raises(MailTaken):
        await identity.organizers.sign_up(wish, address=str(new_id()))

    async with database.reading(None) as reader:
        assert await organizer_id_of_slug(reader, str(wish.slug)) is None


async def test_a_taken_slug_leaves_no_account_behind(identity: IdentityService, house: House) -> None:
    wish = new_wish()

    with pytest.raises(SlugTaken):
        await identity.organizers.sign_up(replace(wish, slug=house.slug), address=str(new_id()))

    await identity.organizers.sign_up(wish, address=str(new_id()))


async def test_of_many_who_want_one_slug_at_once_one_gets_it(identity: IdentityService) -> None:
    slug = f"club-{new_id().hex}"
    wishes = [replace(new_wish(), slug=slug) for _ in range(8)]

    outcomes = await asyncio.gather(*(identity.organizers.sign_up(wish, address=str(new_id())) for wish in wishes), return_exceptions=True)

    assert sum(isinstance(outcome, SlugTaken) for outcome in outcomes) == 7


async def test_sign_ups_from_one_address_are_limited(identity: IdentityService, address: str) -> None:
    for _ in range(20):
        await identity.organizers.sign_up(new_wish(), address=address)

    with pytest.raises(TooManyTries):
        await identity.organizers.sign_up(new_wish(), address=address)


async def test_a_weak_password_is_refused_before_anything_is_counted(identity: IdentityService, address: str) -> None:
    weak = replace(new_wish(), owner_password="aaaaaaaaaaaa")

    for _ in range(25):
        with pytest.raises(WeakPassword):
            await identity.organizers.sign_up(weak, address=address)

    await identity.organizers.sign_up(new_wish(), address=address)


async def test_ensuring_an_organizer_twice_makes_it_once(identity: IdentityService) -> None:
    wish, organizer_id = new_wish(), new_id()

    first = await identity.organizers.ensure(wish, by="demo seed", organizer_id=organizer_id)
    second = await identity.organizers.ensure(wish, by="demo seed", organizer_id=organizer_id)

    assert (first.organizer_id, first.was_created) == (organizer_id, True)
    assert (second.organizer_id, second.was_created) == (organizer_id, False)


async def test_an_ensured_organizer_of_a_known_owner_leaves_the_password_alone(
    identity: IdentityService, house: House, clock: SettableClock
) -> None:
    wish = replace(new_wish(), owner_mail=house.mail, owner_password="another long password")

    clock.advance(seconds=1)
    made = await identity.organizers.ensure(wish, by="alltickets organizers create")
    signed_in = await identity.sessions.sign_in(house.mail, PASSWORD, address=str(new_id()))

    assert signed_in.actor.user_id == house.actor.user_id
    assert signed_in.actor.organizer_id == made.organizer_id
