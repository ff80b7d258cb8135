"""payments: routing policies, commission tables, decisions, and what an account may be used for"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

revision = "0028_routing"
down_revision = "0027_breakers"
branch_labels = None
depends_on = None

FIRST_VERSION_WITH_RESTORE = 180_000
_id = UUID(as_uuid=True)
_instant = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "accounts",
        sa.Column("terms", JSONB, nullable=False, server_default="{}", comment="`AccountTerms`: what it may be used for."),
        schema="payments",
    )
    _create_policies()
    _create_fee_schedules()
    _create_decisions()
    for table, key in (
        ("routing_states", None),
        ("routing_policies", "scope_id"),
        ("routing_policy_versions", None),
        ("fee_schedules", "fee_schedule_id"),
        ("route_contexts", "context_id"),
        ("route_decisions", "attempt_id"),
    ):
        _steady_the_planner(table, key)


def _create_policies() -> None:
    op.create_table(
        "routing_states",
        sa.Column("organizer_id", _id, nullable=False),
        sa.Column("version", sa.Integer, nullable=False, comment="Grows with each change of policies or commission tables."),
        sa.PrimaryKeyConstraint("organizer_id"),
        schema="payments",
    )
    op.create_table(
        "routing_policies",
        sa.Column("organizer_id", _id, nullable=False),
        sa.Column(
            "scope_id", _id, nullable=False, comment="An event's id, or the organizer's own: for every event without one of its own."
        ),
        sa.Column("draft", JSONB, comment="`Policy`, faults and all; None: nothing was written since the last activation."),
        sa.Column(
            "revision", sa.Integer, nullable=False, comment="Grows with each change of draft or version; a change names what it rests on."
        ),
        sa.Column("active_version", sa.Integer, nullable=False, comment="0: none is in force."),
        sa.Column("versions", sa.Integer, nullable=False, comment="How many there were."),
        sa.Column("updated_at", _instant, nullable=False),
        sa.PrimaryKeyConstraint("organizer_id", "scope_id"),
        sa.CheckConstraint("active_version >= 0 AND active_version <= versions", name="active_version_exists"),
        schema="payments",
    )
    op.create_table(
        "routing_policy_versions",
        sa.Column("organizer_id", _id, nullable=False),
        sa.Column("scope_id", _id, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("policy", JSONB, nullable=False),
        sa.Column("activated_at", _instant, nullable=False),
        sa.Column("activated_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("organizer_id", "scope_id", "version"),
        comment="Append-only.",
        schema="payments",
    )


def _create_fee_schedules() -> None:
    op.create_table(
        "fee_schedules",
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
        schema="payments",
    )


def _create_decisions() -> None:
    op.create_table(
        "route_contexts",
        sa.Column("organizer_id", _id, nullable=False),
        sa.Column("context_id", _id, nullable=False, comment="The digest of the context."),
        sa.Column("context", JSONB, nullable=False, comment="`RouteContext`: accounts, policy and tables that many decisions share."),
        sa.Column("created_at", _instant, nullable=False),
        sa.PrimaryKeyConstraint("organizer_id", "context_id"),
        comment="Append-only.",
        schema="payments",
    )
    op.create_table(
        "route_decisions",
        sa.Column("organizer_id", _id, nullable=False),
        sa.Column("attempt_id", _id, nullable=False),
        sa.Column("context_id", _id, nullable=False),
        sa.Column("facts", JSONB, nullable=False, comment="`RouteFacts`; with the context the whole input of the decision."),
        sa.Column("decision", JSONB, nullable=False, comment="`Decision`."),
        sa.Column("decided_at", _instant, nullable=False),
        sa.PrimaryKeyConstraint("organizer_id", "attempt_id"),
        comment="Append-only.",
        schema="payments",
    )


def _steady_the_planner(table: str, key: str | None) -> None:
    """An organizer may own any share of a table, and an id names one row (docs/decisions/0008)."""
    op.execute(f"ALTER TABLE payments.{table} ALTER COLUMN organizer_id SET STATISTICS 0")
    connection = op.get_bind()
    if connection.execute(sa.text("SELECT current_setting('server_version_num')::int")).scalar_one() < FIRST_VERSION_WITH_RESTORE:
        return
    for column, n_distinct in (("organizer_id", 1), *([(key, -1)] if key is not None else [])):
        connection.execute(
            sa.text(
                """
                SELECT pg_restore_attribute_stats(
                         'schemaname', 'payments', 'relname', CAST(:table AS text), 'attname', CAST(:column AS text),
                         'inherited', false, 'null_frac', 0::real, 'avg_width', 16, 'n_distinct', CAST(:n_distinct AS real))
                """
            ),
            {"table": table, "column": column, "n_distinct": n_distinct},
        )
