"""The rules of SQL (design section 8) as a check of one statement's text; every statement of the test-suite passes through it.

It reads words, not grammar: it may ask for more than the rule does, never for less where a statement of ours could get it wrong.
`tests/structure/test_sql_rules.py` holds it against good and bad statements, and against every statement that stands in `src/`.
"""

import importlib
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import alltickets

SOURCE = Path(alltickets.__file__).parent
TENANT_SCHEMAS = tuple(sorted(path.parent.name for path in SOURCE.glob("*/tables.py")))
KINDS = ("select", "insert", "update", "delete", "with")
# Values come from the application, announcements leave after the commit (docs/decisions/0004), decisions need no constraint's name, and
# only migrations take advisory locks.
FORBIDDEN = {
    r"\bgen_random_uuid\b": "gen_random_uuid: ids come from the application",
    r"\buuid(?:v4|v7|_generate\w*) ?\(": "a generated UUID: ids come from the application",
    r"\brandom ?\(": "random(): random values come from the application",
    r"\b(?:clock_timestamp|timeofday)\b": "clock_timestamp: now() is the time of the transaction",
    r"\b(?:nextval|currval|lastval|setval)\b": "a sequence: ids come from the application",
    r"\bmerge into\b": "MERGE",
    r"\bon constraint\b": "the name of a constraint",
    r"\bpg_(?:try_)?advisory\w*": "an advisory lock",
    r"\bpg_notify\b": "pg_notify: tx.announce leaves after the commit",
}

_literals = re.compile(r"'(?:[^']|'')*'")
_comments = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
_across = re.compile(r"/\* across organizers: \S.*?\*/", re.DOTALL)
_table = re.compile(rf"(?<![\w.])(?:{'|'.join(TENANT_SCHEMAS)})\.[a-z_0-9]+(?![\w.])")
_own = r"%\(organizer_id\)s(?:::uuid)?"
_organizer = r"(?:\w+\.)*organizer_id"
_predicate = re.compile(rf"(?:\b(?:where|and|on)|\() ?(?:{_organizer} = (?:{_own}|{_organizer})|{_own} = {_organizer})(?![\w.])")
_own_predicate = re.compile(rf"(?:{_organizer} = {_own}|{_own} = {_organizer})")
_using = re.compile(r"\busing ?\( ?organizer_id\b")
_assignment = re.compile(rf"(?:\bset |, ?){_organizer} = ")
_locking = re.compile(r"\bfor (?:update|share|no key update|key share)\b")
_cte = re.compile(r"\bas (?:not materialized |materialized )?\( ?(insert|update|delete)\b")
_star = re.compile(r"(?<!count\()(?:(\w+)\.)?\*(?= ?(?:,|\)|from\b|$))")
_clause = re.compile(r"\b(?:where|on|having|group by|order by|returning|limit|union|select|from|join)\b")
_rows = re.compile(r"\b(?:unnest|jsonb?_to_recordset|jsonb?_array_elements(?:_text)?|generate_series) ?\(")


@lru_cache(maxsize=4_000)
def broken_rules(sql: str) -> tuple[str, ...]:
    """What this statement breaks, in words; empty when it is fine."""
    text = _plain(sql)
    if not text.startswith(KINDS) or ";" in text.rstrip("; "):
        return (f"is not one statement of the kinds {', '.join(KINDS)}",)
    faults = [f"uses {fault}" for pattern, fault in FORBIDDEN.items() if re.search(pattern, text)]
    faults += _starred(text)
    ctes = _cte.findall(text)
    if ctes and ("insert" in ctes[1:] or re.search(r"\) ?insert into\b", text)):
        faults.append("a writing CTE feeds an INSERT")
    if _table.search(text):
        faults += _whose(sql, text)
    return tuple(faults)


def check_statement(sql: str) -> None:
    """Raise AssertionError, with the statement, if it breaks a rule. Given to `Database(observe=…)`."""
    faults = broken_rules(sql)
    assert not faults, f"{'; '.join(faults)}:\n{sql}"


def tables_of(sql: str) -> set[str]:
    """The tables that a statement names, with their schemas."""
    return set(_table.findall(_plain(sql)))


@lru_cache
def directory_tables() -> frozenset[str]:
    """The tables that are nobody's: look-ups by what arrives without an organizer, told by a comment that begins with "Directory"."""
    metadata = [importlib.import_module(f"alltickets.{schema}.tables").metadata for schema in TENANT_SCHEMAS]
    tables = [table for each in metadata for table in each.tables.values()]
    return frozenset(table.fullname for table in tables if (table.comment or "").startswith("Directory"))


def is_directory(sql: str) -> bool:
    """Whether the statement says that it is a look-up, or the upkeep of one, that belongs to no organizer."""
    return "/* directory */" in sql


def _plain(sql: str) -> str:
    """The statement in lower case and single spaces, without comments, quotes and the contents of texts."""
    text = _comments.sub(" ", _literals.sub("''", sql)).replace('"', "").lower()
    text = re.sub(r"\s*([.=])\s*", r"\1", " ".join(text.split()))
    text = re.sub(r"(?<![<>!:])=(?!>)", " = ", text)
    return re.sub(r"\( ", "(", re.sub(r" +", " ", text))


def _starred(text: str) -> Iterator[str]:
    for match in _star.finditer(text):
        alias = match.group(1)
        # The columns of rows that the statement brings with it are listed there: unnest(…) AS x(id, …).
        if alias is None or not re.search(rf"\) (?:as )?{alias}\b", text):
            yield "a star instead of a list of columns"


def _whose(sql: str, text: str) -> Iterator[str]:
    """What is wrong with whose rows the statement touches."""
    if is_directory(sql):
        if not tables_of(sql) <= directory_tables():
            yield "calls itself a directory statement and touches rows of organizers"
        return
    if "/* across organizers" in sql:
        if not _across.search(sql):
            yield "crosses organizers without saying why"
        if not text.startswith(("select", "with")) or _cte.search(text) or _locking.search(text):
            yield "crosses organizers and does more than read"
        return
    if _assignment.search(text):
        yield "changes whose a row is"
    for inserted in re.finditer(r"\binsert into ([\w.]+)(?: as \w+)? ?(\([^)]*\))?", text):
        if inserted.group(1) not in directory_tables() and not re.search(r"\borganizer_id\b", inserted.group(2) or ""):
            yield "inserts without an organizer"
    read = [table for table in _table.findall(re.sub(r"\binsert into [\w.]+", "insert", text)) if table not in directory_tables()]
    if "insert into" in text and not read and not (_rows.search(text) is None and re.search(rf"\bvalues ?\(.*{_own}", text)):
        yield "inserts other rows than its own organizer's, or rows that platform.organizers does not vouch for"
    named = len(_predicate.findall(_assignment.sub(" ", text))) + len(_using.findall(text))
    if read and (named < len(read) or not _own_predicate.search(_assignment.sub(" ", text))):
        yield "does not name its organizer for every table it reads"
    if any("organizer_id = %organizer_id%" in clause and re.search(r"\bor\b", clause) for clause in _clauses(text)):
        yield "has an OR beside its organizer"


def _clauses(text: str) -> Iterator[str]:
    """Each WHERE, ON and the like, at each depth of parentheses, with what is deeper left out."""
    # Parameters without their parentheses, which would look like a group.
    text = re.sub(r"%\((\w+)\)s", r"%\1%", text)
    while (group := re.search(r"\(([^()]*)\)", text)) is not None:
        yield from _clause.split(group.group(1))
        text = f"{text[: group.start()]} {text[group.end() :]}"
    yield from _clause.split(text)
