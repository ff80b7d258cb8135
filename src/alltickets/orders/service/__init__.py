"""The use cases of orders, by what they are about; `Orders` holds them together."""

from alltickets.catalog.interface import AccessCodes, Catalog
from alltickets.inventory.interface import Levels, TakenSeats
from alltickets.kernel.time import Clock
from alltickets.orders.opening import Opening
from alltickets.orders.quotes import KeptQuotes
from alltickets.orders.secrets import OrderSecrets
from alltickets.orders.service.back_office import BackOffice
from alltickets.orders.service.fulfilment import Fulfilment
from alltickets.orders.service.holding import HeldPlaces, Holding, PlaceHold
from alltickets.orders.service.papers import Paper, Papers
from alltickets.orders.service.placing import PlacedOrder, PlaceOrder, Placing
from alltickets.orders.service.refunding import GiveBack, Refunding
from alltickets.orders.service.self_service import Admitted, SelfService
from alltickets.orders.service.shop import Shop
from alltickets.orders.service.wanting import Wanting
from alltickets.orders.service.watching import Watching
from alltickets.orders.service.withdrawing import Withdrawing
from alltickets.payments.interface import Payments
from alltickets.platform.database import Database
from alltickets.platform.secrets import KeyRing
from alltickets.platform.settings import Settings
from alltickets.pricing.interface import Pricing
from alltickets.tickets.interface import Tickets

__all__ = ["GiveBack", "HeldPlaces", "Orders", "Paper", "PlaceHold", "PlaceOrder", "PlacedOrder"]


class Orders:
    """Orders as the composition root builds them: one per process.

    opening: what comes before anything that takes an order's secret.
    holding: a shopper's holds. placing: orders on them. fulfilment: what money and time do to orders. shop: what buyers read.
    self_service: what they do with their tickets. papers: what they take along. watching: what they wait for.
    wanting: whether money would still be of use for one.
    back_office: what organizers read and call off. refunding: what they give back of an order that goes on.
    withdrawing: buyers who withdraw, and what organizers answer.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        catalog: Catalog,
        codes: AccessCodes,
        levels: Levels,
        pricing: Pricing,
        payments: Payments,
        tickets: Tickets,
        key_ring: KeyRing,
        settings: Settings,
        *,
        admitted: Admitted,
    ) -> None:
        self.clock = clock
        self.secrets = OrderSecrets(key_ring, settings.public_url)
        self.opening = Opening(database, clock, self.secrets)
        quotes = KeptQuotes()
        self.fulfilment = Fulfilment(clock, catalog, payments, quotes)
        self.holding = Holding(
            database,
            clock,
            catalog,
            codes,
            pricing,
            quotes,
            hold_seconds=settings.hold_seconds,
            holds_per_address_max=settings.holds_per_address_max,
        )
        self.placing = Placing(
            database,
            clock,
            catalog,
            payments,
            self.fulfilment,
            quotes,
            self.secrets,
            pay_seconds=settings.hold_seconds,
            hold_seconds_max=settings.hold_seconds_max,
        )
        self.shop = Shop(database, clock, catalog, levels, TakenSeats(database), payments, tickets, quotes, self.secrets)
        self.self_service = SelfService(database, clock, tickets, self.secrets, admitted)
        self.papers = Papers(database, clock, catalog, tickets, public_url=settings.public_url)
        self.watching = Watching(database)
        self.wanting = Wanting(database, clock, self.fulfilment)
        self.back_office = BackOffice(database, clock, payments, self.fulfilment)
        self.refunding = Refunding(database, clock, payments, self.fulfilment, quotes)
        self.withdrawing = Withdrawing(database, clock, catalog, quotes, self.secrets, key_ring, self.back_office)

    async def drained(self) -> None:
        """Return once everything accepted is answered: part of a graceful shutdown."""
        await self.holding.coalescer.drained()
        await self.placing.coalescer.drained()
