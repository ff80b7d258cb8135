"""What every gateway has to do that has no provider, written once for the port. See `gateway_conformance.py`."""

import asyncio

import msgspec

from alltickets.kernel.ids import new_id
from alltickets.payments.port import GatewayPayment, Hint, Instructions
from tests.payments.gateway_conformance import ASKED, Account, PortConformance, creation, refund_of


class OfflineConformance(PortConformance):
    """Where there is no provider: the buyer is told how to pay, and people say what came and what went back."""

    async def test_the_same_creation_gives_the_same_instructions(self, bench: Account) -> None:
        gateway = bench.gateway
        wanted = msgspec.structs.replace(creation(), code="ABCD23")

        first, again = gateway.sign(wanted), gateway.sign(wanted)

        assert isinstance(first, Instructions)
        assert first == again
        assert (first.code, first.amount, first.until) == ("ABCD23", wanted.amount, wanted.expires_at)
        assert first.lines
        assert (gateway.capabilities.flow, gateway.capabilities.create_needs_call) == ("offline", False)

    async def test_buyers_get_the_time_that_going_to_pay_takes(self, bench: Account) -> None:
        patience = bench.gateway.capabilities.patience

        assert patience is not None
        assert patience.hours > 0
        assert (bench.gateway.capabilities.news, bench.gateway.capabilities.funds) == ("person", "organizer")
        assert bench.gateway.capabilities.instalments == "none"

    async def test_nobody_is_asked_and_nothing_is_denied(self, bench: Account) -> None:
        gateway = bench.gateway
        payment = GatewayPayment(
            provider_payment_id="1", reference=new_id().hex, status="authorized", amount=ASKED, raw_status="authorized"
        )

        refused = await asyncio.gather(
            gateway.create(creation()),
            gateway.query(str(new_id())),
            gateway.fetch(Hint(reference="x")),
            gateway.capture(payment),
            gateway.void(payment),
            return_exceptions=True,
        )

        assert [getattr(one, "kind", one) for one in refused] == ["unsupported"] * 5, "an empty answer would say that nobody paid"

    async def test_a_refund_waits_for_the_person_who_carries_it_out(self, bench: Account) -> None:
        order = refund_of("1", 1_00)

        made = [await bench.gateway.refund(order) for _ in range(2)]

        assert [one.status for one in made] == ["pending", "pending"]
        assert await bench.gateway.query_refund(order) is None

    async def test_the_connection_test_passes_without_credentials(self, bench: Account) -> None:
        await bench.gateway.check()
