"""Tables of routing, in the schema of payments."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, UUID

from alltickets.payments.tables import metadata

_id = UUID(as_uuid=True)
_instant = sa.DateTime(timezone=True)

routing_states = sa.Table(
    "routing_states",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("version", sa.Integer, nullable=False, comment="Grows with each change of policies or commission tables."),
    sa.PrimaryKeyConstraint("organizer_id"),
)

routing_policies = sa.Table(
    "routing_policies",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("scope_id", _id, nullable=False, comment="An event's id, or the organizer's own: for every event without one of its own."),
    sa.Column("draft", JSONB, comment="`Policy`, faults and all; None: nothing was written since the last activation."),
    sa.Column(
        "revision", sa.Integer, nullable=False, comment="Grows with each change of draft or version; a change names what it rests on."
    ),
    sa.Column("active_version", sa.Integer, nullable=False, comment="0: none is in force."),
    sa.Column("versions", sa.Integer, nullable=False, comment="How many there were."),
    sa.Column("updated_at", _instant, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "scope_id"),
    sa.CheckConstraint("active_version >= 0 AND active_version <= versions", name="active_version_exists"),
)

routing_policy_versions = sa.Table(
    "routing_policy_versions",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("scope_id", _id, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("policy", JSONB, nullable=False),
    sa.Column("activated_at", _instant, nullable=False),
    sa.Column("activated_by", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "scope_id", "version"),
    comment="Append-only.",
)

fee_schedules = sa.Table(
    "fee_schedules",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("fee_schedule_id", _id, nullable=False),
    sa.Column("gateway", sa.Text, nullable=False),
    sa.Column("account_id", _id, comment="None: every account of the gateway that has no line of its own."),
    sa.Column("method", sa.Text),
    sa.Column("instalments", sa.Integer, comment="Those that the seller bears."),
    sa.Column("release_days", sa.Integer, nullable=False),
    sa.Column("rate_ppm", sa.Integer, nullable=False, comment="Millionths of the amount."),
    sa.Column("fixed_minor", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("vat_basis_points", sa.Integer, nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date, comment="The first day on which it counts no more."),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("is_verified", sa.Boolean, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "fee_schedule_id"),
    sa.CheckConstraint("rate_ppm >= 0 AND fixed_minor >= 0 AND vat_basis_points >= 0", name="fees_not_negative"),
    sa.CheckConstraint("valid_to > valid_from", name="valid_some_day"),
)

route_contexts = sa.Table(
    "route_contexts",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("context_id", _id, nullable=False, comment="The digest of the context."),
    sa.Column("context", JSONB, nullable=False, comment="`RouteContext`: accounts, policy and tables that many decisions share."),
    sa.Column("created_at", _instant, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "context_id"),
    comment="Append-only.",
)

route_decisions = sa.Table(
    "route_decisions",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("attempt_id", _id, nullable=False),
    sa.Column("number", sa.Integer, nullable=False, comment="Which one of the attempt's, from 1."),
    sa.Column("context_id", _id, nullable=False),
    sa.Column("facts", JSONB, nullable=False, comment="`RouteFacts`; with the context the whole input of the decision."),
    sa.Column("decision", JSONB, nullable=False, comment="`Decision`."),
    sa.Column("decided_at", _instant, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "attempt_id", "number"),
    comment="Append-only. The last of an attempt counts; none is added once anything of the attempt was sent.",
)

unfollowed_decisions = sa.Table(
    "unfollowed_decisions",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("reference", _id, nullable=False, comment="The payment's."),
    sa.Column("digest", _id, nullable=False, comment="The same for decisions that differ in time or in the card's digits alone."),
    sa.Column("context_id", _id, nullable=False),
    sa.Column("facts", JSONB, nullable=False, comment="`RouteFacts`, of the first time."),
    sa.Column("decision", JSONB, nullable=False, comment="`Decision`."),
    sa.Column("decided_at", _instant, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "reference", "digest"),
    comment="Append-only: decisions by which no attempt goes anywhere, for no account could, or the card is taken elsewhere.",
)
