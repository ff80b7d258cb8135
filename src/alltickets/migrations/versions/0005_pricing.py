"""pricing: price lists with their charge policies and price phases"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

revision = "0005_pricing"
down_revision = "0004_inventory"
branch_labels = None
depends_on = None

OF_PRICE_LIST = (["organizer_id", "event_id"], ["pricing.price_lists.organizer_id", "pricing.price_lists.event_id"])


def upgrade() -> None:
    op.execute("CREATE SCHEMA pricing")
    op.create_table(
        "price_lists",
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("event_id", UUID(as_uuid=True), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("organizer_id", "event_id"),
        comment="One per event that anything was decided about; its version grows with every change of the policy or of a phase.",
        schema="pricing",
    )
    op.create_table(
        "charge_policies",
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("event_id", UUID(as_uuid=True), nullable=False),
        sa.Column("policy_id", UUID(as_uuid=True), nullable=False, comment="what quotes name; a new policy has a new one"),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("basis_points", sa.Integer, nullable=False),
        sa.Column("fixed_minor", sa.BigInteger, nullable=False),
        sa.Column("minimum_minor", sa.BigInteger),
        sa.Column("maximum_minor", sa.BigInteger),
        sa.Column("rounding", sa.Text, nullable=False),
        sa.Column("rounding_step_minor", sa.Integer, nullable=False),
        sa.Column("charge_taxes", JSONB, nullable=False, comment="taxes inside the charge, as [{name, basis_points}]"),
        sa.Column("price_taxes", JSONB, nullable=False, comment="taxes inside what remains for the organizer, likewise"),
        sa.PrimaryKeyConstraint("organizer_id", "event_id"),
        sa.ForeignKeyConstraint(*OF_PRICE_LIST),
        sa.CheckConstraint("mode IN ('added', 'absorbed')", name="charge_policies_mode"),
        sa.CheckConstraint("rounding IN ('nearest', 'up', 'down')", name="charge_policies_rounding"),
        sa.CheckConstraint("basis_points BETWEEN 0 AND 10000 AND fixed_minor >= 0 AND minimum_minor >= 0", name="charge_policies_amounts"),
        sa.CheckConstraint("minimum_minor <= maximum_minor", name="charge_policies_bounds"),
        sa.CheckConstraint("rounding_step_minor > 0", name="charge_policies_step"),
        schema="pricing",
    )
    op.create_table(
        "price_phases",
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("event_id", UUID(as_uuid=True), nullable=False),
        sa.Column("ticket_type_id", UUID(as_uuid=True), nullable=False),
        sa.Column("phase_id", UUID(as_uuid=True), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("price_minor", sa.BigInteger, nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True)),
        sa.Column("ends_at", sa.DateTime(timezone=True)),
        sa.Column("until_taken", sa.Integer, comment="applies to the first so many places taken at a performance; null: no such bound"),
        sa.PrimaryKeyConstraint("organizer_id", "event_id", "ticket_type_id", "phase_id"),
        sa.UniqueConstraint("organizer_id", "event_id", "ticket_type_id", "position"),
        sa.ForeignKeyConstraint(*OF_PRICE_LIST),
        sa.CheckConstraint("price_minor >= 0 AND until_taken > 0", name="price_phases_amounts"),
        sa.CheckConstraint("starts_at < ends_at", name="price_phases_dates"),
        schema="pricing",
    )
