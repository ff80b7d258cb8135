"""payments: refunds that their gateway refused are made again; orders: tickets that were given back"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0038_refunds_again"
down_revision = "0037_refunds_and_reports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "refunds",
        sa.Column(
            "retry_of",
            UUID(as_uuid=True),
            comment="The refund that the gateway had refused, and that this one makes again under a key of its own.",
        ),
        schema="payments",
    )
    op.create_index(
        "refunds_retry_of",
        "refunds",
        ["organizer_id", "retry_of"],
        unique=True,
        schema="payments",
        postgresql_where=sa.text("retry_of IS NOT NULL"),
    )
    op.add_column(
        "orders",
        sa.Column(
            "returned_numbers",
            sa.ARRAY(sa.Integer),
            nullable=False,
            server_default="{}",
            comment="Of tickets that were given back while the order went on; their places are for sale again.",
        ),
        schema="orders",
    )
