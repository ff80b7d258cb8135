"""The whole way, as a worker goes it: a job deferred with the cursor, run by procrastinate."""

import asyncio

import alltickets.notifications.jobs
from alltickets.platform.jobs import Jobs
from tests.notifications.post_office import PostOffice
from tests.waiting import until


async def test_a_worker_sends_what_the_log_calls_for(post: PostOffice) -> None:
    orders = [await post.box.paid(), await post.box.paid()]
    await post.listen()
    jobs = Jobs(post.url)
    alltickets.notifications.jobs.register(jobs, post.notifications)

    working = asyncio.create_task(jobs.work())
    await until(lambda: len(post.server.taken) == 2, seconds=20)
    await until(lambda: post.waiting() == [])
    working.cancel()
    await asyncio.wait([working], timeout=10)

    assert [await post.states_of(order) for order in orders] == [[("confirmation", "sent")]] * 2
