"""payments: whether money moves at an account, and what was being done when something went wrong there last"""

import sqlalchemy as sa
from alembic import op

revision = "0042_account_modes"
down_revision = "0041_decisions_and_changes"
branch_labels = None
depends_on = None


OPERATIONS = "start query capture void refund dispute report connect"
KINDS = "declined invalid_request auth_config rate_limited unavailable_not_sent unknown_outcome duplicate not_found too_early unsupported"


def upgrade() -> None:
    _tell_environments()
    _tell_last_errors_apart()


def _tell_last_errors_apart() -> None:
    for column, words, comment in (
        ("last_error_operation", OPERATIONS, "`Operation`: what was being done."),
        ("last_error_kind", KINDS, "`GatewayErrorKind`."),
    ):
        op.add_column("breakers", sa.Column(column, sa.Text, comment=comment), schema="payments")
        known = ", ".join(f"'{word}'" for word in words.split())
        op.create_check_constraint(f"{column}_known", "breakers", f"{column} IN ({known})", schema="payments")


def _tell_environments() -> None:
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
