"""Everything that a database keeps, to look for what must not be there."""

import psycopg

__all__ = ["everything_kept"]


def everything_kept(url: str) -> list[str]:
    """Every row of every table, as text; bytes are hexadecimal."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        rows = [row for (table,) in tables for row in connection.execute(f"SELECT t::text FROM {table} t")]
    return [text for (text,) in rows]
