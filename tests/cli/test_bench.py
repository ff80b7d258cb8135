"""`alltickets bench`: finding benchmarks, not running them."""

from tests.cli.conftest import Run


def test_without_a_name_the_benchmarks_are_listed_with_what_they_measure(run: Run) -> None:
    lines = run("bench").stdout.splitlines()

    assert "holds" in [line.split()[0] for line in lines]
    assert all(len(line.split()) > 1 for line in lines)


def test_unknown_name_is_refused_with_those_there_are(run: Run) -> None:
    result = run("bench", "nothing")

    assert result.exit_code == 2
    assert "holds" in result.stderr
