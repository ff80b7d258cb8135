"""`alltickets ledger`: a difference is a row of the table and exit code 1; the balances can be made anew."""

import json
from collections.abc import Iterator

import psycopg
import pytest

from alltickets.kernel.ids import UUID, new_id
from tests.cli.conftest import Run


@pytest.fixture
def organizer_id(database_url: str) -> Iterator[UUID]:
    """An organizer whose bank balance is a cent more than what was moved there."""
    organizer_id = new_id()
    named = {"o": organizer_id}
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO platform.organizers (organizer_id, enrolled_at) VALUES (%(o)s, now())", named)
        connection.execute("INSERT INTO platform.streams (organizer_id, position) VALUES (%(o)s, 0)", named)
        connection.execute(
            """
            INSERT INTO payments.ledger_moves (organizer_id, key, number, debit, credit, amount_minor, currency)
            VALUES (%(o)s, 'payout:1', 1, 'organizer_payable', 'bank', 500, 'ARS')
            """,
            named,
        )
        connection.execute(
            """
            INSERT INTO payments.ledger_balances (organizer_id, account, currency, debit_minor, credit_minor)
            VALUES (%(o)s, 'organizer_payable', 'ARS', 500, 0), (%(o)s, 'bank', 'ARS', 0, 501)
            """,
            named,
        )
    yield organizer_id
    with psycopg.connect(database_url) as connection:
        for table in ("ledger_moves", "ledger_postings", "ledger_balances"):
            connection.execute(f"DELETE FROM payments.{table} WHERE organizer_id = %(o)s", named)


def test_a_difference_is_a_row_and_exit_code_1(run: Run, organizer_id: UUID) -> None:
    result = run("ledger", "verify", "--organizer", str(organizer_id))

    [head, row] = result.stdout.splitlines()
    assert result.exit_code == 1, result.output
    assert head.split() == ["organizer", "of", "account", "currency", "is", "should", "be"]
    assert row.split() == [str(organizer_id), "balance,", "credit", "bank", "ARS", "501", "500"]
    assert "1 organizers, 0 payments, 1 moves: 1 differences." in result.stderr


def test_all_organizers_are_verified_and_what_differs_is_told_as_json(run: Run, organizer_id: UUID) -> None:
    result = run("ledger", "verify", "--json")

    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 1
    assert {
        "organizer": str(organizer_id),
        "of": "balance, credit",
        "account": "bank",
        "currency": "ARS",
        "is": "501",
        "should_be": "500",
    } in rows


def test_balances_are_made_anew_and_then_nothing_differs(run: Run, organizer_id: UUID) -> None:
    rebuilt = run("ledger", "rebuild", "--organizer", str(organizer_id))
    again = run("ledger", "rebuild", "--organizer", str(organizer_id))
    verified = run("ledger", "verify", "--organizer", str(organizer_id))

    assert (rebuilt.exit_code, rebuilt.stdout) == (0, "bank ARS: -501 -> -500\n")
    assert (again.exit_code, again.stdout) == (0, "")
    assert (verified.exit_code, verified.stdout) == (0, ""), verified.output


def test_what_only_an_operator_knows_is_posted_once_and_taken_back_once(run: Run, organizer_id: UUID, database_url: str) -> None:
    of = ("--organizer", str(organizer_id))
    run("ledger", "rebuild", *of)
    paid = [run("ledger", "payout", *of, "--key", "2026-114", "--amount-minor", "9000") for _ in range(2)]
    other_amount = run("ledger", "payout", *of, "--key", "2026-114", "--amount-minor", "9001")
    passed_on = run("ledger", "pass-on", *of, "--key", "november", "--amount-minor", "440", "--tax-minor", "92")
    reversals = [run("ledger", "reverse", *of, "payout:2026-114") for _ in range(2)]
    refused = [run("ledger", "reverse", *of, key) for key in ("payout:2026-115", "reversal:payout:2026-114")]
    nobody = run("ledger", "payout", "--organizer", str(new_id()), "--key", "1", "--amount-minor", "1")

    assert {one.stdout for one in paid} == {"payout:2026-114: bank -> organizer_payable ARS 9000\n"}
    assert other_amount.exit_code == 1
    assert "another amount: payout:2026-114" in other_amount.output
    assert "fee_recovery -> organizer_payable ARS 440, vat_output -> organizer_payable ARS 92" in passed_on.stdout, passed_on.output
    assert {one.stdout for one in reversals} == {"reversal:payout:2026-114: organizer_payable -> bank ARS 9000\n"}
    assert [one.exit_code for one in (*refused, nobody)] == [1, 1, 1]
    assert _balances(run, organizer_id, database_url) == {
        "bank": -500,
        "organizer_payable": 500 + 532,
        "fee_recovery": -440,
        "vat_output": -92,
    }


def _balances(run: Run, organizer_id: UUID, database_url: str) -> dict[str, int]:
    """What stands in the books, once they are proven to be the sum of what was posted."""
    verified = run("ledger", "verify", "--organizer", str(organizer_id))
    assert verified.exit_code == 0, verified.output
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT account, debit_minor - credit_minor FROM payments.ledger_balances WHERE organizer_id = %s", (organizer_id,)
        ).fetchall()
    return dict(rows)
