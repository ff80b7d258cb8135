"""The composition root: settings -> contexts -> application for a surface. Plain calls, in this order; nothing registers itself."""

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx
from litestar import Litestar, Router

import alltickets.access.lane
import alltickets.access.routes
import alltickets.catalog.routes
import alltickets.evidence.routes
import alltickets.identity.jobs
import alltickets.identity.routes
import alltickets.inventory.handlers
import alltickets.inventory.jobs
import alltickets.inventory.routes
import alltickets.marketing.handlers
import alltickets.marketing.jobs
import alltickets.marketing.routes
import alltickets.notifications.handlers
import alltickets.notifications.jobs
import alltickets.notifications.routes
import alltickets.orders.handlers
import alltickets.orders.lane
import alltickets.orders.routes
import alltickets.orders.withdrawal_routes
import alltickets.payments.callbacks.routes
import alltickets.payments.disputes.routes
import alltickets.payments.flags.routes
import alltickets.payments.handlers
import alltickets.payments.jobs
import alltickets.payments.lane
import alltickets.payments.offline_routes
import alltickets.payments.promotions.routes
import alltickets.payments.reconciliation.routes
import alltickets.payments.routes
import alltickets.payments.routing.routes
import alltickets.payments.sellers.routes
import alltickets.pricing.routes
import alltickets.tickets.jobs
import alltickets.tickets.routes
from alltickets import VERSION
from alltickets.access.interface import Access, read_admitted
from alltickets.catalog.interface import Catalog, CatalogService
from alltickets.evidence.service import Evidence
from alltickets.health import Health, health_router
from alltickets.identity.interface import Authorization, IdentityService, Passwords, SessionCookie, allow_anyone, check_every_route_declares
from alltickets.inventory.interface import Inventory, Levels
from alltickets.kernel.time import Clock, system_clock
from alltickets.marketing.interface import Framing, WaitingList
from alltickets.notifications.interface import Notifications, papers_of
from alltickets.orders.interface import Orders
from alltickets.payments.gateways.calls import http_client
from alltickets.payments.gateways.mercadopago import MercadoPago, MercadoPagoApplication
from alltickets.payments.gateways.offline import Cash, Transfer
from alltickets.payments.gateways.payway import Payway
from alltickets.payments.gateways.sandbox import Sandbox
from alltickets.payments.gateways.stripe import Stripe
from alltickets.payments.interface import Payments
from alltickets.payments.port import Provider
from alltickets.payments.sellers.port import Application
from alltickets.platform import embedded, logs, memory
from alltickets.platform.database import Database
from alltickets.platform.http.address import AddressReader
from alltickets.platform.http.application import build_application
from alltickets.platform.http.lane import HotRoute, Lane
from alltickets.platform.http.stopping import on_told_to_stop
from alltickets.platform.http.telemetry import Edge
from alltickets.platform.jobs import Jobs
from alltickets.platform.loops import Loop
from alltickets.platform.mail.mailbox import Mailbox
from alltickets.platform.mail.server import MailServer
from alltickets.platform.mail.smtp import Outlet, Smtp
from alltickets.platform.notify import Listener
from alltickets.platform.outbox import Subscription
from alltickets.platform.secrets import KeyRing
from alltickets.platform.settings import Settings, SettingsError
from alltickets.pricing.interface import PriceLists, Pricing
from alltickets.problems import PROBLEMS
from alltickets.storefront.organizers import Organizers
from alltickets.storefront.site import Storefront
from alltickets.storefront.sources import Sources
from alltickets.tickets.interface import EventKeys, Tickets

__all__ = [
    "Contexts",
    "application",
    "build_asgi",
    "build_contexts",
    "database_urls",
    "jobs_of",
    "key_ring_of",
    "loops_of",
    "mail_sender_of",
    "subscriptions_of",
]


@dataclass(frozen=True)
class Contexts:
    """Every context of one process, put together."""

    settings: Settings
    clock: Clock
    database: Database
    listener: Listener
    http: httpx.AsyncClient
    addresses: AddressReader
    identity: IdentityService
    catalog: Catalog
    catalog_service: CatalogService
    inventory: Inventory
    pricing: Pricing
    price_lists: PriceLists
    payments: Payments
    event_keys: EventKeys
    tickets: Tickets
    orders: Orders
    access: Access
    waiting_list: WaitingList
    framing: Framing
    notifications: Notifications
    evidence: Evidence

    async def open(self) -> None:
        """Start what runs beside requests. The database need not be there yet."""
        await self.database.open()
        self.listener.start()

    async def hear_stop(self) -> None:
        """Let those go who wait for news when the process is told to stop: the server closes the rest only once they are gone."""
        on_told_to_stop(self.orders.watching.stop)

    async def close(self) -> None:
        """Finish what was accepted, then let go, in the reverse order of building."""
        await self.access.drained()
        await self.orders.drained()
        await self.payments.drained()
        await self.listener.stop()
        await self.notifications.outlet.close()
        await self.http.aclose()
        self.tickets.close()
        self.identity.close()
        await self.database.close()


def database_urls(settings: Settings) -> tuple[str, str]:
    """The database's URL, and the one that reaches it without a pooler. Raises `SettingsError` when none is set and none runs."""
    url = settings.database_url or embedded.running_url(settings.data_dir)
    if url is None:
        raise SettingsError(["ALLTICKETS_DATABASE_URL: not set, and no embedded database runs here; start one with `alltickets up`"])
    return url, settings.database_direct_url or url


def key_ring_of(settings: Settings) -> KeyRing:
    """The ring of ALLTICKETS_KEY_RING; in development, where it is not set, one made once in the data folder."""
    if settings.key_ring is not None:
        return KeyRing(settings.key_ring)
    path = settings.data_dir / "keyring"
    if not path.exists():
        # Made whole under another name, then linked: of several processes that start at once each reads the same, complete ring.
        mine = path.with_name(f"keyring.{os.getpid()}")
        with open(mine, "w", opener=_private) as file:
            file.write(f"1:{KeyRing.generate_key()}")
        with contextlib.suppress(FileExistsError):
            os.link(mine, path)
        mine.unlink()
    return KeyRing(path.read_text())


def mail_sender_of(settings: Settings) -> str:
    """The address that mail comes from: ALLTICKETS_MAIL_SENDER, or one at the host that browsers know."""
    return settings.mail_sender or f"entradas@{_mail_host(settings.public_url)}"


def outlet_of(settings: Settings, clock: Clock) -> Outlet:
    """What mail leaves by: the mail server; on a development machine without one, the mailbox of /dev/mail."""
    if settings.smtp_url is None:
        return mailbox_of(settings)
    return Smtp(MailServer.parse(settings.smtp_url), clock, own_name=_mail_host(settings.public_url))


def mailbox_of(settings: Settings) -> Mailbox:
    """The development mailbox, the same for every process on the data folder."""
    return Mailbox(settings.data_dir / "mail")


def gateways_of(settings: Settings, client: httpx.AsyncClient) -> list[Provider]:
    """Every payment provider that organizers may connect accounts of."""
    return [
        Sandbox(settings.sandbox_url, client),
        MercadoPago(settings.mercadopago_url, client, _mercadopago_webhook_secrets(settings)),
        Payway(settings.payway_url, client, developer_url=settings.payway_developer_url),
        Stripe(settings.stripe_url, client),
        Transfer(),
        Cash(),
    ]


def applications_of(settings: Settings, client: httpx.AsyncClient) -> list[Application]:
    """The platform's applications at providers, as far as they are configured."""
    if settings.mercadopago_client_id is None or settings.mercadopago_client_secret is None:
        return []
    return [
        MercadoPagoApplication(
            client,
            base_url=settings.mercadopago_url,
            authorization_url=settings.mercadopago_authorization_url,
            client_id=settings.mercadopago_client_id,
            client_secret=settings.mercadopago_client_secret,
            webhook_secrets=_mercadopago_webhook_secrets(settings),
        )
    ]


def _mercadopago_webhook_secrets(settings: Settings) -> list[str]:
    secrets = (settings.mercadopago_webhook_secret, settings.mercadopago_webhook_secret_before)
    return [secret for secret in secrets if secret is not None]


def _payments_of(settings: Settings, database: Database, clock: Clock, key_ring: KeyRing, http: httpx.AsyncClient) -> Payments:
    return Payments(
        database,
        clock,
        key_ring,
        gateways_of(settings, http),
        public_url=settings.public_url,
        test_accounts_sell=settings.test_accounts_sell,
        fee_tax_basis_points=settings.fee_tax_basis_points,
        cftea_year=settings.cftea_year,
        applications=applications_of(settings, http),
    )


def build_contexts(
    settings: Settings, *, clock: Clock = system_clock, observe: Callable[[str], None] | None = None, passwords: Passwords | None = None
) -> Contexts:
    """Build every context. Opens nothing; `observe` sees every statement, `passwords` are hashed at other costs than production's."""
    url, direct_url = database_urls(settings)
    database = Database(url, pool_size=settings.database_pool_size, is_pooled=url != direct_url, observe=observe)
    listener = Listener(direct_url)
    http = http_client()
    key_ring = key_ring_of(settings)
    identity = IdentityService(database, clock, SessionCookie.for_environment(is_production=settings.is_production), passwords=passwords)
    catalog = Catalog(database)
    catalog_service = CatalogService(database, clock, catalog)
    levels = Levels(database)
    pricing = Pricing(database, levels)
    payments = _payments_of(settings, database, clock, key_ring, http)
    event_keys = EventKeys(database, clock, key_ring)
    tickets = Tickets(database, clock, event_keys, catalog)
    orders = Orders(
        database, clock, catalog, catalog_service.codes, levels, pricing, payments, tickets, key_ring, settings, admitted=read_admitted
    )
    payments.reservations.wanted = orders.wanting.wanted
    waiting_list = WaitingList(database, clock, catalog, levels, key_ring, public_url=settings.public_url)
    jobs = Jobs(direct_url)
    notifications = Notifications(
        database,
        clock,
        jobs,
        orders,
        waiting_list,
        outlet_of(settings, clock),
        sender=mail_sender_of(settings),
        public_url=settings.public_url,
        attachments=papers_of(orders),
    )
    # Known to those who defer them here; a worker works them off with registers of its own (`jobs_of`).
    alltickets.notifications.jobs.register(jobs, notifications)
    contexts = Contexts(
        settings=settings,
        clock=clock,
        database=database,
        listener=listener,
        http=http,
        addresses=AddressReader(settings.trusted_proxies),
        identity=identity,
        catalog=catalog,
        catalog_service=catalog_service,
        inventory=Inventory(database, clock),
        pricing=pricing,
        price_lists=PriceLists(database, pricing),
        payments=payments,
        event_keys=event_keys,
        tickets=tickets,
        orders=orders,
        access=Access(database, clock, event_keys, catalog),
        waiting_list=waiting_list,
        framing=Framing(database, allows_loopback=not settings.is_production),
        notifications=notifications,
        evidence=Evidence(database, catalog, payments, tickets),
    )
    for follower in (identity.authenticator, catalog, pricing, event_keys, orders.watching, contexts.access):
        follower.follow(listener)
    # Whoever listens notices first that the database was away: a process that had nothing else to do then is mended before it is asked.
    listener.on("database", lambda _: database.mend())
    return contexts


def subscriptions_of(contexts: Contexts) -> list[Subscription]:
    """Who listens to the event log."""
    return [
        alltickets.inventory.handlers.subscription(),
        *alltickets.payments.handlers.subscriptions(contexts.payments),
        alltickets.orders.handlers.subscription(contexts.orders),
        alltickets.marketing.handlers.subscription(contexts.waiting_list),
        alltickets.notifications.handlers.subscription(contexts.notifications),
    ]


def loops_of(contexts: Contexts) -> list[Loop]:
    """What comes back by itself."""
    return [
        *alltickets.identity.jobs.loops(contexts.identity),
        *alltickets.inventory.jobs.loops(contexts.inventory),
        *alltickets.payments.jobs.loops(contexts.payments),
        *alltickets.tickets.jobs.loops(contexts.event_keys),
        *alltickets.marketing.jobs.loops(contexts.waiting_list),
    ]


def jobs_of(contexts: Contexts) -> Jobs:
    """The jobs that are worked off. Made anew for each worker that begins: one whose database went away cannot begin again."""
    jobs = Jobs(database_urls(contexts.settings)[1])
    alltickets.notifications.jobs.register(jobs, contexts.notifications)
    return jobs


def routers_of(contexts: Contexts, surface: str) -> list[Router]:
    """The routers of a surface."""
    shop = [
        alltickets.catalog.routes.shop_router(contexts.catalog_service, contexts.addresses),
        alltickets.pricing.routes.shop_router(
            contexts.catalog, contexts.catalog_service.codes, contexts.pricing, contexts.clock, contexts.addresses
        ),
        alltickets.orders.routes.shop_router(contexts.orders, contexts.addresses),
        alltickets.payments.routes.callback_router(contexts.payments),
        alltickets.payments.sellers.routes.notice_router(contexts.payments),
        alltickets.notifications.routes.shop_router(contexts.notifications, contexts.addresses, contexts.orders.opening),
        *([] if contexts.settings.is_production else [alltickets.notifications.routes.development_router(mailbox_of(contexts.settings))]),
    ]
    organizer = [
        alltickets.identity.routes.organizer_router(contexts.identity, contexts.addresses),
        alltickets.catalog.routes.organizer_router(contexts.catalog_service),
        alltickets.inventory.routes.organizer_router(contexts.inventory, contexts.catalog),
        alltickets.pricing.routes.organizer_router(contexts.price_lists),
        alltickets.payments.routes.organizer_router(contexts.payments),
        alltickets.payments.sellers.routes.seller_router(contexts.payments),
        alltickets.payments.reconciliation.routes.router(contexts.payments.reconciliation),
        alltickets.payments.offline_routes.offline_router(contexts.payments),
        alltickets.payments.disputes.routes.router(contexts.payments.disputes),
        alltickets.payments.callbacks.routes.router(contexts.payments),
        alltickets.payments.flags.routes.router(contexts.payments),
        alltickets.evidence.routes.organizer_router(contexts.evidence),
        alltickets.payments.routing.routes.routing_router(contexts.payments),
        alltickets.payments.promotions.routes.promotions_router(contexts.payments.promotions),
        alltickets.tickets.routes.organizer_router(contexts.tickets),
        alltickets.orders.routes.organizer_router(contexts.orders, contexts.addresses),
        alltickets.orders.withdrawal_routes.organizer_router(contexts.orders),
        alltickets.access.routes.organizer_router(contexts.access),
        alltickets.marketing.routes.organizer_router(contexts.waiting_list, contexts.framing),
        alltickets.notifications.routes.organizer_router(contexts.notifications),
    ]
    gate = [
        alltickets.identity.routes.gate_router(contexts.identity, contexts.addresses),
        alltickets.tickets.routes.gate_router(contexts.tickets),
        alltickets.access.routes.gate_router(contexts.access),
    ]
    return {"all": [*shop, *organizer, *gate], "shop": shop, "organizer": organizer, "gate": gate}[surface]


def hot_routes_of(contexts: Contexts, surface: str, storefront: Storefront | None) -> list[HotRoute]:
    """The hot lane of a surface."""
    shop = [
        *alltickets.orders.lane.hot_routes(contexts.orders),
        *alltickets.payments.lane.hot_routes(contexts.payments),
        *(storefront.hot_routes() if storefront else []),
    ]
    gate = alltickets.access.lane.hot_routes(contexts.access, contexts.identity.authenticator)
    return {"all": [*shop, *gate], "shop": shop, "organizer": [], "gate": gate}[surface]


def storefront_of(contexts: Contexts, surface: str) -> Storefront | None:
    """The public pages; None on a surface that has none."""
    if surface not in ("all", "shop"):
        return None
    sources = Sources(
        database=contexts.database,
        clock=contexts.clock,
        catalog=contexts.catalog,
        catalog_service=contexts.catalog_service,
        pricing=contexts.pricing,
        payments=contexts.payments,
        orders=contexts.orders,
        notifications=contexts.notifications,
        waiting_list=contexts.waiting_list,
        organizers=Organizers(contexts.database),
    )
    storefront = Storefront(
        sources, PROBLEMS, contexts.addresses, contexts.notifications.queueing.ask_recovery, site_url=contexts.settings.public_url
    )
    storefront.follow(contexts.listener)
    return storefront


def build_litestar(contexts: Contexts, surface: str, storefront: Storefront | None) -> Litestar:
    """The framework's part of a surface. Raises `UndeclaredRoutes` if a route does not say who may call it."""
    authorization = Authorization(contexts.identity.authenticator, contexts.identity.cookie)
    health = Health(contexts.database, database_urls(contexts.settings)[1], [one.name for one in subscriptions_of(contexts)])
    app = build_application(
        routers=[*routers_of(contexts, surface), *([storefront.router()] if storefront else []), health_router(health)],
        plugins=[authorization],
        security_schemes=authorization.security_schemes(),
        document_guard=allow_anyone("the document describes what is offered, nothing of anybody"),
        problems=PROBLEMS,
        page_of_problem=storefront.errors.for_browser if storefront else None,
        body_bytes_max=contexts.settings.body_bytes_max,
        version=VERSION,
        public_url=contexts.settings.public_url,
        on_start=[contexts.open, contexts.hear_stop],
        on_stop=[contexts.close],
    )
    check_every_route_declares(app)
    return app


def build_asgi(contexts: Contexts, surface: str) -> Any:
    """A surface as one ASGI application: the hot lane in front, the framework behind."""
    storefront = storefront_of(contexts, surface)
    rest = Edge(build_litestar(contexts, surface, storefront))
    routes = hot_routes_of(contexts, surface, storefront) if contexts.settings.hot_lane else []
    return Lane(routes, rest, problems=PROBLEMS, addresses=contexts.addresses, body_bytes_max=contexts.settings.body_bytes_max)


def application() -> Any:
    """The factory that the HTTP server calls in each of its processes. Settings come from the environment."""
    settings = Settings.from_environment()
    logs.set_up(settings.log_format, settings.log_level)
    app = build_asgi(build_contexts(settings), settings.surface)
    memory.settle()
    return app


def _mail_host(public_url: str) -> str:
    """The host of the public URL as it may stand in a mail address."""
    host = urlsplit(public_url).hostname or "localhost"
    with contextlib.suppress(ValueError):
        return "localhost" if ip_address(host) else host
    return host


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
