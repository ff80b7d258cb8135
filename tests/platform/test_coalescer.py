"""The coalescer: no timers, no lost answers, and one bad request never fails its neighbours."""

import asyncio
import gc
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alltickets.kernel.errors import Refusal, Trouble
from alltickets.platform.coalescer import Coalescer, Overloaded
from tests.waiting import until


@dataclass(eq=False)
class Refused(Refusal):
    request: str

    def __str__(self) -> str:
        return f"{self.request} is refused"


@dataclass
class Flushes:
    """A flush that records its batches, waits while `gate` is closed, and fails as it is told."""

    batches: list[tuple[str, list[str]]] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    failures: list[Exception] = field(default_factory=list)
    poison: frozenset[str] = frozenset()

    async def __call__(self, key: str, requests: Sequence[str]) -> Sequence[str | Exception]:
        self.batches.append((key, list(requests)))
        await self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        if self.poison.intersection(requests):
            raise ValueError("poison")
        return [Refused(request) if request.startswith("refused") else f"done {request}" for request in requests]

    @property
    def requests(self) -> list[list[str]]:
        return [requests for _, requests in self.batches]


@pytest.fixture
def flushes() -> Flushes:
    """An open gate."""
    flushes = Flushes()
    flushes.gate.set()
    return flushes


def submit_all(coalescer: Coalescer[str, str, str], *requests: str, lane: str = "lane") -> list[asyncio.Task[str]]:
    """Submit these one after the other, without waiting for answers."""
    return [asyncio.create_task(coalescer.submit(lane, request)) for request in requests]


async def answers(tasks: Sequence[asyncio.Task[str]]) -> list[str | BaseException]:
    """Outcomes and exceptions, in order."""
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_an_idle_coalescer_flushes_a_request_at_once_and_alone(flushes: Flushes) -> None:
    coalescer = Coalescer("test", flushes)

    first = await coalescer.submit("lane", "a")
    second = await coalescer.submit("lane", "b")

    assert (first, second) == ("done a", "done b")
    assert flushes.requests == [["a"], ["b"]]


async def test_what_arrives_during_a_flush_leaves_together_in_its_order(flushes: Flushes) -> None:
    coalescer = Coalescer("test", flushes)
    flushes.gate.clear()
    first = submit_all(coalescer, "a")
    await until(lambda: len(flushes.batches) == 1)

    rest = submit_all(coalescer, "b", "c", "d")
    await asyncio.sleep(0)
    flushes.gate.set()
    outcomes = await answers([*first, *rest])

    assert flushes.requests == [["a"], ["b", "c", "d"]]
    assert outcomes == ["done a", "done b", "done c", "done d"]


async def test_a_batch_holds_at_most_batch_max_and_the_rest_waits_for_the_next(flushes: Flushes) -> None:
    coalescer = Coalescer("test", flushes, batch_max=2)

    outcomes = await answers(submit_all(coalescer, "a", "b", "c", "d", "e"))

    assert flushes.requests == [["a", "b"], ["c", "d"], ["e"]]
    assert outcomes == [f"done {request}" for request in "abcde"]


async def test_a_lane_that_is_held_up_does_not_hold_up_another(flushes: Flushes) -> None:
    held_up = asyncio.Event()

    async def flush(key: str, requests: Sequence[str]) -> Sequence[str | Exception]:
        if key == "slow":
            await held_up.wait()
        return await flushes(key, requests)

    coalescer = Coalescer("test", flush)
    slow = submit_all(coalescer, "a", lane="slow")

    quick = await coalescer.submit("quick", "b")

    assert quick == "done b"
    assert not slow[0].done()
    held_up.set()
    assert await answers(slow) == ["done a"]


async def test_no_more_lanes_flush_at_once_than_there_are_slots(flushes: Flushes) -> None:
    coalescer = Coalescer("test", flushes, flushes_max=2)
    flushes.gate.clear()

    tasks = [submit_all(coalescer, "x", lane=lane)[0] for lane in ("one", "two", "three")]
    await until(lambda: len(flushes.batches) == 2)
    for _ in range(5):
        await asyncio.sleep(0)
    lanes_at_once = [key for key, _ in flushes.batches]
    flushes.gate.set()
    await answers(tasks)

    assert lanes_at_once == ["one", "two"]
    assert [key for key, _ in flushes.batches] == ["one", "two", "three"]


async def test_an_outcome_that_is_an_exception_is_raised_to_its_submitter_alone(flushes: Flushes) -> None:
    coalescer = Coalescer("test", flushes)

    first, second, third = await answers(submit_all(coalescer, "a", "refused b", "c"))

    assert (first, third) == ("done a", "done c")
    assert isinstance(second, Refused)
    assert flushes.requests == [["a", "refused b", "c"]]


async def test_a_flush_that_fails_once_is_run_again_as_a_whole(flushes: Flushes) -> None:
    coalescer = Coalescer("test", flushes)
    flushes.failures = [ConnectionError("dropped")]

    outcomes = await answers(submit_all(coalescer, "a", "b", "c"))

    assert flushes.requests == [["a", "b", "c"], ["a", "b", "c"]]
    assert outcomes == ["done a", "done b", "done c"]


async def test_a_request_that_breaks_the_flush_fails_alone_after_halving(flushes: Flushes) -> None:
    coalescer = Coalescer("test", flushes)
    flushes.poison = frozenset({"c"})

    outcomes = await answers(submit_all(coalescer, "a", "b", "c", "d"))

    assert flushes.requests == [["a", "b", "c", "d"], ["a", "b", "c", "d"], ["a", "b"], ["c", "d"], ["c"], ["d"]]
    assert [outcome for outcome in outcomes if isinstance(outcome, str)] == ["done a", "done b", "done d"]
    assert isinstance(outcomes[2], ValueError)


async def test_trouble_outside_fails_the_whole_batch_after_one_retry(flushes: Flushes) -> None:
    coalescer = Coalescer("test", flushes)
    flushes.failures = [Trouble("gone", 3), Trouble("gone", 3)]

    outcomes = await answers(submit_all(coalescer, "a", "b", "c"))

    assert flushes.requests == [["a", "b", "c"], ["a", "b", "c"]]
    assert [str(outcome) for outcome in outcomes] == ["gone", "gone", "gone"]


async def test_a_lane_serves_on_after_trouble(flushes: Flushes) -> None:
    coalescer = Coalescer("test", flushes)
    flushes.failures = [Trouble("gone"), Trouble("gone")]
    await answers(submit_all(coalescer, "a"))

    outcome = await coalescer.submit("lane", "b")

    assert outcome == "done b"


async def test_a_flush_with_too_few_outcomes_is_a_fault_for_everyone_in_it_and_leaves_nobody_waiting() -> None:
    async def forgetful(key: str, requests: Sequence[str]) -> Sequence[str | Exception]:
        return []

    coalescer = Coalescer("test", forgetful)

    async with asyncio.timeout(5):
        outcomes = await answers(submit_all(coalescer, "a", "b"))
        later = await answers(submit_all(coalescer, "c"))

    assert [type(outcome) for outcome in [*outcomes, *later]] == [AssertionError] * 3


async def test_a_full_lane_refuses_at_once_and_keeps_what_it_took(flushes: Flushes) -> None:
    coalescer = Coalescer("test", flushes, waiting_max=2)
    flushes.gate.clear()
    flushing = submit_all(coalescer, "a")
    await until(lambda: len(flushes.batches) == 1)
    waiting = submit_all(coalescer, "b", "c")
    await asyncio.sleep(0)

    with pytest.raises(Overloaded) as refused:
        await coalescer.submit("lane", "d")
    elsewhere = submit_all(coalescer, "e", lane="another")
    flushes.gate.set()
    outcomes = await answers([*flushing, *waiting, *elsewhere])

    assert refused.value.retry_after_seconds == 1
    assert outcomes == ["done a", "done b", "done c", "done e"]
    assert "d" not in [request for requests in flushes.requests for request in requests]


async def test_drained_returns_when_everything_accepted_has_its_outcome(flushes: Flushes) -> None:
    coalescer = Coalescer("test", flushes, batch_max=1)
    flushes.gate.clear()
    tasks = submit_all(coalescer, "a", "b", "c")
    await until(lambda: len(flushes.batches) == 1)

    draining = asyncio.create_task(coalescer.drained())
    await asyncio.sleep(0)
    was_draining = not draining.done()
    flushes.gate.set()
    await draining

    assert was_draining
    assert flushes.requests == [["a"], ["b"], ["c"]]
    assert await answers(tasks) == ["done a", "done b", "done c"]


async def test_an_idle_coalescer_is_drained(flushes: Flushes) -> None:
    coalescer = Coalescer("test", flushes)

    await coalescer.drained()

    assert flushes.batches == []


async def test_a_cancelled_submitter_takes_nobody_with_it(flushes: Flushes) -> None:
    coalescer = Coalescer("test", flushes)
    flushes.gate.clear()
    flushing = submit_all(coalescer, "a")
    await until(lambda: len(flushes.batches) == 1)
    impatient, patient = submit_all(coalescer, "refused b", "c")
    await asyncio.sleep(0)

    impatient.cancel()
    flushing[0].cancel()
    await asyncio.sleep(0)
    flushes.gate.set()

    assert await patient == "done c"
    assert impatient.cancelled()
    assert flushing[0].cancelled()


async def test_an_idle_lane_leaves_nothing_behind(flushes: Flushes) -> None:
    class Lane:
        pass

    async def flush(key: Lane, requests: Sequence[str]) -> Sequence[str | Exception]:
        return list(requests)

    coalescer = Coalescer("test", flush)
    lane = Lane()
    trace = weakref.ref(lane)

    await coalescer.submit(lane, "a")
    await coalescer.drained()
    del lane
    gc.collect()

    assert trace() is None


Submission = tuple[str, str, int]

submissions = st.lists(
    st.tuples(st.sampled_from(["x", "y"]), st.sampled_from(["fine", "refused", "poison"]), st.integers(0, 3)), min_size=1, max_size=25
)


@given(submissions=submissions, batch_max=st.integers(1, 6))
def test_whatever_arrives_each_gets_its_own_outcome_in_the_order_of_its_lane(submissions: list[Submission], batch_max: int) -> None:
    loop = asyncio.new_event_loop()
    try:
        served, outcomes = loop.run_until_complete(_play(submissions, batch_max))
    finally:
        loop.close()

    for number, (_, kind, _) in enumerate(submissions):
        expected = {"fine": f"done {number}", "refused": "refused", "poison": "poison"}[kind]
        assert str(outcomes[number]) == expected
    for lane in ("x", "y"):
        submitted = [number for number, submission in enumerate(submissions) if submission[0] == lane]
        assert served.get(lane, []) == submitted


async def _play(submissions: list[Submission], batch_max: int) -> tuple[dict[str, list[int]], list[object]]:
    """Submit with as many turns of the loop between as told; the order of first service by lane, and every outcome."""
    served: dict[str, list[int]] = {}
    at_work: set[str] = set()

    async def flush(lane: str, batch: Sequence[tuple[int, str]]) -> Sequence[str | Exception]:
        assert lane not in at_work, "one flush of a lane at a time"
        assert 0 < len(batch) <= batch_max
        at_work.add(lane)
        await asyncio.sleep(0)
        at_work.remove(lane)
        served.setdefault(lane, []).extend(number for number, _ in batch if number not in served[lane])
        if any(kind == "poison" for _, kind in batch):
            raise ValueError("poison")
        return [ValueError("refused") if kind == "refused" else f"done {number}" for number, kind in batch]

    coalescer = Coalescer("test", flush, batch_max=batch_max)
    tasks: list[asyncio.Task[str]] = []
    for number, (lane, kind, turns) in enumerate(submissions):
        tasks.append(asyncio.create_task(coalescer.submit(lane, (number, kind))))
        for _ in range(turns):
            await asyncio.sleep(0)
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    await coalescer.drained()
    return served, list(outcomes)
