"""statistics: the planner is told that an organizer may own any share of a table, and is kept from believing otherwise"""

import sqlalchemy as sa
from alembic import op

revision = "0010_statistics"
down_revision = "0009_access"
branch_labels = None
depends_on = None

FIRST_VERSION_WITH_RESTORE = 180_000


def upgrade() -> None:
    # Statistics of organizer_id lag behind a sale that has just opened: of an organizer whom they do not know they say "one row", and then
    # any index that begins with organizer_id is walked through from the organizer's first row to the last (docs/decisions/0008).
    connection = op.get_bind()
    version = connection.execute(sa.text("SELECT current_setting('server_version_num')::int")).scalar_one()
    tables = connection.execute(
        sa.text(
            """
            SELECT c.table_schema, c.table_name
              FROM information_schema.columns c
              JOIN information_schema.tables t USING (table_schema, table_name)
             WHERE c.column_name = 'organizer_id' AND t.table_type = 'BASE TABLE'
               AND c.table_schema IN
                   ('platform', 'identity', 'catalog', 'inventory', 'pricing', 'payments', 'tickets', 'orders', 'access')
            """
        )
    ).all()
    for schema, table in tables:
        op.execute(f"ALTER TABLE {schema}.{table} ALTER COLUMN organizer_id SET STATISTICS 0")
        if version >= FIRST_VERSION_WITH_RESTORE:
            connection.execute(
                sa.text(
                    """
                    SELECT pg_restore_attribute_stats(
                             'schemaname', CAST(:schema AS text), 'relname', CAST(:table AS text), 'attname', 'organizer_id',
                             'inherited', false, 'null_frac', 0::real, 'avg_width', 16, 'n_distinct', 1::real)
                    """
                ),
                {"schema": schema, "table": table},
            )
