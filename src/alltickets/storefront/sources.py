"""What pages are made of: the contexts, by their front doors."""

from dataclasses import dataclass

from alltickets.catalog.interface import Catalog, CatalogService
from alltickets.kernel.time import Clock
from alltickets.marketing.interface import WaitingList
from alltickets.notifications.interface import Notifications
from alltickets.orders.interface import Orders
from alltickets.payments.interface import Payments
from alltickets.platform.database import Database
from alltickets.pricing.interface import Pricing
from alltickets.storefront.organizers import Organizers

__all__ = ["Sources"]


@dataclass(frozen=True)
class Sources:
    """Given to every page that shows something of an organizer."""

    database: Database
    clock: Clock
    catalog: Catalog
    catalog_service: CatalogService
    pricing: Pricing
    payments: Payments
    orders: Orders
    notifications: Notifications
    waiting_list: WaitingList
    organizers: Organizers
