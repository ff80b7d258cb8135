"""The use cases of catalog, one class for each thing that an organizer works on."""

from alltickets.catalog.queries import Catalog
from alltickets.catalog.service.appearance import Appearances
from alltickets.catalog.service.codes import AccessCodes
from alltickets.catalog.service.editing import Editing
from alltickets.catalog.service.events import Events
from alltickets.catalog.service.performances import Performances
from alltickets.catalog.service.questions import Questions
from alltickets.catalog.service.sectors import Sectors
from alltickets.catalog.service.shop import Shop
from alltickets.catalog.service.ticket_types import TicketTypes
from alltickets.catalog.service.venues import Venues
from alltickets.kernel.time import Clock
from alltickets.platform.database import Database

__all__ = ["AccessCodes", "CatalogService"]


class CatalogService:
    """What organizers do with their venues and events, and what the shop reads of them."""

    def __init__(self, database: Database, clock: Clock, catalog: Catalog) -> None:
        """`catalog`: this process's copies; what a use case changes is dropped from them at once."""
        editing = Editing(database, catalog)
        self.codes = AccessCodes(database, clock)
        self.shop = Shop(database, clock, catalog, self.codes)
        self.venues = Venues(database, catalog)
        self.appearances = Appearances(database, editing)
        self.events = Events(database, clock, editing)
        self.performances = Performances(editing)
        self.sectors = Sectors(editing)
        self.ticket_types = TicketTypes(database, editing)
        self.questions = Questions(editing)
