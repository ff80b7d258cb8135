"""The demo: it is there after one run, a second changes nothing, and everything in it can be bought and entered."""

import json
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import psycopg
import pytest
import pytest_asyncio

from alltickets import demo
from alltickets.access.interface import Outcome
from alltickets.access.schemas import ScanRequest
from alltickets.catalog.interface import EventSnapshot, EventStatus, QuestionKind, visible_ticket_types, why_unsellable
from alltickets.demo.gateway import is_simulated, mercadopago_credentials, payway_key, sandbox_secret
from alltickets.demo.plan import TIMEZONE
from alltickets.identity.interface import Actor, DeviceActor
from alltickets.kernel.errors import Trouble
from alltickets.kernel.ids import new_id
from alltickets.main import Contexts, build_contexts
from alltickets.migrations import run as migrations
from alltickets.orders.schemas import HoldWrite, OrderWrite
from alltickets.orders.service import PlaceHold
from alltickets.platform.settings import Settings
from alltickets.pricing.interface import SelectedLine
from simulators.mercadopago.credentials import APPLICATION, Keys, Seller
from simulators.payway.sites import key_of
from simulators.sandbox.credentials import secret_of
from simulators.stripe.keys import secret_key
from tests.conftest import SettableClock, with_database
from tests.payments.stripe import StripeAccount, running_stripe
from tests.sql_rules import check_statement

CLUB, THEATRE, STADIUM, ABROAD = range(4)
STRIPE = ("acct_0de0005a17a0b1ed", secret_key("acct_0de0005a17a0b1ed"))
# Everything that a run could write a second time.
COUNTED = (
    "identity.organizers",
    "identity.memberships",
    "identity.devices",
    "identity.audit_entries",
    "catalog.venues",
    "catalog.events",
    "catalog.performances",
    "catalog.ticket_types",
    "catalog.questions",
    "inventory.pools",
    "inventory.seats",
    "pricing.price_phases",
    "pricing.charge_policies",
    "payments.accounts",
    "access.checkpoints",
    "platform.events",
)


@pytest.fixture(scope="module")
def own_database_url(postgres_url: str) -> Iterator[str]:
    """A database that has nothing but the demo: seeding delivers everybody's planned stock."""
    name = f"demo_{new_id().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    url = with_database(postgres_url, name)
    migrations.upgrade(url)
    yield url
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def settings(own_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(database_url=own_database_url, data_dir=tmp_path_factory.mktemp("demo"), payway_developer_url="http://127.0.0.1:8003")


@pytest.fixture(scope="module")
def summary(settings: Settings) -> demo.Summary:
    """What the first run says."""
    return demo.seed(settings)


@pytest_asyncio.fixture
async def contexts(settings: Settings, clock: SettableClock, summary: demo.Summary) -> AsyncIterator[Contexts]:
    """A process that works on the demo."""
    contexts = build_contexts(settings, clock=clock, observe=check_statement)
    await contexts.database.open()
    yield contexts
    await contexts.http.aclose()
    contexts.identity.close()
    await contexts.database.close()


async def event_of(contexts: Contexts, show: demo.SeededShow) -> EventSnapshot:
    event = await contexts.catalog.snapshot(show.event_id)
    assert event is not None
    return event


async def counts_of(contexts: Contexts, organizer_id: UUID) -> dict[str, int]:
    counts = {}
    async with contexts.database.reading(organizer_id) as reader:
        for table in COUNTED:
            [(counts[table],)] = await reader.fetch_tuples(f"SELECT count(*) FROM {table} WHERE organizer_id = %(organizer_id)s")
    return counts


async def test_a_second_run_changes_nothing(contexts: Contexts, summary: demo.Summary) -> None:
    organizers = {(await event_of(contexts, show)).organizer_id for show in summary.shows}
    before = [await counts_of(contexts, organizer_id) for organizer_id in sorted(organizers)]

    again = await demo.fill(contexts)

    assert again == summary
    assert [await counts_of(contexts, organizer_id) for organizer_id in sorted(organizers)] == before


async def test_an_event_that_is_over_is_followed_by_its_next_edition(
    contexts: Contexts, summary: demo.Summary, clock: SettableClock
) -> None:
    clock.advance(days=30)

    later = await demo.fill(contexts)

    assert later.shows[CLUB].event_id != summary.shows[CLUB].event_id
    assert re.fullmatch(r"noche-de-niebla-\d{4}-\d\d-\d\d", later.shows[CLUB].slug)
    assert later.shows[STADIUM] == summary.shows[STADIUM]


@pytest.mark.parametrize("index", [CLUB, THEATRE, STADIUM])
async def test_every_offer_is_on_sale_and_has_a_price_and_places(contexts: Contexts, summary: demo.Summary, index: int) -> None:
    event = await event_of(contexts, summary.shows[index])
    levels = {pool.pool_id: pool for pool in await contexts.inventory.pools(event.organizer_id, event.event_id)}

    assert event.status == EventStatus.PUBLISHED
    assert visible_ticket_types(event, None) == list(event.ticket_types.values())
    for (performance_id, ticket_type_id), pool_ids in event.offers.items():
        assert why_unsellable(event, (performance_id, ticket_type_id), contexts.clock()) is None
        assert all(levels[pool_id].capacity > 0 for pool_id in pool_ids)
        quote = await contexts.pricing.quote(event, [SelectedLine(performance_id, ticket_type_id, 2)], at=contexts.clock())
        assert quote.totals.total.minor > 0
        assert quote.totals.charge.minor > 0


async def test_the_club_sells_its_early_birds_first(contexts: Contexts, summary: demo.Summary) -> None:
    event = await event_of(contexts, summary.shows[CLUB])
    [(performance_id, ticket_type_id)] = event.offers

    quote = await contexts.pricing.quote(event, [SelectedLine(performance_id, ticket_type_id, 202)], at=contexts.clock())

    assert [(part.quantity, part.unit.final.minor) for part in quote.lines[0].parts] == [(200, 1_200_000), (2, 1_500_000)]


async def test_the_theatre_asks_for_a_dni_and_numbers_one_sector_of_three(contexts: Contexts, summary: demo.Summary) -> None:
    event = await event_of(contexts, summary.shows[THEATRE])

    assert len(event.performances) == 4
    assert [sector.is_numbered for sector in event.sectors.values()] == [True, False, False]
    assert [(question.key, question.kind) for question in event.questions if question.required] == [("dni", QuestionKind.DOCUMENT)]


async def test_the_stadium_has_fifty_thousand_places_on_sale_since_today(contexts: Contexts, summary: demo.Summary) -> None:
    event = await event_of(contexts, summary.shows[STADIUM])
    pools = await contexts.inventory.pools(event.organizer_id, event.event_id)
    opened = {one.sales_from for one in event.ticket_types.values()}

    assert sum(pool.capacity for pool in pools) == 50_000
    [sales_from] = opened
    assert sales_from is not None
    assert timedelta(0) <= contexts.clock() - sales_from < timedelta(days=1)
    assert (sales_from.astimezone(ZoneInfo(TIMEZONE)).hour, event.venue and event.venue.capacity) == (0, 50_000)


@pytest.mark.parametrize("index", [CLUB, THEATRE, STADIUM])
async def test_a_place_can_be_held_at_every_event(contexts: Contexts, summary: demo.Summary, index: int) -> None:
    event = await event_of(contexts, summary.shows[index])
    performance_id, ticket_type_id = next(iter(event.offers))
    is_numbered = event.sectors[event.ticket_types[ticket_type_id].sector_id].is_numbered
    line = SelectedLine(performance_id, ticket_type_id, 1, ("A-1",) if is_numbered else ())

    held = await contexts.orders.holding.place(PlaceHold(new_id(), event.event_id, new_id(), "192.0.2.7", (line,)))

    await contexts.orders.holding.release(event.event_id, held.hold_id)
    assert held.quote.totals.total.minor > 0


@pytest.mark.parametrize("index", [CLUB, THEATRE, STADIUM])
async def test_the_scanner_of_every_event_gets_answers_at_its_checkpoint(contexts: Contexts, summary: demo.Summary, index: int) -> None:
    show = summary.shows[index]
    device = await contexts.identity.authenticator.authenticate([(b"authorization", f"Bearer {show.scanner_token}".encode())])
    assert isinstance(device, DeviceActor)

    answer = await contexts.access.scan(device, ScanRequest(new_id(), show.checkpoint_id, "NOT A TICKET"))

    assert answer.outcome == Outcome.UNKNOWN


async def test_every_organizer_can_be_paid_at_the_sandbox(contexts: Contexts, summary: demo.Summary) -> None:
    for show in summary.shows:
        event = await event_of(contexts, show)
        account, *others = await contexts.payments.accounts.all_of(event.organizer_id)
        assert (account.gateway, account.currency, account.is_enabled) == ("sandbox", "ARS", True)
        assert sandbox_secret(account.settings["merchant"]) == secret_of(account.settings["merchant"])
        expected = {CLUB: ["payway"], THEATRE: ["transfer", "cash"]}
        assert [one.gateway for one in others] == expected.get(summary.shows.index(show), [])


async def test_the_club_takes_cards_at_the_simulated_payway(contexts: Contexts, summary: demo.Summary) -> None:
    event = await event_of(contexts, summary.shows[CLUB])
    [account] = [one for one in await contexts.payments.accounts.all_of(event.organizer_id) if one.gateway == "payway"]
    site = account.settings["public_key"][:8]

    assert (account.label, account.is_enabled) == ("Tarjeta de crédito o débito", True)
    assert account.settings["public_key"] == key_of(site, "public")
    assert payway_key(site, "private") == key_of(site, "private")
    assert f"{contexts.settings.payway_developer_url}/admin" in summary.text()


def test_the_simulated_mercadopago_knows_the_demos_sellers() -> None:
    keys = Keys()

    assert mercadopago_credentials(123456789) == {
        # Of the old sandbox, so that nobody takes the demo's account for one where money moves.
        "access_token": keys.token_of(123456789).replace("APP_USR-", "TEST-"),
        "webhook_secret": keys.webhook_secret_of(APPLICATION),
    }
    assert keys.seller_of(mercadopago_credentials(123456789)["access_token"]) == Seller(123456789, APPLICATION)


def test_the_real_stripe_is_told_nothing(summary: demo.Summary) -> None:
    assert is_simulated("http://127.0.0.1:8002")
    assert not is_simulated("https://api.stripe.com")
    assert "Stripe" not in summary.text()


async def test_the_owner_signs_in_with_what_the_summary_says(contexts: Contexts, summary: demo.Summary) -> None:
    found = re.search(r"mail (\S+)   password (\S+)", summary.text())
    assert found is not None

    signed_in = await contexts.identity.sessions.sign_in(found[1], found[2], address="192.0.2.7")

    assert signed_in.actor.organizer_id in {(await event_of(contexts, show)).organizer_id for show in summary.shows}


async def test_a_lost_scanner_file_costs_a_new_scanner_and_ends_the_old_one(contexts: Contexts, summary: demo.Summary) -> None:
    (contexts.settings.data_dir / "demo-scanners.json").unlink()

    again = await demo.fill(contexts)

    event = await event_of(contexts, summary.shows[CLUB])
    page = await contexts.identity.devices.devices(Actor.system(event.organizer_id, "demo test"), cursor=None, size=200)
    assert sorted(device.status for device in page.items if device.event_id == event.event_id) == ["paired", "revoked"]
    assert again.shows[CLUB].scanner_token != summary.shows[CLUB].scanner_token


def test_the_purchase_script_is_shell_and_says_what_the_interface_takes(summary: demo.Summary) -> None:
    script = summary.purchase.read_text()
    bodies = [json.loads(body.replace('\\"', '"')) for body in re.findall(r'--data "(\{.*\})"', script)]
    hold, order, first_scan, second_scan = bodies
    some_id = str(new_id())

    subprocess.run(["sh", "-n", str(summary.purchase)], check=True)
    assert summary.purchase.stat().st_mode & 0o077 == 0
    msgspec.convert({**hold, "visitor_id": some_id}, HoldWrite)
    msgspec.convert({**order, "hold_id": some_id}, OrderWrite)
    msgspec.convert({**first_scan, "scan_id": some_id}, ScanRequest)
    assert first_scan == second_scan


def test_production_gets_no_demo(own_database_url: str, tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="production"):
        demo.seed(Settings(environment="production", database_url=own_database_url, data_dir=tmp_path))


async def test_where_stripe_is_simulated_there_is_a_show_in_dollars(
    settings: Settings, clock: SettableClock, summary: demo.Summary, tmp_path: Path
) -> None:
    # Last, because the owner has four organizers from here on.
    with running_stripe(tmp_path) as stripe:
        contexts = build_contexts(msgspec.structs.replace(settings, stripe_url=stripe.url), clock=clock, observe=check_statement)
        await contexts.database.open()
        filled = await demo.fill(contexts)
        again = await demo.fill(contexts)
        event = await event_of(contexts, filled.shows[ABROAD])
        [account] = await contexts.payments.accounts.all_of(event.organizer_id)
        checked = await contexts.payments.accounts.check(event.organizer_id, account.id)
        endpoints = stripe.call(StripeAccount(*STRIPE), "GET", "/webhook_endpoints")["data"]
        await contexts.http.aclose()
        contexts.identity.close()
        await contexts.database.close()

    assert again == filled
    assert [show.event_id for show in filled.shows[:ABROAD]] == [show.event_id for show in summary.shows]
    assert (account.gateway, account.currency, checked.is_working) == ("stripe", "USD", True)
    assert [one["url"] for one in endpoints] == [f"http://127.0.0.1:8000/api/payments/callbacks/stripe/{account.id}"]
    assert f"simulated Stripe: {stripe.url}/admin" in filled.text()
