"""The whole job through PgBouncer in transaction mode, where no connection is anybody's for longer than a transaction."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from bench.people import Buyer, Organizer
from bench.stack import Process, Stack
from tests.journeys.pooler import Pooler, find_program, pooling
from tests.journeys.seen import places

PROGRAM = find_program()
BUYERS = 12

pytestmark = pytest.mark.skipif(
    PROGRAM is None,
    reason="PgBouncer is not on this machine: install it (apt-get install pgbouncer, brew install pgbouncer) and run this again",
)


@dataclass(frozen=True)
class Pooled:
    """The product behind a pooler: a web process and a worker."""

    stack: Stack
    pooler: Pooler
    web: Process
    worker: Process


@pytest.fixture(scope="module")
def pooled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pooled]:
    assert PROGRAM is not None, "the tests are skipped without it"
    stack = Stack(tmp_path_factory.mktemp("pooled"))
    database = stack.start_database()
    try:
        with pooling(PROGRAM, stack.folder, database.url) as pooler:
            stack.settings = {"ALLTICKETS_DATABASE_URL": pooler.url, "ALLTICKETS_DATABASE_DIRECT_URL": database.url}
            stack.sandbox()
            yield Pooled(stack, pooler, stack.serve(), stack.work())
            for process in reversed(stack.processes):
                process.stop()
    finally:
        stack.stop()


def test_from_the_published_event_to_the_door_through_the_pooler(pooled: Pooled) -> None:
    organizer = Organizer(pooled.stack.url)
    organizer.connect_sandbox()
    sale = organizer.publish(capacity=2 * BUYERS)
    before = pooled.pooler.transactions()

    def buy(_: int) -> dict[str, Any]:
        buyer = Buyer(pooled.stack.url)
        buyer.quote(sale, 2)
        order = buyer.order(sale, buyer.hold(sale, 2).json()["hold_id"]).json()
        buyer.pay(order)
        return buyer.paid(order)

    with ThreadPoolExecutor(BUYERS) as crowd:
        paid = list(crowd.map(buy, range(BUYERS)))
    codes = [ticket["code"] for order in paid for ticket in order["tickets"]]
    steward = organizer.steward(sale)
    admitted = [steward.scan(code)["outcome"] for code in codes]
    again = [steward.scan(code)["outcome"] for code in codes]

    assert len(set(codes)) == 2 * BUYERS
    assert places(organizer, sale) == (0, 2 * BUYERS, 0)
    assert (set(admitted), set(again)) == ({"admitted"}, {"already_used"})
    assert pooled.pooler.transactions() > before + BUYERS


def test_nothing_went_wrong_meanwhile_and_both_end_well(pooled: Pooled) -> None:
    codes = [pooled.web.stop(), pooled.worker.stop()]

    said = pooled.web.log.read_text() + pooled.worker.log.read_text()
    assert codes == [0, 0]
    assert [line for line in said.splitlines() if "error" in line.lower() or "warning" in line.lower()] == []
