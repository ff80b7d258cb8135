"""How many unsigned notices an account takes."""

from datetime import UTC, datetime, timedelta

from alltickets.kernel.ids import new_id
from alltickets.payments.hints import HINTS_A_MINUTE_MAX, HintAllowance

NOW = datetime(2026, 12, 1, 21, 0, 30, tzinfo=UTC)


def test_an_account_takes_so_many_a_minute_and_others_are_not_concerned() -> None:
    allowance, flooded, other = HintAllowance(), new_id(), new_id()

    taken = [allowance.takes(flooded, NOW) for _ in range(HINTS_A_MINUTE_MAX + 2)]

    assert taken == [True] * HINTS_A_MINUTE_MAX + [False, False]
    assert allowance.takes(other, NOW)


def test_the_next_minute_is_a_new_one() -> None:
    allowance, account = HintAllowance(), new_id()
    for _ in range(HINTS_A_MINUTE_MAX):
        allowance.takes(account, NOW)

    assert not allowance.takes(account, NOW + timedelta(seconds=29))
    assert allowance.takes(account, NOW + timedelta(seconds=30))
