"""self-service: buyers correct holders within their organizer's limit, and mails are about a ticket too"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0015_self_service"
down_revision = "0013_notifications"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "events",
        sa.Column("holder_corrections_max", sa.SmallInteger, nullable=False, server_default="1", comment="of each ticket, by its buyer"),
        schema="catalog",
    )
    op.add_column(
        "events",
        sa.Column(
            "holder_corrections_until_hours", sa.SmallInteger, nullable=False, server_default="2", comment="before the performance starts"
        ),
        schema="catalog",
    )
    op.create_check_constraint("events_holder_corrections_max", "events", "holder_corrections_max BETWEEN 0 AND 20", schema="catalog")
    op.create_check_constraint(
        "events_holder_corrections_until", "events", "holder_corrections_until_hours BETWEEN 0 AND 720", schema="catalog"
    )
    op.add_column(
        "tickets",
        sa.Column("corrections", sa.SmallInteger, nullable=False, server_default="0", comment="of its holder, by its buyer"),
        schema="tickets",
    )
    op.add_column("mails", sa.Column("ticket_id", UUID(as_uuid=True), comment="NULL: about the whole order"), schema="notifications")
    op.drop_constraint("audit_entries_actor_kind_check", "audit_entries", schema="identity")
    op.create_check_constraint(
        "audit_entries_actor_kind_check",
        "audit_entries",
        "actor_kind IN ('user', 'api_key', 'device', 'system', 'buyer')",
        schema="identity",
    )
