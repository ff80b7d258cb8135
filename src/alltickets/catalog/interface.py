"""What other contexts may use of catalog.

`Catalog` gives copies of events that are at most a second old, for the shop; `read_snapshot` reads an event as it stands, for decisions of
its organizer. `why_unsellable` says whether something is sold now; of stock and limits per buyer it knows nothing.
"""

from alltickets.catalog.queries import Catalog, read_snapshot
from alltickets.catalog.refusals import (
    AccessCodeNeeded,
    Blocker,
    BlockerCode,
    EventNotFound,
    EventSlugTaken,
    IllegalMove,
    InvalidDetails,
    KeyTaken,
    NotDeletable,
    NotOnSale,
    NotOnSaleReason,
    NotPublishable,
    PerformanceNotFound,
    QuestionNotFound,
    SectorNotFound,
    TicketTypeNotFound,
    TooManyParts,
    VenueNotFound,
    VersionConflict,
)
from alltickets.catalog.rules.snapshot import (
    EventSnapshot,
    Offer,
    PerformanceSnapshot,
    QuestionKind,
    QuestionSnapshot,
    SectorSnapshot,
    TicketTypeSnapshot,
    VenueSnapshot,
    is_unlocked,
    visible_ticket_types,
    why_unsellable,
)
from alltickets.catalog.rules.states import EventStatus, PerformanceStatus, Visibility
from alltickets.catalog.service import CatalogService

__all__ = [
    "AccessCodeNeeded",
    "Blocker",
    "BlockerCode",
    "Catalog",
    "CatalogService",
    "EventNotFound",
    "EventSlugTaken",
    "EventSnapshot",
    "EventStatus",
    "IllegalMove",
    "InvalidDetails",
    "KeyTaken",
    "NotDeletable",
    "NotOnSale",
    "NotOnSaleReason",
    "NotPublishable",
    "Offer",
    "PerformanceNotFound",
    "PerformanceSnapshot",
    "PerformanceStatus",
    "QuestionKind",
    "QuestionNotFound",
    "QuestionSnapshot",
    "SectorNotFound",
    "SectorSnapshot",
    "TicketTypeNotFound",
    "TicketTypeSnapshot",
    "TooManyParts",
    "VenueNotFound",
    "VenueSnapshot",
    "VersionConflict",
    "Visibility",
    "is_unlocked",
    "read_snapshot",
    "visible_ticket_types",
    "why_unsellable",
]
