"""The rules of SQL: the checker knows good from bad, and every statement in the source is good."""

import re

import pytest

from tests.sql_rules import broken_rules, check_statement, directory_tables
from tests.structure.source import statements

# Announcements are made past the transactions, by the one place that may (docs/decisions/0004).
EXEMPT = ("src/alltickets/platform/notify.py",)

GOOD = {
    "a predicate": "SELECT label FROM inventory.pools WHERE organizer_id = %(organizer_id)s AND pool_id = %(id)s",
    "a predicate with a cast": "SELECT label FROM inventory.pools WHERE organizer_id=%(organizer_id)s::uuid",
    "a predicate the other way round": "SELECT label FROM inventory.pools p WHERE %(organizer_id)s = p.organizer_id",
    "no table of ours": "SELECT 1",
    "an OR in parentheses": """
        SELECT label FROM inventory.pools
         WHERE organizer_id = %(organizer_id)s AND (%(kind)s::text IS NULL OR kind = %(kind)s)
        """,
    "an OR of another query": """
        SELECT label FROM inventory.pools p
         WHERE p.organizer_id = %(organizer_id)s
           AND EXISTS (SELECT 1 FROM unnest(%(ids)s::uuid[]) AS x(id) WHERE x.id = p.pool_id OR x.id = p.event_id)
        """,
    "a join": """
        SELECT p.label, s.label FROM inventory.pools p
          JOIN inventory.seats s ON s.organizer_id = p.organizer_id AND s.pool_id = p.pool_id
         WHERE p.organizer_id = %(organizer_id)s
        """,
    "a join by USING": """
        SELECT p.label, s.label FROM inventory.pools p
          JOIN inventory.seats s USING (organizer_id, pool_id)
         WHERE p.organizer_id = %(organizer_id)s
        """,
    "a join with a directory": """
        SELECT m.role, a.mail FROM identity.memberships m
          JOIN identity.accounts a ON a.user_id = m.user_id
         WHERE m.organizer_id = %(organizer_id)s
        """,
    "a row": "INSERT INTO catalog.venues (organizer_id, venue_id, name) VALUES (%(organizer_id)s, %(id)s, %(name)s)",
    "rows": """
        INSERT INTO catalog.venues AS v (organizer_id, venue_id, name)
        SELECT o.organizer_id, x.*
          FROM platform.organizers o, unnest(%(ids)s::uuid[], %(names)s::text[]) AS x(id, name)
         WHERE o.organizer_id = %(organizer_id)s
        ON CONFLICT (organizer_id, venue_id) DO UPDATE SET name = excluded.name, version = v.version + 1
        RETURNING venue_id
        """,
    "rows as JSON": """
        INSERT INTO catalog.venues (organizer_id, venue_id, name)
        SELECT o.organizer_id, x.id, x.name
          FROM platform.organizers o, json_to_recordset(%(rows)s::json) AS x(id uuid, name text)
         WHERE o.organizer_id = %(organizer_id)s
        """,
    "rows of its own": """
        INSERT INTO orders.orders (organizer_id, order_id)
        SELECT organizer_id, hold_id FROM inventory.holds WHERE organizer_id = %(organizer_id)s
        """,
    "an update": "UPDATE inventory.pools SET held = held + 1 WHERE organizer_id = %(organizer_id)s AND pool_id = %(id)s RETURNING held",
    "an update from rows": """
        UPDATE inventory.pools p SET held = p.held + x.taken
          FROM unnest(%(ids)s::uuid[], %(taken)s::int[]) AS x(id, taken)
         WHERE p.organizer_id = %(organizer_id)s AND p.pool_id = x.id
        """,
    "a writing CTE that feeds a SELECT": """
        WITH taken AS (UPDATE inventory.pools SET held = held + 1 WHERE organizer_id = %(organizer_id)s RETURNING pool_id)
        SELECT pool_id FROM taken
        """,
    "a count": "SELECT count(*), count(*) FILTER (WHERE held > 0) FROM inventory.pools WHERE organizer_id = %(organizer_id)s",
    "a product": "SELECT capacity * 2 FROM inventory.pools WHERE organizer_id = %(organizer_id)s",
    "a look-up in a directory": "/* directory */ SELECT organizer_id FROM identity.slugs WHERE slug = %(slug)s",
    "a sweep's discovery": """
        /* across organizers: finds whose holds are due */
        SELECT DISTINCT organizer_id FROM inventory.holds WHERE state = 'held' AND expires_at <= now()
        """,
    "words of a text": "SELECT label FROM inventory.pools WHERE organizer_id = %(organizer_id)s AND label <> 'merge into; or nextval *'",
    "words of a comment": "SELECT label FROM inventory.pools /* or nextval */ WHERE organizer_id = %(organizer_id)s -- merge into",
}

BAD = {
    "no predicate": ("SELECT label FROM inventory.pools WHERE pool_id = %(id)s", "does not name its organizer"),
    "no predicate but a comment": (
        "SELECT label FROM inventory.pools -- WHERE organizer_id = %(organizer_id)s\n",
        "does not name its organizer",
    ),
    "no predicate but a text": (
        "SELECT label FROM inventory.pools WHERE label = 'organizer_id = %(organizer_id)s'",
        "does not name its organizer",
    ),
    "somebody else's": ("SELECT label FROM inventory.pools WHERE organizer_id = %(other_id)s", "does not name its organizer"),
    "anybody else's": ("SELECT label FROM inventory.pools WHERE organizer_id <> %(organizer_id)s", "does not name its organizer"),
    "compared in the list": ("SELECT organizer_id = %(organizer_id)s FROM inventory.pools", "does not name its organizer"),
    "negated": ("SELECT label FROM inventory.pools WHERE NOT organizer_id = %(organizer_id)s", "does not name its organizer"),
    "another column": ("SELECT label FROM inventory.pools WHERE other_organizer_id = %(organizer_id)s", "does not name its organizer"),
    "a name in quotes": ('SELECT label FROM "inventory"."pools"', "does not name its organizer"),
    "a name with blanks": ("SELECT label FROM inventory . pools", "does not name its organizer"),
    "an OR": ("SELECT label FROM inventory.pools WHERE organizer_id = %(organizer_id)s OR is_public", "an OR beside its organizer"),
    "an OR in a deeper query": (
        """
        SELECT 1 WHERE EXISTS (SELECT label FROM inventory.pools WHERE organizer_id = %(organizer_id)s AND a OR b)
        """,
        "an OR beside its organizer",
    ),
    "a join that forgets": (
        """
        SELECT s.label FROM inventory.pools p JOIN inventory.seats s ON s.pool_id = p.pool_id
         WHERE p.organizer_id = %(organizer_id)s
        """,
        "for every table",
    ),
    "a comma that forgets": (
        "SELECT s.label FROM inventory.pools p, inventory.seats s WHERE p.organizer_id = %(organizer_id)s",
        "for every table",
    ),
    "a join without a beginning": (
        "SELECT s.label FROM inventory.pools p JOIN inventory.seats s ON s.organizer_id = p.organizer_id",
        "does not name its organizer",
    ),
    "a union that forgets": (
        """
        SELECT label FROM inventory.pools WHERE organizer_id = %(organizer_id)s
         UNION ALL
        SELECT label FROM inventory.seats
        """,
        "for every table",
    ),
    "a deeper query that forgets": (
        """
        SELECT label FROM inventory.pools
         WHERE organizer_id = %(organizer_id)s AND pool_id IN (SELECT pool_id FROM inventory.seats WHERE state = 'free')
        """,
        "for every table",
    ),
    "an update of all": ("UPDATE inventory.pools SET held = 0", "does not name its organizer"),
    "an update that only sets": (
        "UPDATE inventory.pools SET organizer_id = %(organizer_id)s WHERE pool_id = %(id)s",
        "changes whose a row is",
    ),
    "an update that moves": (
        "UPDATE inventory.pools SET held = 0, organizer_id = %(to)s WHERE organizer_id = %(organizer_id)s",
        "changes whose a row is",
    ),
    "a conflict that moves": (
        """
        INSERT INTO catalog.venues (organizer_id, venue_id) VALUES (%(organizer_id)s, %(id)s)
        ON CONFLICT (organizer_id, venue_id) DO UPDATE SET organizer_id = excluded.organizer_id
        """,
        "changes whose a row is",
    ),
    "a delete of all": ("DELETE FROM inventory.seats", "does not name its organizer"),
    "a delete beside another": (
        "DELETE FROM inventory.seats s USING inventory.pools p WHERE p.organizer_id = %(organizer_id)s AND p.pool_id = s.pool_id",
        "for every table",
    ),
    "an insert for nobody": ("INSERT INTO catalog.venues (venue_id) VALUES (%(id)s)", "inserts without an organizer"),
    "an insert without columns": ("INSERT INTO catalog.venues VALUES (%(organizer_id)s, %(id)s)", "inserts without an organizer"),
    "an insert for another": (
        "INSERT INTO catalog.venues (organizer_id, venue_id) VALUES (%(other_id)s, %(id)s)",
        "other rows than its own",
    ),
    "an insert behind a comment": (
        "/* new */ INSERT INTO catalog.venues (organizer_id, venue_id) VALUES (%(other_id)s, %(id)s)",
        "other rows than its own",
    ),
    "rows that nobody vouches for": (
        """
        INSERT INTO catalog.venues (organizer_id, venue_id)
        SELECT %(organizer_id)s, x.id FROM json_to_recordset(%(rows)s::json) AS x(id uuid)
        """,
        "platform.organizers does not vouch for",
    ),
    "rows of others": (
        "INSERT INTO orders.orders (organizer_id, order_id) SELECT organizer_id, hold_id FROM inventory.holds",
        "does not name its organizer",
    ),
    "a writing CTE that feeds an INSERT": (
        """
        WITH taken AS (UPDATE inventory.pools SET held = 0 WHERE organizer_id = %(organizer_id)s RETURNING pool_id)
        INSERT INTO catalog.venues (organizer_id, venue_id) SELECT %(organizer_id)s, pool_id FROM taken
        """,
        "a writing CTE feeds an INSERT",
    ),
    "a writing CTE that feeds another's INSERT": (
        """
        WITH gone AS MATERIALIZED (DELETE FROM inventory.seats WHERE organizer_id = %(organizer_id)s RETURNING seat_id),
             kept AS (INSERT INTO catalog.venues (organizer_id, venue_id) SELECT %(organizer_id)s, seat_id FROM gone RETURNING venue_id)
        SELECT venue_id FROM kept
        """,
        "a writing CTE feeds an INSERT",
    ),
    "a star": ("SELECT * FROM inventory.pools WHERE organizer_id = %(organizer_id)s", "a star"),
    "a table's star": ("SELECT p.* FROM inventory.pools p WHERE p.organizer_id = %(organizer_id)s", "a star"),
    "a star beside rows": (
        """
        SELECT x.*, p.* FROM unnest(%(ids)s::uuid[]) AS x(id), inventory.pools p WHERE p.organizer_id = %(organizer_id)s
        """,
        "a star",
    ),
    "a star that comes back": ("DELETE FROM inventory.seats WHERE organizer_id = %(organizer_id)s RETURNING *", "a star"),
    "a star in a deeper query": ("SELECT (SELECT * FROM unnest(%(ids)s::int[])) FROM unnest(%(ids)s::int[]) AS x(id)", "a star"),
    "a made id": ("SELECT gen_random_uuid()", "ids come from the application"),
    "a made id of PostgreSQL 18": ("SELECT uuidv7 ()", "ids come from the application"),
    "chance": ("SELECT label FROM inventory.pools WHERE organizer_id = %(organizer_id)s ORDER BY random()", "random()"),
    "a clock": ("SELECT clock_timestamp()", "clock_timestamp"),
    "a sequence": ("SELECT nextval('numbers')", "a sequence"),
    "a merge": ("WITH x AS (SELECT 1) MERGE INTO inventory.pools p USING x ON true WHEN MATCHED THEN DELETE", "MERGE"),
    "a constraint's name": (
        "INSERT INTO catalog.venues (organizer_id) VALUES (%(organizer_id)s) ON CONFLICT ON CONSTRAINT venues_pkey DO NOTHING",
        "the name of a constraint",
    ),
    "an advisory lock": ("SELECT pg_try_advisory_xact_lock(1)", "an advisory lock"),
    "a notification": ("SELECT pg_notify('alltickets', 'x')", "tx.announce"),
    "a directory that is none": (
        "/* directory */ SELECT organizer_id FROM inventory.pools WHERE pool_id = %(id)s",
        "touches rows of organizers",
    ),
    "across for no reason": ("/* across organizers: */ SELECT organizer_id FROM inventory.holds", "without saying why"),
    "across and writing": ("/* across organizers: tidy */ DELETE FROM inventory.holds", "does more than read"),
    "across and locking": (
        "/* across organizers: due */ SELECT hold_id FROM inventory.holds FOR UPDATE SKIP LOCKED",
        "does more than read",
    ),
    "across and writing in a CTE": (
        "/* across organizers: due */ WITH x AS (DELETE FROM inventory.holds RETURNING hold_id) SELECT hold_id FROM x",
        "does more than read",
    ),
    "an end of the transaction": ("COMMIT", "not one statement of the kinds"),
    "a setting": ("SET search_path = inventory", "not one statement of the kinds"),
    "a table lock": ("LOCK TABLE inventory.pools", "not one statement of the kinds"),
    "two statements": ("SELECT 1; DELETE FROM inventory.pools", "not one statement of the kinds"),
}


@pytest.mark.parametrize("statement", GOOD.values(), ids=GOOD.keys())
def test_a_good_statement_passes(statement: str) -> None:
    assert broken_rules(statement) == ()


@pytest.mark.parametrize(("statement", "fault"), BAD.values(), ids=BAD.keys())
def test_a_bad_statement_is_told_what_is_wrong_with_it(statement: str, fault: str) -> None:
    assert fault in "; ".join(broken_rules(statement))


def test_a_check_that_fails_shows_the_statement() -> None:
    with pytest.raises(AssertionError, match=r"does not name its organizer.*:\nDELETE FROM inventory\.seats"):
        check_statement("DELETE FROM inventory.seats")


def test_directories_are_known_by_their_comment() -> None:
    assert "identity.slugs" in directory_tables()
    assert "inventory.pools" not in directory_tables()


def test_every_statement_in_the_source_keeps_the_rules() -> None:
    checked = [(place, statement) for place, statement in statements() if not place.startswith(EXEMPT)]

    broken = [f"{place}: {'; '.join(broken_rules(statement))}" for place, statement in checked if broken_rules(statement)]

    assert len(checked) > 100
    assert broken == []


def test_nothing_that_was_posted_to_the_books_is_ever_changed() -> None:
    posted = [(place, " ".join(sql.split())) for place, sql in statements() if re.search(r"payments\.ledger_(?:postings|moves)\b", sql)]
    changing = re.compile(
        r"(?:\bupdate|\bdelete from|\btruncate|\bmerge into) (?:only )?payments\.ledger_(?:postings|moves)\b", re.IGNORECASE
    )

    assert sum("INSERT INTO" in sql for _, sql in posted) == 2
    assert [place for place, sql in posted if changing.search(sql) or "DO UPDATE" in sql] == []
