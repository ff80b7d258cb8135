"""What an organizer creates, changes (absent fields stay as they are) and reads."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from alltickets.catalog.rules.snapshot import PictureSnapshot, QuestionKind, SeatRow
from alltickets.catalog.rules.states import EventStatus, PerformanceStatus, Visibility
from alltickets.catalog.schemas.fields import (
    Accent,
    Body,
    Code,
    CorrectionHours,
    Corrections,
    Currency,
    Instant,
    Key,
    Limit,
    Name,
    Options,
    Places,
    Position,
    PriceMinor,
    Prose,
    ShortText,
    Slug,
    Summary,
    Text,
    TicketTypeIds,
    Version,
    Zone,
)

__all__ = [
    "AppearanceChange",
    "CodesRead",
    "CodesSet",
    "EventChange",
    "EventCreate",
    "EventRead",
    "EventSummary",
    "PerformanceChange",
    "PerformanceCreate",
    "PerformanceRead",
    "QuestionChange",
    "QuestionCreate",
    "QuestionRead",
    "Reason",
    "RowCreate",
    "SectorChange",
    "SectorCreate",
    "SectorRead",
    "TicketTypeChange",
    "TicketTypeCreate",
    "TicketTypeRead",
    "VenueChange",
    "VenueCreate",
    "VenueRead",
]


class VenueCreate(Body):
    """A place where events take place. `capacity`: how many people the house takes, for information."""

    name: Name
    city: Name
    timezone: Zone
    address: Text = ""
    capacity: Places | None = None


class VenueChange(Body):
    """A change of a venue, made on `version`; every event that takes place there shows it."""

    version: Version
    name: Name | UnsetType = UNSET
    city: Name | UnsetType = UNSET
    timezone: Zone | UnsetType = UNSET
    address: Text | UnsetType = UNSET
    capacity: Places | UnsetType | None = UNSET


class VenueRead(msgspec.Struct, frozen=True):
    """A venue as it stands."""

    venue_id: UUID
    name: str
    address: str
    city: str
    timezone: str
    capacity: int | None
    version: int


class EventCreate(Body):
    """A draft. `slug` is its public address, unique on the platform; left out, one is made of the title. The currency stays.

    `holder_corrections_max`: how many times the buyer of a ticket may correct who goes in with it, 0 for never, and
    `holder_corrections_until_hours`: until how many hours before the performance starts.
    """

    title: Name
    currency: Currency
    timezone: Zone
    slug: Slug | None = None
    summary: Summary = ""
    description: Prose = ""
    category: ShortText = ""
    venue_id: UUID | None = None
    holder_corrections_max: Corrections = 1
    holder_corrections_until_hours: CorrectionHours = 2


class EventChange(Body):
    """A change of the event's own facts, made on `version`. A former slug keeps leading to the event."""

    version: Version
    title: Name | UnsetType = UNSET
    slug: Slug | UnsetType = UNSET
    summary: Summary | UnsetType = UNSET
    description: Prose | UnsetType = UNSET
    category: ShortText | UnsetType = UNSET
    timezone: Zone | UnsetType = UNSET
    venue_id: UUID | UnsetType = UNSET
    holder_corrections_max: Corrections | UnsetType = UNSET
    holder_corrections_until_hours: CorrectionHours | UnsetType = UNSET


class AppearanceChange(Body):
    """The organizer's accent from now on, decided on `version` (0 at first); null: the platform's own. Contrast is corrected when shown."""

    version: Annotated[int, msgspec.Meta(ge=0, le=2_147_483_647)]
    accent: Accent | None


class Reason(Body):
    """What ticket holders are told about a postponement or a cancellation."""

    reason: Text = ""


class PerformanceCreate(Body):
    """One time that the event takes place."""

    starts_at: Instant
    ends_at: Instant
    doors_at: Instant | None = None


class PerformanceChange(Body):
    """A change of a performance's times, made on `version`."""

    version: Version
    starts_at: Instant | UnsetType = UNSET
    ends_at: Instant | UnsetType = UNSET
    doors_at: Instant | UnsetType | None = UNSET


class PerformanceRead(msgspec.Struct, frozen=True):
    """A performance as it stands."""

    performance_id: UUID
    starts_at: datetime
    ends_at: datetime
    doors_at: datetime | None
    status: PerformanceStatus
    version: int


class RowCreate(Body):
    """A row of numbered seats, `first` to `last`."""

    label: Annotated[str, msgspec.Meta(min_length=1, max_length=8, pattern=r"^[A-Za-z0-9]+$")]
    first: Annotated[int, msgspec.Meta(ge=1, le=9_999)]
    last: Annotated[int, msgspec.Meta(ge=1, le=9_999)]


class SectorCreate(Body):
    """A part of the house: with a capacity, or numbered with rows. The capacity is what each performance starts with."""

    name: Name
    capacity: Places | None = None
    rows: Annotated[tuple[RowCreate, ...], msgspec.Meta(max_length=200)] = ()
    position: Position = 0


class SectorChange(Body):
    """A change of a sector, made on `version`. `capacity` counts for performances to come; those that exist are resized at inventory."""

    version: Version
    name: Name | UnsetType = UNSET
    capacity: Places | UnsetType = UNSET
    position: Position | UnsetType = UNSET


class SectorRead(msgspec.Struct, frozen=True):
    """A sector as it stands; `rows` is empty when it is not numbered."""

    sector_id: UUID
    name: str
    capacity: int
    rows: tuple[SeatRow, ...]
    position: int
    version: int


class TicketTypeCreate(Body):
    """Something to buy, at every performance of the event.

    `sales_from` null: from publication on; `sales_until` null: until the performance starts. `quantity_max` gives it a pool of its own at
    each performance, besides the sector's; its size is changed at inventory afterwards. `codes` are for visibility `code`.
    """

    sector_id: UUID
    name: Name
    price_minor: PriceMinor
    description: Prose = ""
    sales_from: Instant | None = None
    sales_until: Instant | None = None
    per_order_max: Limit | None = 10
    per_buyer_max: Limit | None = None
    quantity_max: Limit | None = None
    visibility: Visibility = Visibility.PUBLIC
    codes: Annotated[tuple[Code, ...], msgspec.Meta(max_length=1_000)] = ()
    position: Position = 0


class TicketTypeChange(Body):
    """A change of a ticket type, made on `version`. Holds and orders keep the price they were given."""

    version: Version
    name: Name | UnsetType = UNSET
    price_minor: PriceMinor | UnsetType = UNSET
    description: Prose | UnsetType = UNSET
    sales_from: Instant | UnsetType | None = UNSET
    sales_until: Instant | UnsetType | None = UNSET
    per_order_max: Limit | UnsetType | None = UNSET
    per_buyer_max: Limit | UnsetType | None = UNSET
    visibility: Visibility | UnsetType = UNSET
    position: Position | UnsetType = UNSET


class TicketTypeRead(msgspec.Struct, frozen=True):
    """A ticket type as it stands. Its access codes are read by themselves."""

    ticket_type_id: UUID
    sector_id: UUID
    name: str
    description: str
    price_minor: int
    sales_from: datetime | None
    sales_until: datetime | None
    per_order_max: int | None
    per_buyer_max: int | None
    quantity_max: int | None
    visibility: Visibility
    position: int
    version: int


class CodesSet(Body):
    """All access codes of a ticket type; those left out stop working. Neither case nor blanks at the ends matter to a buyer."""

    codes: Annotated[tuple[Code, ...], msgspec.Meta(max_length=1_000)]


class CodesRead(msgspec.Struct, frozen=True):
    """The access codes of a ticket type, in alphabetical order."""

    codes: tuple[str, ...]


class QuestionCreate(Body):
    """Something that each ticket holder is asked. `key` names the answer in orders and exports and stays."""

    key: Key
    label: Name
    kind: QuestionKind
    required: bool = False
    options: Options = ()
    ticket_type_ids: TicketTypeIds = ()
    position: Position = 0


class QuestionChange(Body):
    """A change of a question, made on `version`; answers that were given stay."""

    version: Version
    label: Name | UnsetType = UNSET
    kind: QuestionKind | UnsetType = UNSET
    required: bool | UnsetType = UNSET
    options: Options | UnsetType = UNSET
    ticket_type_ids: TicketTypeIds | UnsetType = UNSET
    position: Position | UnsetType = UNSET


class QuestionRead(msgspec.Struct, frozen=True):
    """A holder question as it stands; `ticket_type_ids` empty: every holder is asked."""

    question_id: UUID
    key: str
    label: str
    kind: QuestionKind
    required: bool
    options: tuple[str, ...]
    ticket_type_ids: tuple[UUID, ...]
    position: int
    version: int


class EventRead(msgspec.Struct, frozen=True):
    """An event with everything in it, as its organizer sees it. `version` is that of its own facts; each part has its own."""

    event_id: UUID
    slug: str
    title: str
    summary: str
    description: str
    category: str
    currency: str
    timezone: str
    status: EventStatus
    published_at: datetime | None
    version: int
    poster: PictureSnapshot | None
    venue: VenueRead | None
    performances: tuple[PerformanceRead, ...]
    sectors: tuple[SectorRead, ...]
    ticket_types: tuple[TicketTypeRead, ...]
    questions: tuple[QuestionRead, ...]
    holder_corrections_max: int
    holder_corrections_until_hours: int


class EventSummary(msgspec.Struct, frozen=True):
    """An event in its organizer's list; the times are those of its first and last performance."""

    event_id: UUID
    slug: str
    title: str
    status: EventStatus
    currency: str
    timezone: str
    venue_name: str | None
    starts_at: datetime | None
    ends_at: datetime | None
