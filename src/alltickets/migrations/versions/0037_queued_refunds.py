"""payments: refunds that wait until their gateway gives the money back"""

import sqlalchemy as sa
from alembic import op

revision = "0037_queued_refunds"
down_revision = "0036_reservations"
branch_labels = None
depends_on = None

_STATUSES = "created queued sending unknown pending succeeded failed"


def upgrade() -> None:
    op.add_column(
        "refunds",
        sa.Column(
            "waited_until",
            sa.DateTime(timezone=True),
            comment="It was queued, and its gateway could not have given it back before.",
        ),
        schema="payments",
    )
    # Checked after it is in force, so that nobody waits while the rows that stand are read.
    op.drop_constraint("status_known", "refunds", schema="payments")
    listed = ", ".join(f"'{word}'" for word in _STATUSES.split())
    op.execute(f"ALTER TABLE payments.refunds ADD CONSTRAINT status_known CHECK (status IN ({listed})) NOT VALID")
    op.execute("ALTER TABLE payments.refunds VALIDATE CONSTRAINT status_known")
