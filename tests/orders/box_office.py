"""A box office on the real database: a published event, its stock opened, an account to be paid on, and everything that sells."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx

import alltickets.inventory.handlers
import alltickets.orders.handlers
import alltickets.payments.handlers
from alltickets.access.interface import read_admitted
from alltickets.catalog.interface import AccessCodes, Catalog, CatalogService, EventSnapshot
from alltickets.catalog.schemas.organizer import (
    EventCreate,
    PerformanceCreate,
    SectorCreate,
    TicketTypeChange,
    TicketTypeCreate,
    VenueCreate,
)
from alltickets.identity.interface import Actor
from alltickets.inventory.interface import Inventory, Levels
from alltickets.kernel.ids import new_id
from alltickets.orders.records import Order
from alltickets.orders.rules import Buyer
from alltickets.orders.service import HeldPlaces, Orders, PlacedOrder, PlaceHold, PlaceOrder
from alltickets.payments.gateways.offline import Cash, Transfer
from alltickets.payments.gateways.sandbox import Sandbox
from alltickets.payments.interface import Payments
from alltickets.payments.port import GatewayError
from alltickets.payments.refunds.store import claim_due, mark_refund
from alltickets.platform.database import Database
from alltickets.platform.events import Event
from alltickets.platform.outbox import Follower
from alltickets.platform.secrets import KeyRing
from alltickets.platform.settings import Settings
from alltickets.pricing.interface import Pricing, SelectedLine
from alltickets.tickets.interface import EventKeys, ShownTicket, Tickets
from tests.conftest import SettableClock
from tests.payments.callbacks import SandboxPayment, callback
from tests.payments.sandbox import Merchant
from tests.stream import events_of

PRICE = 1_000_000
ANA = Buyer("Ana Paz", "ana@example.com", "30111222")


@dataclass
class Process:
    """What one process has: copies, caches and coalescers of its own. No gateway is ever called: links are signed here."""

    catalog: Catalog
    payments: Payments
    tickets: Tickets
    orders: Orders
    follower: Follower

    @staticmethod
    def build(database: Database, clock: SettableClock, key_ring: KeyRing, settings: Settings) -> "Process":
        catalog, levels = Catalog(database), Levels(database)
        pricing = Pricing(database, levels)
        gateway = Sandbox(settings.sandbox_url, httpx.AsyncClient(transport=httpx.MockTransport(_refuse)))
        payments = Payments(database, clock, key_ring, [gateway, Transfer(), Cash()], public_url=settings.public_url)
        tickets = Tickets(database, clock, EventKeys(database, clock, key_ring), catalog)
        codes = AccessCodes(database, clock)
        orders = Orders(database, clock, catalog, codes, levels, pricing, payments, tickets, key_ring, settings, admitted=read_admitted)
        subscriptions = [
            alltickets.inventory.handlers.subscription(),
            # Not the ledger: what these tests say in the name of payments is of charges that payments do not have.
            *[one for one in alltickets.payments.handlers.subscriptions(payments) if one.name == "payments"],
            alltickets.orders.handlers.subscription(orders),
        ]
        return Process(catalog, payments, tickets, orders, Follower(database, subscriptions))


@dataclass
class BoxOffice:
    """An event on sale: one performance, an unnumbered sector, one ticket type. What a test does not care about is filled in."""

    database: Database
    clock: SettableClock
    key_ring: KeyRing
    actor: Actor
    settings: Settings
    process: Process
    merchant: Merchant = field(default_factory=Merchant.fresh)
    account_id: UUID | None = None
    event_id: UUID = field(default_factory=new_id)
    performance_id: UUID = field(default_factory=new_id)
    sector_id: UUID = field(default_factory=new_id)
    ticket_type_id: UUID = field(default_factory=new_id)

    @staticmethod
    def build(database: Database, clock: SettableClock, key_ring: KeyRing, organizer_id: UUID) -> "BoxOffice":
        settings = Settings(holds_per_address_max=1_000)
        process = Process.build(database, clock, key_ring, settings)
        return BoxOffice(database, clock, key_ring, Actor.system(organizer_id, "orders tests"), settings, process)

    @property
    def organizer_id(self) -> UUID:
        return self.actor.organizer_id

    @property
    def orders(self) -> Orders:
        return self.process.orders

    @property
    def service(self) -> CatalogService:
        return CatalogService(self.database, self.clock, self.process.catalog)

    def on(self, database: Database) -> "BoxOffice":
        """The same sale in another process, on connections of its own."""
        return replace(self, database=database, process=Process.build(database, self.clock, self.key_ring, self.settings))

    def other_process(self, **settings: Any) -> "BoxOffice":
        """The same sale in another process; with settings, one that was set up otherwise."""
        other = replace(self, settings=Settings(**{**_as_dict(self.settings), **settings}))
        other.process = Process.build(self.database, self.clock, self.key_ring, other.settings)
        return other

    async def open(self, *, capacity: int = 10, price_minor: int = PRICE, with_account: bool = True, **ticket_type: Any) -> "BoxOffice":
        """Publish the event, open its stock and connect an account."""
        zone = "America/Argentina/Buenos_Aires"
        venue = await self.service.venues.create(self.actor, VenueCreate(name="Ópera", city="Buenos Aires", timezone=zone))
        body = EventCreate(title="Noche de prueba", currency="ARS", timezone=zone, venue_id=venue.venue_id)
        self.event_id = (await self.service.events.create(self.actor, body)).event_id
        starts_at = self.clock() + timedelta(days=30)
        performance = PerformanceCreate(starts_at=starts_at, ends_at=starts_at + timedelta(hours=3))
        self.performance_id = (await self.service.performances.add(self.actor, self.event_id, performance)).performance_id
        self.sector_id = await self.make_sector(capacity=capacity)
        self.ticket_type_id = await self.make_ticket_type(price_minor=price_minor, **ticket_type)
        await self.service.events.publish(self.actor, self.event_id)
        if with_account:
            await self.connect()
        await self.catch_up()
        return self

    async def make_sector(self, **fields: Any) -> UUID:
        sector = await self.service.sectors.add(self.actor, self.event_id, SectorCreate(**{"name": f"Campo {new_id()}", **fields}))
        return sector.sector_id

    async def make_ticket_type(self, *, price_minor: int = PRICE, **fields: Any) -> UUID:
        boring = {"sector_id": self.sector_id, "name": f"General {new_id().hex[-6:]}", "per_order_max": None}
        body = TicketTypeCreate(price_minor=price_minor, **{**boring, **fields})
        return (await self.service.ticket_types.add(self.actor, self.event_id, body)).ticket_type_id

    async def change_ticket_type(self, **fields: Any) -> None:
        await self.service.ticket_types.change(self.actor, self.event_id, self.ticket_type_id, TicketTypeChange(version=1, **fields))

    async def connect(self) -> None:
        account = await self.process.payments.accounts.connect(
            self.actor,
            "sandbox",
            label="Sandbox",
            currency="ARS",
            settings={"merchant": self.merchant.id, "mode": "link"},
            credentials={"secret": self.merchant.secret},
        )
        self.account_id = account.id

    async def snapshot(self) -> EventSnapshot:
        event = await self.process.catalog.snapshot(self.event_id)
        assert event is not None
        return event

    # What shoppers do

    def line(self, quantity: int = 1, *, ticket_type_id: UUID | None = None, seats: Sequence[str] = ()) -> SelectedLine:
        return SelectedLine(self.performance_id, ticket_type_id or self.ticket_type_id, len(seats) or quantity, tuple(seats))

    def hold_request(self, *lines: SelectedLine, quantity: int = 1, **fields: Any) -> PlaceHold:
        boring = {"hold_id": new_id(), "visitor": new_id(), "address": "198.51.100.7"}
        return PlaceHold(event_id=self.event_id, lines=lines or (self.line(quantity),), **{**boring, **fields})

    async def hold(self, *lines: SelectedLine, quantity: int = 1, **fields: Any) -> HeldPlaces:
        return await self.orders.holding.place(self.hold_request(*lines, quantity=quantity, **fields))

    def order_request(self, hold_id: UUID, **fields: Any) -> PlaceOrder:
        """An order of Ana's for herself. The fingerprint is of what is said here, as the wire's is of its body."""
        boring: dict[str, Any] = {"order_id": new_id(), "buyer": ANA, "holders": (), "option_id": None}
        said = {**boring, **fields, "event_id": self.event_id, "hold_id": hold_id}
        return PlaceOrder(**{"fingerprint": str(said), **said})

    async def place(self, hold_id: UUID, **fields: Any) -> PlacedOrder:
        return await self.orders.placing.place(self.order_request(hold_id, **fields))

    async def order(self, *lines: SelectedLine, quantity: int = 1, visitor: UUID | None = None, **fields: Any) -> Order:
        """A new order on a new hold."""
        held = await self.hold(*lines, quantity=quantity, visitor=visitor or new_id())
        return (await self.place(held.hold_id, **fields)).order

    async def paid(self, *lines: SelectedLine, quantity: int = 1, **fields: Any) -> Order:
        order = await self.order(*lines, quantity=quantity, **fields)
        await self.pay(order)
        return await self.read(order.order_id)

    # What gateways tell

    async def payment_of(self, order: Order) -> SandboxPayment:
        """What the gateway has of the order's newest attempt."""
        details = await self.process.payments.details(self.organizer_id, order.order_id)
        attempt_id = details.attempts[-1].id
        return SandboxPayment.of(attempt_id, id=f"pay_{attempt_id.hex}", amount_minor=order.total_minor)

    async def report(self, *payments: SandboxPayment) -> None:
        """Callbacks arrive; nothing is applied yet."""
        assert self.account_id is not None
        for payment in payments:
            await self.process.payments.inbox.receive("sandbox", self.account_id, callback(self.merchant, payment, self.clock()))

    async def pay(self, *orders: Order) -> None:
        """The money of these orders comes, and everybody is told."""
        for order in orders:
            await self.report(await self.payment_of(order))
        await self.catch_up()

    async def refund(self, order: Order, minor: int | None = None) -> None:
        """The gateway has given money back: all of it, or so much in sum."""
        status, refunded_minor = ("refunded", order.total_minor) if minor is None else ("partially_refunded", minor)
        paid = await self.payment_of(order)
        await self.report(replace(paid, sequence=2 + refunded_minor, status=status, refunded_minor=refunded_minor))
        await self.catch_up()

    async def fail_refunds(self) -> None:
        """The gateway refuses, for good, whatever it is to give back now."""
        refusal = GatewayError("no", kind="declined")
        async with self.database.transaction(self.organizer_id) as tx:
            for refund in await claim_due(tx, self.clock()):
                await mark_refund(tx, refund, "failed", None, cause="call", now=self.clock(), error=refusal, needs_review=True)
        await self.catch_up()

    async def tell(self, *events: Event) -> None:
        """These stand in the log together, and are handled together."""
        async with self.database.transaction(self.organizer_id) as tx:
            tx.publish(*events)
        await self.catch_up()

    async def expire(self) -> None:
        """Time runs out for every hold, and all of them are swept."""
        self.clock.advance(seconds=self.settings.hold_seconds_max + 1)
        await self.sweep()
        await self.catch_up()

    async def sweep(self) -> None:
        await Inventory(self.database, self.clock).sweep()

    async def catch_up(self) -> None:
        """Hand what stands in the log to everybody; nobody chokes on it."""
        await self.process.follower.catch_up()
        assert await self.rows("SELECT fault FROM platform.dead_letters WHERE organizer_id = %(organizer_id)s") == []

    # What is true then

    async def rows(self, sql: Any, **params: object) -> list[tuple[Any, ...]]:
        async with self.database.reading(self.organizer_id) as reader:
            return await reader.fetch_tuples(sql, **params)

    async def read(self, order_id: UUID) -> Order:
        return await self.orders.back_office.read(self.actor, order_id)

    async def states(self, *orders: Order) -> list[tuple[str, str]]:
        """Status and payment state of each."""
        return [(order.status.value, order.payment_state) for order in [await self.read(one.order_id) for one in orders]]

    async def wanted(self, *orders: Order) -> set[UUID]:
        """Those of these orders that money would be of use for."""
        return await self.orders.wanting.wanted(self.organizer_id, {order.order_id for order in orders})

    async def tickets(self, order: Order) -> list[ShownTicket]:
        return await self.process.tickets.shown_of_order(self.organizer_id, order.order_id)

    async def ticket_states(self, order: Order) -> list[str]:
        return [one.ticket.status for one in await self.tickets(order)]

    async def places(self) -> tuple[int, int]:
        """Held and sold of the performance, all sectors together."""
        [figures] = await self.rows(
            """
            SELECT coalesce(sum(held), 0)::int, coalesce(sum(sold), 0)::int
              FROM inventory.pools
             WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s AND kind = 'sector'
            """,
            event_id=self.event_id,
        )
        return figures[0], figures[1]

    async def counted(self) -> int:
        """Places that count against limits per buyer, of all buyers."""
        [(sum_,)] = await self.rows("SELECT coalesce(sum(quantity), 0)::int FROM orders.buyer_counts WHERE organizer_id = %(organizer_id)s")
        return int(sum_)

    async def refunds(self, order: Order) -> list[tuple[int, str]]:
        """Amount and reason of each refund that was ordered."""
        return await self.rows(
            """
            SELECT r.amount_minor, r.reason
              FROM payments.refunds r
              JOIN payments.payments p
                ON p.organizer_id = r.organizer_id AND p.id = r.payment_id
             WHERE r.organizer_id = %(organizer_id)s AND p.reference = %(reference)s
            """,
            reference=order.order_id,
        )

    async def told(self, *types: type[Event]) -> list[Event]:
        return await events_of(self.database, self.organizer_id, *types)


def _refuse(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"a gateway was called: {request.url}")


def _as_dict(settings: Settings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in settings.__struct_fields__}
