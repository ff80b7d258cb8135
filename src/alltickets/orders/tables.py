"""Tables of orders."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, UUID

metadata = sa.MetaData(schema="orders")

quotes = sa.Table(
    "quotes",
    metadata,
    sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
    sa.Column("quote_id", UUID(as_uuid=True), nullable=False, comment="a digest of the quote's content"),
    sa.Column("quote", JSONB, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "quote_id"),
    comment="Prices that were promised, each once: thousands of shoppers who choose the same share one.",
)

orders = sa.Table(
    "orders",
    metadata,
    sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
    sa.Column("order_id", UUID(as_uuid=True), nullable=False),
    sa.Column("event_id", UUID(as_uuid=True), nullable=False),
    sa.Column("hold_id", UUID(as_uuid=True), nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("buyer", JSONB, nullable=False),
    sa.Column("holders", JSONB, nullable=False),
    sa.Column("quote_id", UUID(as_uuid=True), nullable=False),
    sa.Column("total_minor", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("campaign", sa.Text),
    sa.Column("fingerprint", sa.Text, nullable=False, comment="of the request, to tell a repetition from a conflict"),
    sa.Column("payment_state", sa.Text, nullable=False, comment="what the buyer is told of the money"),
    sa.Column("pay_until", sa.DateTime(timezone=True), nullable=False),
    sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("paid_at", sa.DateTime(timezone=True)),
    sa.Column("refunded_minor", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("discount_minor", sa.BigInteger, nullable=False, server_default="0", comment="What a promotion took off the total."),
    sa.Column(
        "returned_numbers",
        sa.ARRAY(sa.Integer),
        nullable=False,
        server_default="{}",
        comment="Of tickets that were given back while the order went on; their places are for sale again.",
    ),
    sa.PrimaryKeyConstraint("organizer_id", "order_id"),
    sa.UniqueConstraint("organizer_id", "hold_id"),
    sa.CheckConstraint("status IN ('awaiting_payment', 'paid', 'expired', 'cancelled', 'refunded')", name="orders_status"),
    sa.CheckConstraint(
        "payment_state IN ('none', 'open', 'pending', 'failed', 'captured', 'returning', 'return_failed', 'returned')",
        name="orders_payment_state",
    ),
    sa.CheckConstraint("(status = 'paid') <= (paid_at IS NOT NULL)", name="orders_paid_has_an_instant"),
    sa.Index("orders_by_event", "organizer_id", "event_id", "order_id"),
)

buyer_counts = sa.Table(
    "buyer_counts",
    metadata,
    sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
    sa.Column("ticket_type_id", UUID(as_uuid=True), nullable=False),
    sa.Column("buyer", sa.Text, nullable=False),
    sa.Column("quantity", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "ticket_type_id", "buyer"),
    sa.CheckConstraint("quantity >= 0", name="buyer_counts_not_negative"),
    comment="Places that a buyer has ordered of ticket types with a limit per buyer.",
)

withdrawals = sa.Table(
    "withdrawals",
    metadata,
    sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
    sa.Column("withdrawal_id", UUID(as_uuid=True), nullable=False),
    sa.Column("order_id", UUID(as_uuid=True), nullable=False),
    sa.Column("code", sa.Text, nullable=False, comment="what the buyer was told at once"),
    sa.Column("is_in_time", sa.Boolean, nullable=False, comment="asked within the days, and the hours before, that the law names"),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, comment="why it was declined, for the buyer"),
    sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("settled_at", sa.DateTime(timezone=True)),
    sa.PrimaryKeyConstraint("organizer_id", "withdrawal_id"),
    sa.UniqueConstraint("organizer_id", "order_id"),
    sa.ForeignKeyConstraint(["organizer_id", "order_id"], ["orders.orders.organizer_id", "orders.orders.order_id"]),
    sa.CheckConstraint("status IN ('asked', 'accepted', 'declined')", name="withdrawals_status"),
    sa.CheckConstraint("(status = 'asked') = (settled_at IS NULL)", name="withdrawals_settled_has_an_instant"),
    sa.CheckConstraint("(status = 'declined') = (reason IS NOT NULL)", name="withdrawals_declined_has_a_reason"),
    comment="Buyers who withdraw from their purchase, one row for an order, and what the organizer answered.",
)
