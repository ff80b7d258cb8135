"""presentation: what events and organizers look like: summary, poster, logo, accent; and the words that the list is searched by"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0012_presentation"
down_revision = "0010_statistics"
branch_labels = None
depends_on = None

# See 0010: of organizer_id the planner is told nothing but that it says nothing.
FIRST_VERSION_WITH_RESTORE = 180_000


def upgrade() -> None:
    op.create_table(
        "pictures",
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("picture_id", UUID(as_uuid=True), nullable=False, comment="made of the content and of whose it is"),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("large", sa.LargeBinary, nullable=False, comment="WebP, encoded by us"),
        sa.Column("small", sa.LargeBinary, nullable=False, comment="the same for lists"),
        sa.PrimaryKeyConstraint("organizer_id", "picture_id"),
        sa.CheckConstraint("width > 0 AND height > 0", name="pictures_size"),
        schema="catalog",
    )
    op.create_table(
        "appearances",
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("accent", sa.Text, comment="#rrggbb as the organizer picked it; null: the platform's own"),
        sa.Column("logo_id", UUID(as_uuid=True)),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("organizer_id"),
        sa.ForeignKeyConstraint(["organizer_id", "logo_id"], ["catalog.pictures.organizer_id", "catalog.pictures.picture_id"]),
        sa.CheckConstraint("accent ~ '^#[0-9a-f]{6}$'", name="appearances_accent"),
        schema="catalog",
        comment="What the pages of an organizer's events look like.",
    )
    op.add_column("events", sa.Column("summary", sa.Text, nullable=False, server_default=""), schema="catalog")
    op.add_column("events", sa.Column("poster_id", UUID(as_uuid=True)), schema="catalog")
    op.create_foreign_key(
        None,
        "events",
        "pictures",
        ["organizer_id", "poster_id"],
        ["organizer_id", "picture_id"],
        source_schema="catalog",
        referent_schema="catalog",
    )
    op.add_column(
        "event_directory",
        sa.Column("words", sa.Text, nullable=False, server_default="", comment="what is searched: lower case, without accents"),
        schema="catalog",
    )
    # What `rules.search.folded` makes of Spanish and Portuguese; the next change of an event writes it exactly.
    op.execute(
        """
        UPDATE catalog.event_directory
           SET words = translate(lower(concat_ws(' ', title, category, venue_name, city)), 'áéíóúüñçãõâêôà', 'aeiouuncaoaeoa')
        """
    )
    connection = op.get_bind()
    version = connection.execute(sa.text("SELECT current_setting('server_version_num')::int")).scalar_one()
    for table in ("pictures", "appearances"):
        op.execute(f"ALTER TABLE catalog.{table} ALTER COLUMN organizer_id SET STATISTICS 0")
        if version >= FIRST_VERSION_WITH_RESTORE:
            _tell(connection, table, "organizer_id", n_distinct=1)
    if version >= FIRST_VERSION_WITH_RESTORE:
        _tell(connection, "pictures", "picture_id", n_distinct=-1)


def _tell(connection: sa.Connection, table: str, column: str, *, n_distinct: int) -> None:
    """Have the planner take the column to have so many values; -1: another one in each row."""
    connection.execute(
        sa.text(
            """
            SELECT pg_restore_attribute_stats(
                     'schemaname', 'catalog', 'relname', CAST(:table AS text), 'attname', CAST(:column AS text),
                     'inherited', false, 'null_frac', 0::real, 'avg_width', 16, 'n_distinct', CAST(:n_distinct AS real))
            """
        ),
        {"table": table, "column": column, "n_distinct": n_distinct},
    )
