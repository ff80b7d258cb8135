"""Filling the database with the demo, once: what is there is found again, and what an interrupted run left is finished."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

import alltickets.inventory.handlers
from alltickets.access.schemas import CheckpointPut
from alltickets.catalog.interface import EventStatus
from alltickets.catalog.schemas.organizer import AppearanceChange, EventCreate, EventRead, TicketTypeCreate
from alltickets.demo.abroad import evening_abroad
from alltickets.demo.club import club_night
from alltickets.demo.gateway import (
    is_simulated,
    mercadopago_credentials,
    payway_key,
    sandbox_secret,
    stripe_endpoint,
    stripe_key,
)
from alltickets.demo.plan import TIMEZONE, OrganizerPlan, Show, at
from alltickets.demo.promotion import INSTALMENT_PLANS, bank_promotion
from alltickets.demo.purchase import write_purchase
from alltickets.demo.scanners import ScannerTokens
from alltickets.demo.stadium import stadium_show
from alltickets.demo.theatre import theatre_run
from alltickets.identity.interface import Actor, NewOrganizer
from alltickets.kernel.errors import Trouble
from alltickets.main import Contexts, build_contexts
from alltickets.platform.outbox import Follower
from alltickets.platform.settings import Settings

__all__ = ["OWNER_MAIL", "OWNER_PASSWORD", "SeededShow", "Summary", "fill", "seed"]

BY = "demo seed"
OWNER_NAME = "Julia Arrieta"
OWNER_MAIL = "julia@demo.example"
OWNER_PASSWORD = "entradas-para-probar"  # noqa: S105 - known to everybody, and refused in production
PAGE_SIZE = 200
PAYWAY_METHODS = "1:1,3,6;31;104:1,3,6;63:1,3;111:1,3"
"""Visa, Visa Débito, Mastercard, Cabal and American Express, with the instalments of each."""

_IDS = uuid5(NAMESPACE_URL, "urn:alltickets:demo")


@dataclass(frozen=True)
class SeededShow:
    """An event of the demo, with what the door needs. `scanner_token` belongs to a scanner that is paired for it."""

    organizer_slug: str
    event_id: UUID
    slug: str
    title: str
    checkpoint_id: UUID
    scanner_token: str = field(repr=False)


@dataclass(frozen=True)
class Summary:
    """Where to look. `purchase` is a script that buys a ticket of the first show and goes in with it.

    stripe_url: the simulated Stripe; None where there is none, and then no show abroad. mercadopago_url: likewise, and no account there.
    """

    shows: tuple[SeededShow, ...]
    public_url: str
    sandbox_url: str
    purchase: Path
    stripe_url: str | None = None
    payway_url: str | None = None
    mercadopago_url: str | None = None

    def text(self) -> str:
        """For whoever has started the demo."""
        lines = [
            f"{'Three' if self.stripe_url is None else 'Four'} organizers with one owner, at the organizer's API:",
            f"  mail {OWNER_MAIL}   password {OWNER_PASSWORD}",
            f"Events, their sale open and their doors too, listed at {self.public_url}/ :",
            *(f"  {show.event_id}  {self.public_url}/e/{show.slug}" for show in self.shows),
            f"The payment gateway is a sandbox, no money moves: {self.sandbox_url}/admin",
            *([] if self.payway_url is None else [f"Cards on the club's own page, and which ones to try: {self.payway_url}/admin"]),
            *([] if self.mercadopago_url is None else [f"MercadoPago is simulated too: {self.mercadopago_url}/admin"]),
            *([] if self.stripe_url is None else [f"Dollars are paid at a simulated Stripe: {self.stripe_url}/admin"]),
            "Buy a ticket and go in with it, each step a call of curl:",
            f"  sh {self.purchase}",
        ]
        return "\n".join(lines)


def seed(settings: Settings) -> Summary:
    """Fill the database of these settings. Raises `Trouble` in production, where a password that everybody knows has no place."""
    if settings.is_production:
        raise Trouble("The demo's password is public, so its data is not put into a production database. Use a development one.")

    async def run() -> Summary:
        contexts = build_contexts(settings)
        await contexts.database.open()
        try:
            return await fill(contexts)
        finally:
            await contexts.http.aclose()
            contexts.identity.close()
            await contexts.database.close()

    return asyncio.run(run())


async def fill(contexts: Contexts) -> Summary:
    """Fill the database of these contexts, whose pool is open. A second time changes nothing while the events are still to come.

    An event that is over is followed by its next edition. When this returns, the stock of every event is open, workers or not.
    """
    now = contexts.clock()
    today = now.astimezone(ZoneInfo(TIMEZONE)).date()
    data_dir = contexts.settings.data_dir
    tokens = ScannerTokens(data_dir / "demo-scanners.json")
    shows: list[SeededShow] = []
    events: list[EventRead] = []
    stripe_url = contexts.settings.stripe_url if is_simulated(contexts.settings.stripe_url) else None
    payway_url = contexts.settings.payway_developer_url if is_simulated(contexts.settings.payway_developer_url) else None
    mercadopago_url = contexts.settings.mercadopago_url if is_simulated(contexts.settings.mercadopago_url) else None
    abroad = [] if stripe_url is None else [evening_abroad(today)]
    for show in (club_night(today), theatre_run(today), stadium_show(today), *abroad):
        actor = await _ensure_organizer(contexts, show.organizer)
        await _ensure_accent(contexts, actor, show.organizer)
        await (_ensure_account if show.organizer.gateway == "sandbox" else _ensure_stripe)(contexts, actor, show)
        await _ensure_card_account(contexts, actor, show)
        if mercadopago_url is not None and show.organizer.gateway == "sandbox":
            await _ensure_mercadopago(contexts, actor, show)
        await _ensure_offline_accounts(contexts, actor, show)
        event = await _ensure_event(contexts, actor, show, now)
        checkpoint_id = await _ensure_checkpoint(contexts, actor, show, event, at(today, 0))
        token = await _ensure_scanner(contexts, actor, event, tokens)
        shows.append(SeededShow(show.organizer.slug, event.event_id, event.slug, event.title, checkpoint_id, token))
        events.append(event)
    await Follower(contexts.database, [alltickets.inventory.handlers.subscription()]).catch_up()
    public_url = contexts.settings.public_url
    purchase = write_purchase(data_dir / "demo-purchase.sh", public_url, events[0], shows[0].checkpoint_id, shows[0].scanner_token)
    sandbox_url = contexts.settings.sandbox_url
    return Summary(tuple(shows), public_url, sandbox_url, purchase, stripe_url, payway_url, mercadopago_url)


async def _ensure_organizer(contexts: Contexts, plan: OrganizerPlan) -> Actor:
    organizer_id = uuid5(_IDS, plan.slug)
    wish = NewOrganizer(plan.name, OWNER_NAME, OWNER_MAIL, OWNER_PASSWORD, slug=plan.slug, timezone=TIMEZONE)
    ensured = await contexts.identity.organizers.ensure(wish, by=BY, organizer_id=organizer_id)
    if ensured.organizer_id != organizer_id:
        raise Trouble(f"An organizer who is not the demo's has the short name {plan.slug}. Use another database for the demo.")
    return Actor.system(organizer_id, BY)


async def _ensure_accent(contexts: Contexts, actor: Actor, plan: OrganizerPlan) -> None:
    appearances = contexts.catalog_service.appearances
    known = await appearances.read(actor)
    if known.accent is None:
        await appearances.change(actor, AppearanceChange(version=known.version, accent=plan.accent))


async def _ensure_account(contexts: Contexts, actor: Actor, show: Show) -> None:
    plan = show.organizer
    accounts = await contexts.payments.accounts.all_of(actor.organizer_id)
    if any(account.settings.get("merchant") == plan.merchant for account in accounts):
        return
    await contexts.payments.accounts.connect(
        actor,
        "sandbox",
        label="Pasarela de prueba",
        currency=show.currency,
        settings={"merchant": plan.merchant, "mode": "link"},
        credentials={"secret": sandbox_secret(plan.merchant)},
    )


async def _ensure_stripe(contexts: Contexts, actor: Actor, show: Show) -> None:
    """The account, and that its events are told to it. Only once there is an account is its address known."""
    accounts, key, settings = contexts.payments.accounts, stripe_key(show.organizer.merchant), contexts.settings
    known = [one.id for one in await accounts.all_of(actor.organizer_id) if one.gateway == "stripe"]

    async def connect(account_id: UUID | None, **more: str) -> UUID:
        credentials = {"secret_key": key, **more}
        connected = await accounts.connect(
            actor, "stripe", label="Tarjeta", currency=show.currency, settings={}, credentials=credentials, account_id=account_id
        )
        return connected.id

    account_id = known[0] if known else await connect(None)
    address = f"{settings.public_url}/api/payments/callbacks/stripe/{account_id}"
    secret = await stripe_endpoint(contexts.http, settings.stripe_url, key, address)
    if secret is not None:
        await connect(account_id, webhook_secret=secret)


async def _ensure_card_account(contexts: Contexts, actor: Actor, show: Show) -> None:
    """Cards on the organizer's own page, where it has a site at the simulated Payway: after the sandbox, which stays the first choice."""
    site = show.organizer.payway_site
    if site is None or not is_simulated(contexts.settings.payway_developer_url):
        return
    accounts = contexts.payments.accounts
    if any(account.gateway == "payway" for account in await accounts.all_of(actor.organizer_id)):
        return
    connected = await accounts.connect(
        actor,
        "payway",
        label="Tarjeta de crédito o débito",
        currency=show.currency,
        settings={"environment": "developer", "public_key": payway_key(site, "public"), "methods": PAYWAY_METHODS},
        credentials={"private_key": payway_key(site, "private")},
    )
    await accounts.set_instalment_plans(actor, connected.id, INSTALMENT_PLANS)
    await contexts.payments.promotions.create(actor, bank_promotion(show.currency))


async def _ensure_mercadopago(contexts: Contexts, actor: Actor, show: Show) -> None:
    """A second way to pay, after the sandbox."""
    accounts = contexts.payments.accounts
    if any(account.gateway == "mercadopago" for account in await accounts.all_of(actor.organizer_id)):
        return
    credentials = mercadopago_credentials(100_000_000 + actor.organizer_id.int % 900_000_000)
    await accounts.connect(actor, "mercadopago", label="MercadoPago", currency=show.currency, settings={}, credentials=credentials)


async def _ensure_offline_accounts(contexts: Contexts, actor: Actor, show: Show) -> None:
    known = {account.gateway for account in await contexts.payments.accounts.all_of(actor.organizer_id)}
    for one in show.organizer.offline:
        if one.gateway not in known:
            await contexts.payments.accounts.connect(
                actor, one.gateway, label=one.label, currency=show.currency, settings=one.settings, credentials={}
            )


async def _ensure_event(contexts: Contexts, actor: Actor, show: Show, now: datetime) -> EventRead:
    """The show's edition that is not over, or a new one. A draft is what an interrupted run left: it is begun anew."""
    events = contexts.catalog_service.events
    page = await events.page(actor, status=None, cursor=None, size=PAGE_SIZE)
    editions = [one for one in page.items if one.slug == show.slug or one.slug.startswith(f"{show.slug}-")]
    for draft in [one for one in editions if one.status == EventStatus.DRAFT]:
        editions.remove(draft)
        await events.delete(actor, draft.event_id)
    for one in reversed(editions):
        if one.ends_at is not None and one.ends_at > now:
            return await events.read(actor, one.event_id)
    slug = f"{show.slug}-{show.performances[0].starts_at:%Y-%m-%d}" if editions else show.slug
    return await _create_event(contexts, actor, show, slug)


async def _create_event(contexts: Contexts, actor: Actor, show: Show, slug: str) -> EventRead:
    catalog = contexts.catalog_service
    venue = await catalog.venues.create(actor, show.venue)
    facts = EventCreate(
        title=show.title,
        slug=slug,
        category=show.category,
        summary=show.summary,
        description=show.description,
        currency=show.currency,
        timezone=TIMEZONE,
        venue_id=venue.venue_id,
    )
    event_id = (await catalog.events.create(actor, facts)).event_id
    for performance in show.performances:
        await catalog.performances.add(actor, event_id, performance)
    sectors = {sector.name: (await catalog.sectors.add(actor, event_id, sector)).sector_id for sector in show.sectors}
    await _add_tickets(contexts, actor, event_id, show, sectors)
    for question in show.questions:
        await catalog.questions.add(actor, event_id, question)
    return await catalog.events.publish(actor, event_id)


async def _add_tickets(contexts: Contexts, actor: Actor, event_id: UUID, show: Show, sectors: dict[str, UUID]) -> None:
    """The ticket types with their prices, and the service charge of the whole."""
    version = (await contexts.price_lists.set_policy(actor, event_id, 0, show.policy)).version
    for position, plan in enumerate(show.tickets):
        body = TicketTypeCreate(
            sector_id=sectors[plan.sector],
            name=plan.name,
            price_minor=plan.price_minor,
            description=plan.description,
            sales_from=plan.sales_from,
            per_order_max=plan.per_order_max,
            per_buyer_max=plan.per_buyer_max,
            quantity_max=plan.quantity_max,
            position=position,
        )
        ticket_type = await contexts.catalog_service.ticket_types.add(actor, event_id, body)
        if plan.phases:
            prices = await contexts.price_lists.set_phases(actor, event_id, ticket_type.ticket_type_id, version, plan.phases)
            version = prices.version


async def _ensure_checkpoint(contexts: Contexts, actor: Actor, show: Show, event: EventRead, opens_at: datetime) -> UUID:
    """The event's door. It is open already, not only when the doors of the performance are, so that it can be tried."""
    checkpoint_id = uuid5(event.event_id, "checkpoint")
    known = await contexts.access.checkpoints(actor, event.event_id)
    if all(one.checkpoint_id != checkpoint_id for one in known):
        await contexts.access.put_checkpoint(actor, event.event_id, checkpoint_id, CheckpointPut(show.checkpoint, opens_at=opens_at))
    return checkpoint_id


async def _ensure_scanner(contexts: Contexts, actor: Actor, event: EventRead, tokens: ScannerTokens) -> str:
    """The token of a scanner that is paired for the event. One whose token is not at hand is replaced: it is shown only once."""
    devices = contexts.identity.devices
    page = await devices.devices(actor, cursor=None, size=PAGE_SIZE)
    for device in [one for one in page.items if one.event_id == event.event_id and one.status != "revoked"]:
        token = tokens.get(device.device_id)
        if token is not None and device.status == "paired":
            return token
        if device.name == _scanner_name(event):
            await devices.revoke(actor, device.device_id)
    announced = await devices.create(actor, _scanner_name(event), event_id=event.event_id)
    paired = await devices.pair(announced.pairing_code, address=BY)
    tokens.keep(paired.actor.device_id, paired.token)
    return paired.token


def _scanner_name(event: EventRead) -> str:
    return f"Escáner de prueba, {event.title}"
