"""`alltickets work`: what may be asked for."""

from alltickets.worker import QUEUES
from tests.cli.conftest import Run


def test_unknown_queue_is_refused_with_those_the_worker_has(run: Run) -> None:
    result = run("work", "--queues", "events,mail")

    assert result.exit_code == 2
    assert ", ".join(sorted(QUEUES)) in result.stderr
