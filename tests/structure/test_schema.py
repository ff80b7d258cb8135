"""The schema as it lives in a freshly migrated database: tenants apart, contexts apart, and nothing that happens by itself."""

import importlib
from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from alltickets.kernel.ids import new_id
from alltickets.migrations import run as migrations
from tests.conftest import with_database
from tests.sql_rules import SOURCE
from tests.structure.source import CONTEXTS

SCHEMAS = tuple(name for name in ("platform", *CONTEXTS) if (SOURCE / name / "tables.py").exists())
METADATA = {name: importlib.import_module(f"alltickets.{name}.tables").metadata for name in SCHEMAS}
# Rooms of a context may have tables of their own, in its schema.
for _file in SOURCE.glob("*/*/tables.py"):
    importlib.import_module(f"alltickets.{_file.parent.parent.name}.{_file.parent.name}.tables")
DIRECTORY = "Directory"
# What a default may call: it is the same for a whole transaction, and so on every node.
DEFAULT_FUNCTIONS = ("now()", "CURRENT_TIMESTAMP")
Rows = list[tuple[str, ...]]


@pytest.fixture(scope="module")
def databases(postgres_url: str) -> Iterator[tuple[psycopg.Connection, psycopg.Connection]]:
    """One database made by the migrations, one by the tables as contexts declare them."""
    names = [f"migrated_{new_id().hex}", f"declared_{new_id().hex}"]
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        for name in names:
            admin.execute(f"CREATE DATABASE {name}")
        migrated, declared = (with_database(postgres_url, name) for name in names)
        migrations.upgrade(migrated)
        engine = _engine(declared)
        with engine.begin() as connection:
            for schema, metadata in METADATA.items():
                connection.execute(sa.schema.CreateSchema(schema))
                metadata.create_all(connection)
        with psycopg.connect(migrated, autocommit=True) as first, psycopg.connect(declared, autocommit=True) as second:
            yield first, second
        for name in names:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def schema(databases: tuple[psycopg.Connection, psycopg.Connection]) -> psycopg.Connection:
    """The migrated database."""
    return databases[0]


def _engine(url: str) -> sa.Engine:
    return sa.create_engine(f"postgresql+psycopg://{url.partition('://')[2]}", poolclass=sa.NullPool)


def ask(connection: psycopg.Connection, sql: str) -> Rows:
    """Rows of a question to the catalog; `%(schemas)s` are ours, `is_directory` tells whose tables are nobody's."""
    return connection.execute(sql, {"schemas": list(SCHEMAS), "directory": f"{DIRECTORY}%"}).fetchall()


TABLES = """
    SELECT c.oid, c.oid::regclass::text AS name, n.nspname AS schema, c.relpersistence,
           coalesce(obj_description(c.oid, 'pg_class') LIKE %(directory)s, false) AS is_directory
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY(%(schemas)s)
"""


def columns_of(constraint_columns: str, table: str) -> str:
    """SQL for the names of a constraint's or index's columns, in its order."""
    return f"""
    (SELECT array_agg(a.attname::text ORDER BY k.place)
       FROM unnest({constraint_columns}) WITH ORDINALITY AS k(number, place)
       JOIN pg_attribute a ON a.attrelid = {table} AND a.attnum = k.number)
    """


def test_every_table_stands_in_the_schema_of_a_context(schema: psycopg.Connection) -> None:
    found = ask(schema, "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public')")
    in_public = ask(
        schema,
        """
        SELECT relname FROM pg_class
         WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
           AND relname !~ '^procrastinate_' AND relname <> 'alembic_version'
        """,
    )

    assert sorted(name for (name,) in found) == sorted(SCHEMAS)
    assert in_public == []
    assert {name: metadata.schema for name, metadata in METADATA.items()} == {name: name for name in SCHEMAS}


def test_every_tenant_table_names_its_organizer_first_in_its_primary_key(schema: psycopg.Connection) -> None:
    without = ask(
        schema,
        f"""
        SELECT t.name
          FROM ({TABLES}) t
          LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = 'organizer_id' AND a.atttypid = 'uuid'::regtype AND a.attnotnull
          LEFT JOIN pg_constraint p ON p.conrelid = t.oid AND p.contype = 'p'
         WHERE NOT t.is_directory AND (a.attnum IS NULL OR p.conkey[1] IS DISTINCT FROM a.attnum)
        """,
    )

    assert without == []


def test_every_unique_key_of_a_tenant_table_holds_its_organizer(schema: psycopg.Connection) -> None:
    without = ask(
        schema,
        f"""
        SELECT t.name, i.indexrelid::regclass::text
          FROM ({TABLES}) t
          JOIN pg_index i ON i.indrelid = t.oid AND i.indisunique
         WHERE NOT t.is_directory
           AND array_position({columns_of("i.indkey::int2[]", "t.oid")}, 'organizer_id') IS NULL
        """,
    )

    assert without == []


def test_foreign_keys_stay_in_their_context_and_with_their_organizer(schema: psycopg.Connection) -> None:
    keys = ask(
        schema,
        f"""
        SELECT f.conrelid::regclass::text, pg_get_constraintdef(f.oid), t.schema, r.schema,
               ({columns_of("f.conkey", "f.conrelid")})[1], ({columns_of("f.confkey", "f.confrelid")})[1]
          FROM pg_constraint f
          JOIN ({TABLES}) t ON t.oid = f.conrelid
          JOIN ({TABLES}) r ON r.oid = f.confrelid
         WHERE f.contype = 'f'
        """,
    )

    assert len(keys) > 5
    assert [key for key in keys if key[2] != key[3]] == []
    assert [key for key in keys if key[4:] != ("organizer_id", "organizer_id")] == []


def test_no_row_loses_its_reference_by_itself(schema: psycopg.Connection) -> None:
    clearing = ask(
        schema,
        f"""
        SELECT t.name, pg_get_constraintdef(f.oid)
          FROM pg_constraint f
          JOIN ({TABLES}) t ON t.oid = f.conrelid
         WHERE f.contype = 'f' AND (f.confdeltype IN ('n', 'd') OR f.confupdtype <> 'a')
        """,
    )

    assert clearing == []


def test_no_value_comes_from_the_database_but_constants_and_the_time_of_the_transaction(schema: psycopg.Connection) -> None:
    made = ask(
        schema,
        f"""
        SELECT t.name, a.attname, a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid)
          FROM ({TABLES}) t
          JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0
          LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
         WHERE a.attidentity <> '' OR a.attgenerated <> '' OR d.adbin IS NOT NULL
        """,
    )
    sequences = ask(
        schema,
        "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relkind = 'S' AND c.relnamespace::regnamespace::text = ANY(%(schemas)s)",
    )

    assert [row for row in made if row[2] or row[3]] == []
    assert [row for row in made if "(" in row[4] and row[4] not in DEFAULT_FUNCTIONS] == []
    assert sequences == []


def test_nothing_happens_behind_a_statement(schema: psycopg.Connection) -> None:
    triggers = ask(
        schema,
        """
        SELECT tgrelid::regclass::text, tgname FROM pg_trigger
         WHERE NOT tgisinternal AND tgrelid::regclass::text !~ '^procrastinate_'
        """,
    )
    rules = ask(schema, f"SELECT t.name, r.rulename FROM ({TABLES}) t JOIN pg_rewrite r ON r.ev_class = t.oid")
    functions = ask(
        schema,
        """
        SELECT oid::regprocedure::text FROM pg_proc
         WHERE pronamespace::regnamespace::text = ANY(%(schemas)s)
            OR (pronamespace = 'public'::regnamespace AND proname !~ '^procrastinate_')
        """,
    )
    event_triggers = ask(schema, "SELECT evtname FROM pg_event_trigger")

    assert (triggers, rules, functions, event_triggers) == ([], [], [], [])


def test_every_table_survives_a_crash(schema: psycopg.Connection) -> None:
    assert ask(schema, f"SELECT t.name FROM ({TABLES}) t WHERE t.relpersistence <> 'p'") == []


def test_instants_have_a_zone_amounts_are_exact_and_states_are_words(schema: psycopg.Connection) -> None:
    inexact = ask(
        schema,
        f"""
        SELECT t.name, a.attname, format_type(a.atttypid, a.atttypmod)
          FROM ({TABLES}) t
          JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
          JOIN pg_type y ON y.oid = a.atttypid
         WHERE y.typname IN ('timestamp', 'timetz', 'float4', 'float8', 'money', 'json', 'bpchar') OR y.typtype = 'e'
        """,
    )

    assert inexact == []


def test_alembic_finds_nothing_to_migrate(schema: psycopg.Connection) -> None:
    url = schema.info.dsn
    engine = sa.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=sa.NullPool)

    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_schemas": True,
                "include_name": lambda name, kind, parents: kind != "schema" or name in SCHEMAS,
                "compare_server_default": True,
                "compare_type": True,
            },
        )
        differences = compare_metadata(context, list(METADATA.values()))  # type: ignore[arg-type]  # takes several, and says so only in its text

    assert differences == []


SHAPE = {
    "columns": f"""
        SELECT t.name, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull::text, pg_get_expr(d.adbin, d.adrelid),
               col_description(t.oid, a.attnum)
          FROM ({TABLES}) t
          JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
          LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
    """,
    "constraints": f"""
        SELECT t.name, c.conname, pg_get_constraintdef(c.oid) FROM ({TABLES}) t JOIN pg_constraint c ON c.conrelid = t.oid
         WHERE c.contype <> 'n'
    """,
    "indexes": f"SELECT t.name, pg_get_indexdef(i.indexrelid) FROM ({TABLES}) t JOIN pg_index i ON i.indrelid = t.oid",
    "options": f"""
        SELECT t.name, c.reloptions::text, obj_description(t.oid, 'pg_class') FROM ({TABLES}) t JOIN pg_class c ON c.oid = t.oid
    """,
}


@pytest.mark.parametrize("part", SHAPE)
def test_what_is_migrated_is_what_is_declared(databases: tuple[psycopg.Connection, psycopg.Connection], part: str) -> None:
    migrated, declared = (set(ask(database, SHAPE[part])) for database in databases)

    assert sorted(migrated - declared, key=str) == []
    assert sorted(declared - migrated, key=str) == []
