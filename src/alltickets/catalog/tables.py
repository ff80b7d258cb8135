"""Tables of catalog. Tables whose comment begins with `Directory` tell whose an event is to those who come without an organizer."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, UUID

metadata = sa.MetaData(schema="catalog")

OF_EVENT = (["organizer_id", "event_id"], ["catalog.events.organizer_id", "catalog.events.event_id"])
OF_PERFORMANCE = (
    ["organizer_id", "event_id", "performance_id"],
    ["catalog.performances.organizer_id", "catalog.performances.event_id", "catalog.performances.performance_id"],
)
OF_SECTOR = (
    ["organizer_id", "event_id", "sector_id"],
    ["catalog.sectors.organizer_id", "catalog.sectors.event_id", "catalog.sectors.sector_id"],
)
OF_TICKET_TYPE = (
    ["organizer_id", "event_id", "ticket_type_id"],
    ["catalog.ticket_types.organizer_id", "catalog.ticket_types.event_id", "catalog.ticket_types.ticket_type_id"],
)

event_directory = sa.Table(
    "event_directory",
    metadata,
    sa.Column("event_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
    sa.Column("is_listed", sa.Boolean, nullable=False),
    sa.Column("slug", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("timezone", sa.Text, nullable=False),
    sa.Column("venue_name", sa.Text, nullable=False),
    sa.Column("city", sa.Text, nullable=False),
    sa.Column("starts_at", sa.DateTime(timezone=True)),
    sa.Column("ends_at", sa.DateTime(timezone=True)),
    sa.Column("words", sa.Text, nullable=False, server_default="", comment="what is searched: lower case, without accents"),
    sa.Index("events_listed", "starts_at", "event_id", postgresql_where=sa.text("is_listed")),
    comment="Directory of events: whose one is, and what the public list of all organizers' events shows of it.",
)

slug_directory = sa.Table(
    "slug_directory",
    metadata,
    sa.Column("slug", sa.Text, primary_key=True),
    sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
    sa.Column("event_id", UUID(as_uuid=True), nullable=False),
    sa.Index("slugs_by_event", "event_id"),
    comment="Directory of addresses: which event one leads to. Former addresses stay, so that printed links keep working.",
)

pictures = sa.Table(
    "pictures",
    metadata,
    sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
    sa.Column("picture_id", UUID(as_uuid=True), nullable=False, comment="made of the content and of whose it is"),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("large", sa.LargeBinary, nullable=False, comment="WebP, encoded by us"),
    sa.Column("small", sa.LargeBinary, nullable=False, comment="the same for lists"),
    sa.PrimaryKeyConstraint("organizer_id", "picture_id"),
    sa.CheckConstraint("width > 0 AND height > 0", name="pictures_size"),
)

appearances = sa.Table(
    "appearances",
    metadata,
    sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
    sa.Column("accent", sa.Text, comment="#rrggbb as the organizer picked it; null: the platform's own"),
    sa.Column("logo_id", UUID(as_uuid=True)),
    sa.Column("version", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id"),
    sa.ForeignKeyConstraint(["organizer_id", "logo_id"], ["catalog.pictures.organizer_id", "catalog.pictures.picture_id"]),
    sa.CheckConstraint("accent ~ '^#[0-9a-f]{6}$'", name="appearances_accent"),
    comment="What the pages of an organizer's events look like.",
)

venues = sa.Table(
    "venues",
    metadata,
    sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
    sa.Column("venue_id", UUID(as_uuid=True), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("city", sa.Text, nullable=False),
    sa.Column("timezone", sa.Text, nullable=False),
    sa.Column("capacity", sa.Integer),
    sa.Column("version", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "venue_id"),
    sa.CheckConstraint("capacity > 0", name="venues_capacity"),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
    sa.Column("event_id", UUID(as_uuid=True), nullable=False),
    sa.Column("slug", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("timezone", sa.Text, nullable=False),
    sa.Column("venue_id", UUID(as_uuid=True)),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("published_at", sa.DateTime(timezone=True)),
    sa.Column("version", sa.Integer, nullable=False, comment="of the event's own facts; what a change names"),
    sa.Column("revision", sa.Integer, nullable=False, comment="of the event with everything in it; the snapshot's version"),
    sa.Column("summary", sa.Text, nullable=False, server_default=""),
    sa.Column("poster_id", UUID(as_uuid=True)),
    sa.Column("holder_corrections_max", sa.SmallInteger, nullable=False, server_default="1", comment="of each ticket, by its buyer"),
    sa.Column(
        "holder_corrections_until_hours", sa.SmallInteger, nullable=False, server_default="2", comment="before the performance starts"
    ),
    sa.PrimaryKeyConstraint("organizer_id", "event_id"),
    sa.ForeignKeyConstraint(["organizer_id", "venue_id"], ["catalog.venues.organizer_id", "catalog.venues.venue_id"]),
    sa.ForeignKeyConstraint(["organizer_id", "poster_id"], ["catalog.pictures.organizer_id", "catalog.pictures.picture_id"]),
    sa.CheckConstraint("status IN ('draft', 'published', 'postponed', 'cancelled', 'archived')", name="events_status"),
    sa.CheckConstraint("holder_corrections_max BETWEEN 0 AND 20", name="events_holder_corrections_max"),
    sa.CheckConstraint("holder_corrections_until_hours BETWEEN 0 AND 720", name="events_holder_corrections_until"),
    sa.Index("events_by_venue", "organizer_id", "venue_id"),
)

performances = sa.Table(
    "performances",
    metadata,
    sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
    sa.Column("event_id", UUID(as_uuid=True), nullable=False),
    sa.Column("performance_id", UUID(as_uuid=True), nullable=False),
    sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("doors_at", sa.DateTime(timezone=True)),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "event_id", "performance_id"),
    sa.ForeignKeyConstraint(*OF_EVENT),
    sa.CheckConstraint("starts_at < ends_at AND doors_at <= starts_at", name="performances_times"),
    sa.CheckConstraint("status IN ('scheduled', 'cancelled')", name="performances_status"),
)

sectors = sa.Table(
    "sectors",
    metadata,
    sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
    sa.Column("event_id", UUID(as_uuid=True), nullable=False),
    sa.Column("sector_id", UUID(as_uuid=True), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("capacity", sa.Integer, nullable=False, comment="what each new performance starts with"),
    sa.Column("rows", JSONB, nullable=False, comment="numbered rows as [{label, first, last}]; empty: not numbered"),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "event_id", "sector_id"),
    sa.ForeignKeyConstraint(*OF_EVENT),
    sa.CheckConstraint("capacity > 0", name="sectors_capacity"),
)

ticket_types = sa.Table(
    "ticket_types",
    metadata,
    sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
    sa.Column("event_id", UUID(as_uuid=True), nullable=False),
    sa.Column("ticket_type_id", UUID(as_uuid=True), nullable=False),
    sa.Column("sector_id", UUID(as_uuid=True), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("price_minor", sa.BigInteger, nullable=False),
    sa.Column("sales_from", sa.DateTime(timezone=True)),
    sa.Column("sales_until", sa.DateTime(timezone=True)),
    sa.Column("per_order_max", sa.Integer),
    sa.Column("per_buyer_max", sa.Integer),
    sa.Column(
        "quantity_max", sa.Integer, comment="its own pool at each new performance starts with so many; null: only the sector limits it"
    ),
    sa.Column("visibility", sa.Text, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "event_id", "ticket_type_id"),
    sa.ForeignKeyConstraint(*OF_EVENT),
    sa.ForeignKeyConstraint(*OF_SECTOR),
    sa.CheckConstraint("price_minor >= 0", name="ticket_types_price"),
    sa.CheckConstraint("sales_from < sales_until", name="ticket_types_window"),
    sa.CheckConstraint("per_order_max > 0 AND per_buyer_max > 0 AND quantity_max > 0", name="ticket_types_limits"),
    sa.CheckConstraint("visibility IN ('public', 'hidden', 'code')", name="ticket_types_visibility"),
)

access_codes = sa.Table(
    "access_codes",
    metadata,
    sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
    sa.Column("event_id", UUID(as_uuid=True), nullable=False),
    sa.Column("ticket_type_id", UUID(as_uuid=True), nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "event_id", "ticket_type_id", "code"),
    sa.ForeignKeyConstraint(*OF_TICKET_TYPE),
    # In plain text, because its organizer hands it out and must be able to read it again; a digest of a short word hides nothing.
    comment="Who knows one of these is offered the ticket type.",
)

questions = sa.Table(
    "questions",
    metadata,
    sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
    sa.Column("event_id", UUID(as_uuid=True), nullable=False),
    sa.Column("question_id", UUID(as_uuid=True), nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("required", sa.Boolean, nullable=False),
    sa.Column("options", sa.ARRAY(sa.Text), nullable=False),
    sa.Column("ticket_type_ids", sa.ARRAY(UUID(as_uuid=True)), nullable=False, comment="whose holders are asked; empty: all"),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "event_id", "question_id"),
    sa.UniqueConstraint("organizer_id", "event_id", "key"),
    sa.ForeignKeyConstraint(*OF_EVENT),
    sa.CheckConstraint("kind IN ('text', 'choice', 'document', 'mail', 'phone', 'checkbox')", name="questions_kind"),
)

pools = sa.Table(
    "pools",
    metadata,
    sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
    sa.Column("event_id", UUID(as_uuid=True), nullable=False),
    sa.Column("pool_id", UUID(as_uuid=True), nullable=False),
    sa.Column("performance_id", UUID(as_uuid=True), nullable=False),
    sa.Column("sector_id", UUID(as_uuid=True)),
    sa.Column("ticket_type_id", UUID(as_uuid=True)),
    sa.Column("initial_capacity", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "event_id", "pool_id"),
    sa.ForeignKeyConstraint(*OF_PERFORMANCE),
    sa.ForeignKeyConstraint(*OF_SECTOR),
    sa.ForeignKeyConstraint(*OF_TICKET_TYPE),
    sa.CheckConstraint("(sector_id IS NULL) <> (ticket_type_id IS NULL)", name="pools_count_one_thing"),
    sa.UniqueConstraint("organizer_id", "event_id", "performance_id", "sector_id"),
    sa.UniqueConstraint("organizer_id", "event_id", "performance_id", "ticket_type_id"),
    comment="Names of the pools that offers draw from; inventory counts them.",
)
