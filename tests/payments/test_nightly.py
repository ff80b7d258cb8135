"""The nightly look: what nobody told is found by asking, slowly, once over, by whichever process is there."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest

from alltickets.kernel.ids import new_id
from alltickets.payments.gateways.sandbox import Sandbox
from alltickets.payments.nightly.rules import ASKED_AT_ONCE, TURN, next_night, pause_after
from alltickets.payments.port import Redirect
from alltickets.payments.service import Payments
from alltickets.payments.service.accounts import AccountDetails
from alltickets.payments.service.refunds import AskRefund
from alltickets.platform.database import Database
from alltickets.platform.secrets import KeyRing
from bench.stack import free_port
from tests.conftest import SettableClock
from tests.payments.conftest import PUBLIC_URL, error_of, request, start
from tests.payments.sandbox import SandboxProcess


class Night:
    """An organizer whose notices are all lost, and the night after."""

    def __init__(self, database: Database, payments: Payments, organizer_id: UUID, clock: SettableClock, sandbox: SandboxProcess) -> None:
        self.database, self.payments, self.organizer_id, self.clock, self.sandbox = database, payments, organizer_id, clock, sandbox

    async def buy(self, *, pays: bool = True) -> UUID:
        """A payment of which nobody tells anything: its reference."""
        one = request(self.clock)
        started = await start(self.database, self.payments, self.organizer_id, one)
        assert isinstance(started.step, Redirect)
        if pays:
            self.sandbox.pay(started.step.url, "approve", lose="true")
        return one.reference

    async def comes(self) -> None:
        """Accounts are met, and night falls."""
        await self.payments.nightly.turn(self.organizer_id)
        self.clock.advance(hours=25)

    async def turns(self, payments: Payments | None = None) -> int:
        """Turn after turn until the round is through; how many."""
        done = 0
        while await (payments or self.payments).nightly.turn(self.organizer_id):
            done += 1
            self.clock.advance(seconds=TURN.total_seconds())
        return done

    async def found(self) -> tuple[int, int, int]:
        """What was asked, mended, and failed in the account's round."""
        async with self.database.reading(self.organizer_id) as reader:
            [row] = await reader.fetch_tuples(
                "SELECT asked, mended, failed FROM payments.looks WHERE organizer_id = %(organizer_id)s AND due_at IS NOT NULL"
            )
        return row[0], row[1], row[2]

    async def status(self, reference: UUID) -> str:
        return (await self.payments.details(self.organizer_id, reference)).status


@pytest.fixture
def night(
    database: Database, payments: Payments, organizer_id: UUID, account: AccountDetails, clock: SettableClock, sandbox: SandboxProcess
) -> Night:
    return Night(database, payments, organizer_id, clock, sandbox)


async def test_what_was_paid_refunded_or_disputed_untold_is_found_at_night(night: Night) -> None:
    paid, returned, unpaid = await night.buy(), await night.buy(), await night.buy(pays=False)
    await night.comes()
    await night.turns()
    first = [await night.status(one) for one in (paid, returned, unpaid)]
    details = await night.payments.details(night.organizer_id, returned)
    night.sandbox.change(details.charges[0].provider_payment_id, "refunded")
    mended = await night.found()
    night.clock.advance(hours=24)
    await night.turns()

    assert first[:2] == ["paid", "paid"]
    assert first[2] in ("open", "expired")
    assert mended == (3, 2, 0)
    assert await night.status(returned) == "refunded"
    assert await night.found() == (3, 1, 0)


async def test_a_round_is_slow_goes_on_in_another_process_and_asks_once_over(night: Night) -> None:
    references = [await night.buy() for _ in range(ASKED_AT_ONCE + 3)]
    await night.comes()
    at_once = await asyncio.gather(*(night.payments.nightly.turn(night.organizer_id) for _ in range(4)))
    too_soon = await night.payments.nightly.turn(night.organizer_id)
    half = [await night.status(one) for one in references]
    night.clock.advance(seconds=TURN.total_seconds())
    rest = await night.turns()

    assert (sum(at_once), too_soon) == (1, 0)
    assert half.count("paid") == ASKED_AT_ONCE
    assert rest == 2
    assert await night.found() == (len(references), len(references), 0)
    assert [await night.status(one) for one in references] == ["paid"] * len(references)


async def test_a_gateway_that_is_away_is_left_alone_and_the_round_goes_on_where_it_was(night: Night) -> None:
    references = [await night.buy() for _ in range(3)]
    await night.comes()
    night.sandbox.misbehave(fail_5xx=2)
    first = await night.payments.nightly.turn(night.organizer_id)
    night.clock.advance(minutes=9)
    resting = await night.payments.nightly.turn(night.organizer_id)
    told = await error_of(night.payments, night.organizer_id)
    night.clock.advance(minutes=2)
    again = await night.payments.nightly.turn(night.organizer_id)
    night.clock.advance(minutes=21)
    await night.turns()

    assert (first, resting, again) == (1, 0, 1)
    assert told == ("query", "unavailable_not_sent")
    assert [await night.status(one) for one in references] == ["paid"] * 3
    assert await night.found() == (3, 3, 0)


async def test_a_refund_that_never_reached_its_gateway_is_taken_up_at_night(
    night: Night, key_ring: KeyRing, http: httpx.AsyncClient
) -> None:
    """It was given up after a day, and nobody has it."""
    reference = await night.buy()
    await night.comes()
    await night.turns()
    away = Payments(night.database, night.clock, key_ring, [Sandbox(f"http://127.0.0.1:{free_port()}", http)], public_url=PUBLIC_URL)
    async with night.database.transaction(night.organizer_id) as tx:
        await night.payments.refund(tx, [AskRefund(refund_id=new_id(), reference=reference, amount_minor=None, reason="test")])
    night.clock.advance(hours=24)
    await away.refunds.sweep()
    await night.payments.refunds.sweep()
    [given_up] = (await night.payments.details(night.organizer_id, reference)).refunds

    night.clock.advance(hours=24)
    await night.turns()
    await night.payments.refunds.sweep()

    assert (given_up.status, given_up.next_try_at, given_up.needs_review) == ("created", None, True)
    assert await night.status(reference) == "refunded"


async def test_a_gateway_that_knows_of_nothing_has_answered(night: Night, key_ring: KeyRing) -> None:
    client = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(404, json={"error": {"code": "payment_not_found"}})))
    nowhere = Payments(night.database, night.clock, key_ring, [Sandbox("http://gateway.test", client)], public_url=PUBLIC_URL)
    references = [await night.buy(pays=False) for _ in range(2)]
    await night.comes()

    await night.turns(nowhere)
    by_night = await night.found()
    for _ in range(2):
        night.clock.advance(seconds=121)
        for reference in references:
            await nowhere.poller.ask(night.organizer_id, reference)

    assert by_night == (2, 0, 0)
    # The third answer of that kind, after the night's own.
    assert [await night.status(one) for one in references] == ["expired"] * 2


def test_every_account_has_its_own_moment_between_three_and_five_and_rests_longer_each_time() -> None:
    noon = datetime(2026, 11, 27, 15, tzinfo=UTC)

    nights = {next_night(noon, UUID(int=n)) for n in range(240)}

    assert len(nights) == 120
    assert min(nights) == datetime(2026, 11, 28, 6, tzinfo=UTC)
    assert max(nights) < datetime(2026, 11, 28, 8, tzinfo=UTC)
    assert next_night(min(nights), UUID(int=0)) == min(nights) + timedelta(days=1)
    assert [pause_after(failures) for failures in (1, 2, 99)] == [timedelta(minutes=10), timedelta(minutes=20), timedelta(hours=2)]
