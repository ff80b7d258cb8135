"""`alltickets payments`: what is not there is told with where to look.


That it is taken up, tests/payments/test_operating.py tries, where there is a gateway.
"""

import pytest

from alltickets.kernel.ids import new_id
from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("command", "told"),
    [("query", "There is no such payment"), ("replay", "no such callback"), ("retry", "no such refund")],
)
def test_what_is_not_there_is_said_plainly(run: Run, command: str, told: str) -> None:
    result = run("payments", command, str(new_id()), str(new_id()))

    assert result.exit_code == 1
    assert told in result.stderr


def test_the_platform_agrees_to_no_promotion_that_is_not_there(run: Run) -> None:
    result = run("payments", "agree-promotion", str(new_id()), str(new_id()), "--revision", "1", "--budget-minor", "100")

    assert result.exit_code == 1
    assert "promotion" in result.stderr


def test_sales_of_an_account_that_is_not_there_are_not_divided_and_nothing_was_paid_out_of_it(run: Run) -> None:
    organizer, account = str(new_id()), str(new_id())
    paid_out = ("--account", account, "--key", "k", "--amount-minor", "1")

    split = run("payments", "split", organizer, account, "--from", "2027-01-01", "--takes", "service_charge")
    settled = run("ledger", "settled", "--organizer", organizer, *paid_out)

    assert (split.exit_code, settled.exit_code) == (1, 1)
    assert "account" in split.stderr
    assert "account" in settled.stderr


def test_credentials_are_moved_to_the_newest_key(run: Run) -> None:
    result = run("payments", "rotate-keys")

    assert result.exit_code == 0
    assert "accounts moved" in result.output
