"""payments: what is to become of reserved money"""

import sqlalchemy as sa
from alembic import op

revision = "0036_reservations"
down_revision = "0035_instalment_plans"
branch_labels = None
depends_on = None

_ATTEMPT_STATUSES = (
    "created sending awaiting_buyer pending unknown authorized capturing voiding declined expired cancelled voided error "
    "charged partially_refunded refunded disputed charged_back integrity_hold"
)


def upgrade() -> None:
    op.add_column(
        "charges",
        sa.Column(
            "intent",
            sa.Text,
            comment="Of reserved money: whether it is taken or given back. Written once, before the call.",
        ),
        schema="payments",
    )
    # Checked after they are in force, so that nobody waits while the rows that stand are read.
    op.drop_constraint("status_known", "attempts", schema="payments")
    _check("attempts", "status", _ATTEMPT_STATUSES)
    _check("charges", "intent", "capture void")


def _check(table: str, column: str, words: str) -> None:
    listed = ", ".join(f"'{word}'" for word in words.split())
    op.execute(f"ALTER TABLE payments.{table} ADD CONSTRAINT {column}_known CHECK ({column} IN ({listed})) NOT VALID")
    op.execute(f"ALTER TABLE payments.{table} VALIDATE CONSTRAINT {column}_known")
