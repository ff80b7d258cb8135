"""Signing in and out: what is told, what is counted, how long it lasts."""

import asyncio

import httpx
import pytest
from litestar import Litestar

from alltickets.identity.cookies import SessionCookie
from alltickets.identity.passwords import Passwords
from alltickets.identity.refusals import NoMembership, TooManyTries, WrongCredentials
from alltickets.identity.rules import Role
from alltickets.identity.service import IdentityService
from alltickets.identity.tokens import hash_of
from alltickets.kernel.ids import new_id
from alltickets.platform.coalescer import Overloaded
from alltickets.platform.database import Database
from alltickets.platform.notify import Listener
from tests.conftest import SettableClock
from tests.identity.conftest import PASSWORD, CountingHasher, House, join, make_identity, open_browser


async def test_a_right_password_signs_in(browser: httpx.AsyncClient, house: House) -> None:
    answer = await browser.post("/api/organizer/sign-in", json={"mail": house.mail.upper(), "password": PASSWORD})
    profile = await browser.get("/api/organizer/me")

    assert answer.status_code == 200
    assert answer.json()["organizer_id"] == str(house.actor.organizer_id)
    assert profile.json()["member"]["mail"] == house.mail


async def test_an_unknown_mail_is_answered_and_hashed_like_a_wrong_password(
    browser: httpx.AsyncClient, house: House, hasher: CountingHasher
) -> None:
    before = hasher.verified
    wrong = await browser.post("/api/organizer/sign-in", json={"mail": house.mail, "password": "not the password"})
    after_wrong = hasher.verified
    unknown = await browser.post("/api/organizer/sign-in", json={"mail": f"{new_id()}@example.com", "password": "not the password"})

    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert after_wrong - before == hasher.verified - after_wrong == 1


async def test_the_decoy_for_unknown_accounts_opens_nothing(identity: IdentityService, hasher: CountingHasher) -> None:
    for password in ("", "decoy", PASSWORD):
        with pytest.raises(WrongCredentials):
            await identity.sessions.sign_in(f"{new_id()}@example.com", password, address=str(new_id()))


async def test_an_account_takes_ten_tries_then_waits_even_for_the_right_password(
    browser: httpx.AsyncClient, house: House, clock: SettableClock
) -> None:
    wrong, right = ({"mail": house.mail, "password": password} for password in ("not the password", PASSWORD))
    statuses = [(await browser.post("/api/organizer/sign-in", json=wrong)).status_code for _ in range(10)]

    refused = await browser.post("/api/organizer/sign-in", json=right)
    clock.advance(seconds=int(refused.headers["retry-after"]))
    later = await browser.post("/api/organizer/sign-in", json=right)

    assert statuses == [401] * 10
    assert refused.status_code == 429
    assert refused.json()["retry_after_seconds"] == int(refused.headers["retry-after"]) <= 900
    assert later.status_code == 200


async def test_an_unknown_mail_is_limited_just_like_a_known_one(identity: IdentityService) -> None:
    mail = f"{new_id()}@example.com"
    for _ in range(10):
        with pytest.raises(WrongCredentials):
            await identity.sessions.sign_in(mail, PASSWORD, address=str(new_id()))

    with pytest.raises(TooManyTries):
        await identity.sessions.sign_in(mail, PASSWORD, address=str(new_id()))


async def test_an_address_is_limited_across_accounts(identity: IdentityService, address: str) -> None:
    for _ in range(100):
        with pytest.raises(WrongCredentials):
            await identity.sessions.sign_in(f"{new_id()}@example.com", PASSWORD, address=address)

    with pytest.raises(TooManyTries):
        await identity.sessions.sign_in(f"{new_id()}@example.com", PASSWORD, address=address)


async def test_tries_at_the_same_moment_in_two_processes_do_not_slip_past_the_limit(
    identity: IdentityService, database: Database, clock: SettableClock, hasher: CountingHasher, house: House
) -> None:
    other_process = make_identity(database, clock, hasher)
    before = hasher.verified

    outcomes = await asyncio.gather(
        *(
            process.sessions.sign_in(house.mail, "not the password", address=str(new_id()))
            for process in (identity, other_process)
            for _ in range(15)
        ),
        return_exceptions=True,
    )

    assert sum(isinstance(outcome, TooManyTries) for outcome in outcomes) == 20
    assert hasher.verified - before == 10


async def test_signing_in_forgives_the_tries_before(identity: IdentityService, house: House, address: str) -> None:
    for _ in range(12):
        with pytest.raises(WrongCredentials):
            await identity.sessions.sign_in(house.mail, "not the password", address=address)
        await identity.sessions.sign_in(house.mail, PASSWORD, address=address)


async def test_more_sign_ins_than_the_threads_can_take_are_turned_away_at_once(hasher: CountingHasher) -> None:
    passwords = Passwords(hasher, threads_max=2, waiting_max=64)

    outcomes = await asyncio.gather(*(passwords.matches(None, PASSWORD) for _ in range(100)), return_exceptions=True)

    assert sum(isinstance(outcome, Overloaded) for outcome in outcomes) == 34
    assert await passwords.matches(None, PASSWORD) is False


async def test_a_person_without_an_organizer_is_told_so(identity: IdentityService, house: House) -> None:
    mail = f"{new_id().hex}@example.com"
    member = await join(identity, house, Role.VIEWER, mail=mail)
    assert member.actor.user_id is not None
    await identity.members.remove(house.actor, member.actor.user_id)

    with pytest.raises(NoMembership):
        await identity.sessions.sign_in(mail, PASSWORD, address=str(new_id()))


async def test_a_session_ends_twelve_hours_after_its_last_use(
    app: Litestar, identity: IdentityService, house: House, clock: SettableClock
) -> None:
    async with open_browser(app, token=house.owner.token) as browser:
        statuses = []
        for hours in (11, 11, 11, 12):
            clock.advance(hours=hours)
            identity.authenticator.forget([hash_of(house.owner.token)])
            statuses.append((await browser.get("/api/organizer/me")).status_code)

    assert statuses == [200, 200, 200, 401]


async def test_a_session_ends_after_fourteen_days_however_busy(
    app: Litestar, identity: IdentityService, house: House, clock: SettableClock
) -> None:
    async with open_browser(app, token=house.owner.token) as browser:
        statuses = []
        for _ in range(34):
            clock.advance(hours=10)
            identity.authenticator.forget([hash_of(house.owner.token)])
            statuses.append((await browser.get("/api/organizer/me")).status_code)

    assert statuses == [200] * 33 + [401]


async def test_signing_out_ends_the_session_and_clears_the_cookie(app: Litestar, house: House) -> None:
    async with open_browser(app, token=house.owner.token) as browser:
        before = await browser.get("/api/organizer/me")
        answer = await browser.post("/api/organizer/sign-out")
    async with open_browser(app, token=house.owner.token) as thief:
        after = await thief.get("/api/organizer/me")

    assert before.status_code == 200
    assert answer.status_code == 204
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert after.status_code == 401


async def test_signing_out_is_heard_by_other_processes(
    identity: IdentityService, database: Database, clock: SettableClock, hasher: CountingHasher, house: House, database_url: str
) -> None:
    other_process = make_identity(database, clock, hasher)
    listener, heard, ready = Listener(database_url), asyncio.Event(), asyncio.Event()
    other_process.authenticator.follow(listener)
    listener.on("identity.credentials", lambda key: ready.set() if key is None else heard.set())
    listener.start()
    headers = [(b"cookie", f"alltickets_session={house.owner.token}".encode())]
    async with asyncio.timeout(10):
        await ready.wait()
        before = await other_process.authenticator.authenticate(headers)
        await identity.sessions.sign_out(house.actor)
        await heard.wait()
    after = await other_process.authenticator.authenticate(headers)
    await listener.stop()

    assert before is not None
    assert after is None


async def test_a_user_of_two_organizers_switches_and_keeps_the_sessions_end(
    app: Litestar, identity: IdentityService, house: House, other_house: House
) -> None:
    await join(identity, other_house, Role.VIEWER, mail=house.mail)
    async with open_browser(app, token=house.owner.token) as browser:
        answer = await browser.post("/api/organizer/me/organizer", json={"organizer_id": str(other_house.actor.organizer_id)})
        profile = (await browser.get("/api/organizer/me")).json()
    async with open_browser(app, token=house.owner.token) as former:
        former_status = (await former.get("/api/organizer/me")).status_code

    assert answer.status_code == 200
    assert answer.json()["expires_at"] == house.owner.expires_at.isoformat().replace("+00:00", "Z")
    assert profile["organizer"]["slug"] == other_house.slug
    assert profile["member"]["role"] == "viewer"
    assert {organizer["slug"] for organizer in profile["organizers"]} == {house.slug, other_house.slug}
    assert former_status == 401


async def test_nobody_switches_to_an_organizer_they_do_not_belong_to(app: Litestar, house: House, other_house: House) -> None:
    async with open_browser(app, token=house.owner.token) as browser:
        foreign = await browser.post("/api/organizer/me/organizer", json={"organizer_id": str(other_house.actor.organizer_id)})
        nobodys = await browser.post("/api/organizer/me/organizer", json={"organizer_id": str(new_id())})
        still = await browser.get("/api/organizer/me")

    assert (foreign.status_code, nobodys.status_code) == (403, 403)
    assert foreign.json() == nobodys.json()
    assert still.status_code == 200


async def test_another_site_cannot_use_the_cookie_nor_sign_a_visitor_in(app: Litestar, house: House) -> None:
    credentials = {"mail": house.mail, "password": PASSWORD}
    async with open_browser(app, token=house.owner.token) as browser:
        foreign = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
        sign_out = await browser.post("/api/organizer/sign-out", headers=foreign)
        sign_in = await browser.post("/api/organizer/sign-in", json=credentials, headers=foreign)
        reading = await browser.get("/api/organizer/me", headers=foreign)

    assert (sign_out.status_code, sign_in.status_code) == (403, 403)
    assert sign_out.json()["type"] == "/problems/cross-site-request"
    assert reading.status_code == 200


@pytest.mark.parametrize(("is_production", "start"), [(True, "__Host-alltickets_session=ats_x; "), (False, "alltickets_session=ats_x; ")])
def test_the_cookie_is_bound_to_the_host_and_closed_to_scripts(is_production: bool, start: str, clock: SettableClock) -> None:
    cookie = SessionCookie.for_environment(is_production=is_production)

    header = cookie.carrying("ats_x", expires_at=clock(), now=clock()).to_header(header="")

    assert header.strip().startswith(start)
    assert "HttpOnly" in header
    assert "SameSite=lax" in header
    assert "Path=/" in header
    assert "Domain" not in header
    assert ("Secure" in header) is is_production
