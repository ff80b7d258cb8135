"""statistics: the planner is told that an organizer may own any share of a table, and that an id names one row"""

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
            _tell(connection, schema, table, "organizer_id", n_distinct=1)
    # Until the first ANALYZE an unknown id counts as one in two hundred: a hundred of them then seem to be half of the table, and the table
    # is read as a whole (measured: 14 ms for the states of 100 among 100,000 holds, growing).
    keys = connection.execute(
        sa.text(
            """
            SELECT n.nspname, c.relname, id.attname
              FROM pg_index i
              JOIN pg_class c ON c.oid = i.indrelid
              JOIN pg_namespace n ON n.oid = c.relnamespace
              JOIN pg_attribute o ON o.attrelid = c.oid AND o.attnum = i.indkey[0] AND o.attname = 'organizer_id'
              JOIN pg_attribute id ON id.attrelid = c.oid AND id.attnum = i.indkey[1] AND id.atttypid = 'uuid'::regtype
             WHERE i.indisprimary AND i.indnkeyatts = 2
            """
        )
    ).all()
    for schema, table, column in keys if version >= FIRST_VERSION_WITH_RESTORE else []:
        _tell(connection, schema, table, column, n_distinct=-1)


def _tell(connection: sa.Connection, schema: str, table: str, column: str, *, n_distinct: int) -> None:
    """Have the planner take the column to have so many values; -1: another one in each row."""
    connection.execute(
        sa.text(
            """
            SELECT pg_restore_attribute_stats(
                     'schemaname', CAST(:schema AS text), 'relname', CAST(:table AS text), 'attname', CAST(:column AS text),
                     'inherited', false, 'null_frac', 0::real, 'avg_width', 16, 'n_distinct', CAST(:n_distinct AS real))
            """
        ),
        {"schema": schema, "table": table, "column": column, "n_distinct": n_distinct},
    )
