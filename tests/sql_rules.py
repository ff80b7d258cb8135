"""The rules of SQL (design section 8) as a check of one statement's text; every statement of the test-suite passes through it."""

import re

TENANT_SCHEMAS = ("platform", "identity", "catalog", "inventory", "pricing", "payments", "tickets", "orders", "access")
ESCAPES = ("/* directory */", "/* across organizers: ")
FORBIDDEN = (
    "gen_random_uuid",
    "clock_timestamp",
    "uuid_generate",
    "nextval",
    "merge into",
    "on constraint",
    "pg_advisory",
    "pg_notify",
    "create temp",
)

_tables = re.compile(rf"\b(?:{'|'.join(TENANT_SCHEMAS)})\.[a-z_]+")
_names_organizer = re.compile(r"organizer_id\s*=\s*%\(organizer_id\)s")
_writing_cte = re.compile(r"\bwith\b.*\bas\s*\(\s*(?:insert|update|delete)\b.*\)\s*(?:,|insert)", re.DOTALL)


def broken_rules(sql: str) -> list[str]:
    """What this statement breaks, in words; empty when it is fine."""
    text = " ".join(sql.lower().split())
    faults = [f"uses {word}" for word in FORBIDDEN if word in text]
    if "select *" in text and "x.*" not in text:
        faults.append("SELECT * instead of a list of columns")
    if _writing_cte.search(text):
        faults.append("a writing CTE feeds an INSERT")
    if _tables.search(text) and not any(escape in text for escape in ESCAPES):
        if text.startswith("insert"):
            if "organizer_id" not in text:
                faults.append("inserts without an organizer")
            elif "%(organizer_id)s" not in text:
                faults.append("inserts for an organizer that is not the transaction's")
        elif not _names_organizer.search(text):
            faults.append("does not name its organizer")
    return faults


def check_statement(sql: str) -> None:
    """Raise AssertionError, with the statement, if it breaks a rule. Given to `Database(observe=…)`."""
    faults = broken_rules(sql)
    assert not faults, f"{'; '.join(faults)}:\n{sql}"
