"""`alltickets events`: lag, dead letters, and handing one of them out again."""

from alltickets.kernel.ids import new_id
from tests.cli.conftest import Run, answer_of


def test_lag_is_told_for_every_subscription(run: Run) -> None:
    lags = answer_of(run("events", "lag", "--json"))

    assert "inventory" in {lag["subscription"] for lag in lags}
    assert all(lag["events"] >= 0 for lag in lags)


def test_dead_letters_are_listed(run: Run) -> None:
    assert isinstance(answer_of(run("events", "dead", "--json")), list)


def test_dead_letter_that_is_not_there_cannot_be_replayed(run: Run) -> None:
    result = run("events", "replay", "inventory", str(new_id()), "1")

    assert result.exit_code == 1
    assert "alltickets events dead" in result.stderr


def test_unknown_subscription_is_refused_with_those_there_are(run: Run) -> None:
    result = run("events", "replay", "nobody", str(new_id()), "1")

    assert result.exit_code == 1
    assert "inventory" in result.stderr
