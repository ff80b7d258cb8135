"""The real thing, started as an operator starts it: separate processes on a database of their own, spoken to through HTTP alone."""

from collections.abc import Iterator

import pytest

from bench.people import Buyer, Organizer, Sale
from bench.stack import Stack


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Database, sandbox gateway, one web process and one worker, for tests that leave them running."""
    stack = Stack(tmp_path_factory.mktemp("stack"))
    stack.start_database()
    try:
        stack.sandbox()
        stack.serve()
        stack.work()
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def organizer(stack: Stack) -> Organizer:
    """Somebody who has just signed up and connected a gateway."""
    organizer = Organizer(stack.url)
    organizer.connect_sandbox()
    return organizer


@pytest.fixture
def sale(organizer: Organizer) -> Sale:
    """A published event of theirs with ten places."""
    return organizer.publish(capacity=10)


@pytest.fixture
def buyer(stack: Stack) -> Buyer:
    """Somebody who has just come."""
    return Buyer(stack.url)
