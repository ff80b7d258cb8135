"""payments: whether money moves at an account"""

import sqlalchemy as sa
from alembic import op

revision = "0042_account_modes"
down_revision = "0041_decisions_and_changes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "accounts",
        sa.Column("environment", sa.Text, nullable=False, server_default="live", comment="Whether money moves there."),
        schema="payments",
    )
    op.create_check_constraint("environment_known", "accounts", "environment IN ('test', 'live')", schema="payments")
    # What can be told without opening credentials. Of an account whose keys say it, the next time that they are entered will.
    op.execute(
        """
        /* across organizers: once, of accounts that were connected before */
        UPDATE payments.accounts a
           SET environment = 'test', version = a.version + 1
         WHERE a.gateway = 'sandbox'
            OR EXISTS (SELECT 1
                         FROM payments.sellers s
                        WHERE s.organizer_id = a.organizer_id AND s.account_id = a.id AND NOT s.is_live)
        """
    )
