"""What every gateway has to do, written once for the port.

A gateway's tests subclass `GatewayConformance` and give it a `Bench`; those of one without a provider,
`OfflineConformance` (`offline_conformance.py`).
"""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol
from uuid import UUID

import httpx
import msgspec
import pytest

from alltickets.kernel.ids import new_id
from alltickets.kernel.money import CURRENCY_EXPONENTS, Money
from alltickets.payments.port import (
    AccountEnvironment,
    Card,
    CardForm,
    Creation,
    DisputeAnswer,
    Final,
    Gateway,
    GatewayError,
    GatewayPayment,
    Hint,
    Notice,
    Redirect,
    RefundOrder,
    SettlementFile,
    SettlementOrdered,
    Verdict,
)
from alltickets.payments.reconciliation.layouts import LAYOUTS
from tests.payments.evidence import EVIDENCE

ASKED = Money(12_345_67, "ARS")


class Bench(ABC):
    """A provider that a test can play the buyer at, and that can be made to fail.

    asked: what is to be paid, in a currency that the provider takes. takes_twice: whether its page can be paid twice.
    signs: what of a notice its signature covers: the body, or the address that it was sent to.
    unsigned: what a notice without a signature is.
    refuses_old: whether a genuine notice that comes an hour late is rejected.
    owner: whose the account is, as the provider calls them.
    environment: what the account is, by what was entered of it.
    """

    gateway: Gateway
    asked: Money = ASKED
    takes_twice: bool = True
    signs: Literal["body", "address"] = "body"
    unsigned: Verdict = "rejected"
    refuses_old: bool = True
    owner: str
    environment: AccountEnvironment

    def buyer_does(self, link: str, action: str) -> None:
        """On the payment page: "approve", "reject", "pending" or "approve_twice". Where the flow is "redirect"."""
        raise NotImplementedError

    def fill_in(self, form: CardForm, action: str) -> Card:
        """What our page sends once the buyer has filled in the form: a card that does "approve", "reject" or "pending" from now on.

        Where the flow is "card_form".
        """
        raise NotImplementedError

    def reserving(self) -> Gateway | None:
        """The same account as one where what buyers pay is only reserved; None where there is no such thing."""
        return None

    def dividing(self) -> Gateway | None:
        """The same account as one whose sales the provider divides; None where there is no such thing."""
        return None

    @abstractmethod
    def holder_of(self, reference: UUID) -> str:
        """On whose account the provider says the money of a payment is."""

    @abstractmethod
    def refunded_minor(self, reference: UUID) -> int:
        """What the provider itself says it gave back."""

    def has_balance(self, *, is_enough: bool) -> None:
        """Whether the account has what refunds come from. Where early refunds are pending or refused."""
        raise NotImplementedError

    @abstractmethod
    def lose_answers(self, calls: int) -> None:
        """Carry the next calls out, and answer none of them."""

    @abstractmethod
    def impostor(self) -> Gateway:
        """The same account with wrong credentials."""

    @abstractmethod
    def unreachable(self) -> Gateway:
        """The same account at an address where nobody listens."""

    def callback_of(self, reference: UUID, now: datetime) -> Notice:
        """The genuine callback for the newest payment of a reference. Where there are callbacks."""
        raise NotImplementedError

    def bank_asks(self, reference: UUID) -> None:
        """For all of the money of that payment. Where disputes are told."""
        raise NotImplementedError

    def touched(self, notice: Notice) -> list[Notice]:
        """The notice with what is signed of it changed, in many ways."""
        if self.signs == "body":
            body = notice.body
            bodies = [body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :] for place in range(0, len(body), 7)]
            return [msgspec.structs.replace(notice, body=one) for one in [*bodies, body + b" "]]
        digits = [place for place, letter in enumerate(notice.query) if letter.isdigit()]
        queries = [f"{notice.query[:place]}{9 - int(notice.query[place])}{notice.query[place + 1 :]}" for place in digits]
        return [msgspec.structs.replace(notice, query=one) for one in queries]


def creation(*, amount: Money = ASKED, seconds: int = 600) -> Creation:
    return Creation(
        attempt_id=new_id(),
        amount=amount,
        description="Función «Ñandú» & más · 2 entradas",
        payer_email="ana@example.com",
        return_url="http://127.0.0.1:8000/back?order=1&x=ü",
        callback_url="http://127.0.0.1:9/callbacks",
        expires_at=(datetime.now(UTC) + timedelta(seconds=seconds)).replace(microsecond=0),
    )


def wanted_at(bench: Bench) -> Creation:
    """A creation that the provider accepts: in its currency, its page as long open as it demands."""
    return creation(amount=bench.asked, seconds=max(600, bench.gateway.capabilities.expires_in_seconds_min))


async def link_of(gateway: Gateway, wanted: Creation) -> str:
    step = await gateway.create(wanted) if gateway.capabilities.create_needs_call else gateway.sign(wanted)
    assert isinstance(step, Redirect)
    return step.url


async def begin(bench: Bench, wanted: Creation) -> str | CardForm:
    """What a buyer is shown before they do anything."""
    if bench.gateway.capabilities.flow == "redirect":
        return await link_of(bench.gateway, wanted)
    form = bench.gateway.sign(wanted)
    assert isinstance(form, CardForm)
    return form


async def act(bench: Bench, wanted: Creation, action: str) -> None:
    """Have the buyer pay, or not, in whatever way the gateway has."""
    shown = await begin(bench, wanted)
    if isinstance(shown, str):
        bench.buyer_does(shown, action)
        return
    answer = await bench.gateway.create(msgspec.structs.replace(wanted, card=bench.fill_in(shown, action)))
    assert isinstance(answer, Final)
    assert answer.payment.reference == str(wanted.attempt_id)


def refund_of(payment_id: str, minor: int, currency: str = ASKED.currency) -> RefundOrder:
    return RefundOrder(refund_id=new_id(), provider_payment_id=payment_id, amount=Money(minor, currency), reason="test")


class Account(Protocol):
    """Whatever has a gateway: a `Bench`, or an account of a gateway that has no provider."""

    gateway: Gateway


class PortConformance:
    """What holds for every gateway, also for one without a provider to play the buyer at. A subclass has a fixture `bench`."""

    async def test_what_it_declares_not_to_do_it_refuses_to_do(self, bench: Account) -> None:
        gateway, now = bench.gateway, datetime.now(UTC).replace(microsecond=0)
        calls: list[Awaitable[object]] = []
        if gateway.capabilities.settlements != "fetched":
            calls.append(gateway.settlement(now - timedelta(days=1), now, ordered=None))
        if gateway.capabilities.disputes != "answered":
            calls.append(gateway.answer_dispute(DisputeAnswer(answer_id=new_id(), provider_dispute_id="1", evidence=EVIDENCE)))

        refused = await asyncio.gather(*calls, return_exceptions=True)

        assert [getattr(one, "kind", one) for one in refused] == ["unsupported"] * len(calls)

    async def test_whoever_calls_in_the_name_of_one_that_never_does_is_rejected(self, bench: Account) -> None:
        if bench.gateway.capabilities.news not in ("polling", "person"):
            pytest.skip("it calls")
        body = b'{"id":1,"status":"approved"}'

        for headers in ({}, {"apikey": "x"}, {"x-signature": "ts=1,v1=0"}):
            assert bench.gateway.verify_callback(Notice(headers=headers, body=body), now=datetime.now(UTC)) == "rejected"

    @pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[]", b"{}", b"null", b"[" * 100_000, b'{"id":"x","payment":{"id":"\\u0000"}}'])
    async def test_what_cannot_be_read_is_one_error(self, bench: Account, body: bytes) -> None:
        with pytest.raises(GatewayError):
            bench.gateway.parse_callback(Notice(headers={}, body=body))


class GatewayConformance(PortConformance):
    """What holds where there is a provider."""

    async def paid(self, bench: Bench, action: str = "approve") -> tuple[Creation, str]:
        """A creation that a buyer did something about, and the provider's id of the payment."""
        wanted = wanted_at(bench)
        await act(bench, wanted, action)
        payments = await bench.gateway.query(str(wanted.attempt_id))
        return wanted, payments[0].provider_payment_id

    async def test_nobody_has_paid_yet(self, bench: Bench) -> None:
        wanted = wanted_at(bench)
        await begin(bench, wanted)

        assert await bench.gateway.query(str(wanted.attempt_id)) == []

    async def test_the_same_creation_gives_the_same_form(self, bench: Bench) -> None:
        if bench.gateway.capabilities.flow != "card_form":
            pytest.skip("has no form")
        wanted = wanted_at(bench)

        first, again = [await begin(bench, wanted) for _ in range(2)]

        assert isinstance(first, CardForm)
        assert first == again
        assert first.attempt_id == wanted.attempt_id
        assert first.methods

    async def test_instalments_are_chosen_where_it_is_said_and_told_afterwards(self, bench: Bench) -> None:
        wanted = wanted_at(bench)
        shown = await begin(bench, wanted)
        chosen = [method.installments for method in shown.methods] if isinstance(shown, CardForm) else []
        await act(bench, wanted, "approve")
        [payment] = await bench.gateway.query(str(wanted.attempt_id))

        where = bench.gateway.capabilities.instalments
        assert (where == "form") == any(len(one) > 1 for one in chosen)
        assert (payment.facts.installments is not None) == (where != "none")

    async def test_the_money_is_on_the_account_of_whom_it_is_said_to_be(self, bench: Bench) -> None:
        fee = Money(1_00, bench.asked.currency)
        whole, dividing = bench.gateway, bench.dividing()
        wanted, _ = await self.paid(bench)
        [payment] = await whole.query(str(wanted.attempt_id))

        assert (whole.capabilities.funds, payment.facts.platform_fee_minor) == ("organizer", None)
        assert bench.holder_of(wanted.attempt_id) == bench.owner
        if dividing is None:
            return
        bench.gateway = dividing
        divided = msgspec.structs.replace(wanted_at(bench), platform_fee=fee)
        undivided = wanted_at(bench)
        for one in (divided, undivided):
            await act(bench, one, "approve")
        paid = [(await dividing.query(str(one.attempt_id)))[0].facts.platform_fee_minor for one in (divided, undivided)]

        assert dividing.capabilities.funds == "split"
        assert paid == [fee.minor, None]

    async def test_another_currency_than_it_declares_is_refused(self, bench: Bench) -> None:
        currencies, wanted = bench.gateway.capabilities.currencies, wanted_at(bench)
        assert bench.asked.currency in currencies
        assert set(currencies) <= set(CURRENCY_EXPONENTS)
        other = next((one for one in CURRENCY_EXPONENTS if one not in currencies), None)
        if other is None:
            pytest.skip("takes every currency")

        with pytest.raises(GatewayError) as refused:
            await act(bench, msgspec.structs.replace(wanted, amount=Money(bench.asked.minor, other)), "approve")

        assert refused.value.kind in ("invalid_request", "declined", "unsupported")
        assert await bench.gateway.query(str(wanted.attempt_id)) == []

    async def test_the_environment_is_told_by_what_was_entered_and_nobody_is_asked(self, bench: Bench) -> None:
        assert {one.environment for one in (bench.gateway, bench.unreachable())} == {bench.environment}

    async def test_a_card_that_is_charged_again_is_charged_once(self, bench: Bench) -> None:
        if bench.gateway.capabilities.flow != "card_form":
            pytest.skip("has no form")
        wanted = wanted_at(bench)
        await act(bench, wanted, "approve")

        with pytest.raises(GatewayError) as refused:
            await act(bench, wanted, "approve")

        assert refused.value.kind == "duplicate"
        assert len(await bench.gateway.query(str(wanted.attempt_id))) == 1

    async def test_a_charge_whose_answer_is_lost_is_an_unknown_outcome_and_is_found(self, bench: Bench) -> None:
        if bench.gateway.capabilities.flow != "card_form":
            pytest.skip("has no form")
        wanted = wanted_at(bench)
        bench.lose_answers(1)

        with pytest.raises(GatewayError) as lost:
            await act(bench, wanted, "approve")

        [payment] = await bench.gateway.query(str(wanted.attempt_id))
        assert lost.value.kind == "unknown_outcome"
        assert (payment.status, payment.amount) == ("charged", bench.asked)

    async def test_the_same_creation_gives_the_same_link_or_another_for_the_same_reference(self, bench: Bench) -> None:
        if bench.gateway.capabilities.flow != "redirect":
            pytest.skip("has no links")
        wanted = wanted_at(bench)

        first, again = [await link_of(bench.gateway, wanted) for _ in range(2)]

        if bench.gateway.capabilities.create_idempotency == "header":
            assert first == again
        bench.buyer_does(again, "approve")
        [payment] = await bench.gateway.query(str(wanted.attempt_id))
        assert payment.status == "charged"

    async def test_a_page_that_was_closed_takes_no_payment_and_what_was_paid_stays_paid(self, bench: Bench) -> None:
        if not bench.gateway.capabilities.expires_pages:
            pytest.skip("has no pages, or closes none")
        left, paid = wanted_at(bench), wanted_at(bench)
        pages = [await bench.gateway.create(one) for one in (left, paid)]
        links = [one.url for one in pages if isinstance(one, Redirect)]
        bench.buyer_does(links[1], "approve")

        for page in (*pages, pages[0]):
            assert isinstance(page, Redirect)
            assert page.provider_reference is not None
            await bench.gateway.expire(page.provider_reference)

        # Some benches look at the page's answer themselves.
        with contextlib.suppress(AssertionError):
            bench.buyer_does(links[0], "approve")
        assert (await asyncio.to_thread(httpx.get, links[0], trust_env=False)).status_code == 410
        unpaid = await bench.gateway.query(str(left.attempt_id))
        assert {one.status for one in unpaid} <= {"expired", "cancelled"}
        assert [one.status for one in await bench.gateway.query(str(paid.attempt_id))] == ["charged"]

    @pytest.mark.parametrize(("action", "status"), [("approve", "charged"), ("reject", "declined"), ("pending", "pending")])
    async def test_what_the_buyer_did_is_reported_in_our_words(self, bench: Bench, action: str, status: str) -> None:
        wanted, _ = await self.paid(bench, action)

        [payment] = await bench.gateway.query(str(wanted.attempt_id))

        assert (payment.status, payment.amount, payment.reference) == (status, bench.asked, str(wanted.attempt_id))
        assert payment.is_recognised
        assert payment.refunded_minor == 0

    async def test_a_link_that_was_paid_twice_has_two_payments(self, bench: Bench) -> None:
        if not bench.takes_twice or bench.gateway.capabilities.flow != "redirect":
            pytest.skip("a page is paid once")
        wanted, _ = await self.paid(bench, "approve_twice")

        payments = await bench.gateway.query(str(wanted.attempt_id))

        assert [payment.status for payment in payments] == ["charged", "charged"]
        assert len({payment.provider_payment_id for payment in payments}) == 2

    async def test_what_is_reserved_is_taken_or_given_back_once_and_never_both(self, bench: Bench) -> None:
        gateway = bench.reserving()
        if gateway is None:
            assert (bench.gateway.capabilities.captures, bench.gateway.capabilities.voids) == (False, False)
            pytest.skip("reserves nothing")
        bench.gateway = gateway
        taken, given_back = [(await self.reserved(bench)) for _ in range(2)]

        after = [await gateway.capture(taken), await gateway.void(given_back)]
        refused = [call(one) for one in (taken, given_back) for call in (gateway.capture, gateway.void)]
        kinds = [getattr(error, "kind", None) for error in await asyncio.gather(*refused, return_exceptions=True)]

        found = [await gateway.query(one.reference) for one in (taken, given_back)]
        assert [one.status for one in (taken, given_back)] == ["authorized"] * 2
        assert (gateway.capabilities.captures, gateway.capabilities.voids) == (True, True)
        assert found == [[one] for one in after]
        assert (after[0].status, after[0].amount, after[0].refunded_minor) == ("charged", bench.asked, 0)
        # Some call it a refund of the whole: that it was never taken is known here (`rules.decide`).
        assert after[1].status in ("cancelled", "refunded")
        assert kinds == ["declined"] * 4

    async def reserved(self, bench: Bench) -> GatewayPayment:
        """Money that a buyer's bank has set aside."""
        wanted = wanted_at(bench)
        await act(bench, wanted, "approve")
        [payment] = await bench.gateway.query(str(wanted.attempt_id))
        return payment

    async def test_a_hint_fetches_what_it_speaks_of(self, bench: Bench) -> None:
        wanted, payment_id = await self.paid(bench)

        by_id = await bench.gateway.fetch(Hint(provider_payment_id=payment_id))
        by_reference = await bench.gateway.fetch(Hint(reference=str(wanted.attempt_id)))

        assert by_id == by_reference == await bench.gateway.query(str(wanted.attempt_id))

    async def test_a_full_refund_is_reported_as_refunded(self, bench: Bench) -> None:
        wanted, payment_id = await self.paid(bench)

        result = await bench.gateway.refund(refund_of(payment_id, bench.asked.minor, bench.asked.currency))

        [payment] = await bench.gateway.query(str(wanted.attempt_id))
        assert result.status in ("succeeded", "pending")
        assert (payment.status, payment.refunded_minor) == ("refunded", bench.asked.minor)

    async def test_a_refund_before_the_provider_has_paid_out_is_as_declared(self, bench: Bench) -> None:
        wanted, payment_id = await self.paid(bench)
        early = bench.gateway.capabilities.early_refunds
        order = refund_of(payment_id, bench.asked.minor, bench.asked.currency)
        if early in ("pending", "refused"):
            bench.has_balance(is_enough=False)
        if early == "refused":
            with pytest.raises(GatewayError) as refused:
                await bench.gateway.refund(order)
            assert (refused.value.kind, bench.refunded_minor(wanted.attempt_id)) == ("too_early", 0)
            assert refused.value.retry_after_seconds
            bench.has_balance(is_enough=True)

        result = await bench.gateway.refund(order)

        [payment] = await bench.gateway.query(str(wanted.attempt_id))
        assert result.status == ("pending" if early == "pending" else "succeeded")
        assert payment.raw_status.startswith("annul") == (early == "annulled")
        assert early == "pending" or bench.refunded_minor(wanted.attempt_id) == bench.asked.minor

    async def test_a_partial_refund_leaves_the_payment_charged(self, bench: Bench) -> None:
        wanted, payment_id = await self.paid(bench)
        if not bench.gateway.capabilities.partial_refunds:
            pytest.skip("refunds in full only")

        await bench.gateway.refund(refund_of(payment_id, 1_00, bench.asked.currency))

        [payment] = await bench.gateway.query(str(wanted.attempt_id))
        assert (payment.status, payment.refunded_minor) == ("charged", 1_00)

    async def test_a_refund_repeated_under_its_key_is_one_refund(self, bench: Bench) -> None:
        wanted, payment_id = await self.paid(bench)
        if bench.gateway.capabilities.refund_idempotency != "header":
            pytest.skip("has no keys")
        order = refund_of(payment_id, 1_00, bench.asked.currency)

        first = await bench.gateway.refund(order)
        again = await bench.gateway.refund(order)

        assert first == again
        assert bench.refunded_minor(wanted.attempt_id) == 1_00

    async def test_more_than_is_left_is_declined(self, bench: Bench) -> None:
        _, payment_id = await self.paid(bench)

        with pytest.raises(GatewayError) as refused:
            await bench.gateway.refund(refund_of(payment_id, bench.asked.minor + 1, bench.asked.currency))

        assert refused.value.kind == "declined"

    async def test_a_refund_that_was_carried_out_can_be_looked_up(self, bench: Bench) -> None:
        _, payment_id = await self.paid(bench)
        order = refund_of(payment_id, 1_00 if bench.gateway.capabilities.partial_refunds else bench.asked.minor, bench.asked.currency)
        result = await bench.gateway.refund(order)
        known = RefundOrder(
            refund_id=order.refund_id,
            provider_payment_id=payment_id,
            provider_refund_id=result.provider_refund_id,
            amount=order.amount,
            reason=order.reason,
        )

        assert await bench.gateway.query_refund(known) == result

    async def test_a_refund_whose_answer_was_lost_is_told_from_the_others(self, bench: Bench) -> None:
        _, payment_id = await self.paid(bench)
        capabilities = bench.gateway.capabilities
        if capabilities.refund_idempotency == "header" or not capabilities.partial_refunds:
            pytest.skip("is repeated under its key, or is the only one")
        first = await bench.gateway.refund(refund_of(payment_id, 1_00, bench.asked.currency))
        assert first.provider_refund_id is not None
        order = msgspec.structs.replace(refund_of(payment_id, 1_00, bench.asked.currency), other_refund_ids=(first.provider_refund_id,))

        before = await bench.gateway.query_refund(order)
        made = await bench.gateway.refund(order)

        assert before is None
        assert await bench.gateway.query_refund(order) == made

    async def test_a_dispute_is_told_and_takes_evidence_where_it_is_said_to(self, bench: Bench) -> None:
        wanted, _ = await self.paid(bench)
        flow = bench.gateway.capabilities.disputes
        answer = DisputeAnswer(answer_id=new_id(), provider_dispute_id="1", evidence=EVIDENCE)
        if flow in ("answered", "told"):
            bench.bank_asks(wanted.attempt_id)
            [payment] = await bench.gateway.query(str(wanted.attempt_id))
            assert (payment.status, payment.is_recognised) == ("disputed", True)
        if flow != "answered":
            with pytest.raises(GatewayError) as refused:
                await bench.gateway.answer_dispute(answer)
            assert refused.value.kind == "unsupported"
            return

        [asked] = payment.disputes
        for _ in range(2):
            await bench.gateway.answer_dispute(msgspec.structs.replace(answer, provider_dispute_id=asked.provider_dispute_id))
        [after] = (await bench.gateway.query(str(wanted.attempt_id)))[0].disputes

        assert (asked.state, asked.amount, asked.is_inquiry) == ("needs_response", bench.asked, False)
        assert asked.due_at is not None
        assert asked.due_at > datetime.now(UTC)
        assert (after.state, after.sequence > asked.sequence) == ("under_review", True)

    async def test_a_settlement_report_is_made_where_it_is_said_to_be(self, bench: Bench) -> None:
        _, payment_id = await self.paid(bench)
        now = datetime.now(UTC).replace(microsecond=0)
        times = (now - timedelta(days=1), now + timedelta(seconds=1))
        if bench.gateway.capabilities.settlements != "fetched":
            with pytest.raises(GatewayError) as refused:
                await bench.gateway.settlement(*times, ordered=None)
            assert refused.value.kind == "unsupported"
            return

        ordered = await bench.gateway.settlement(*times, ordered=None)
        assert isinstance(ordered, SettlementOrdered)
        file = await bench.gateway.settlement(*times, ordered=ordered.name)
        again = await bench.gateway.settlement(*times, ordered=None)

        assert isinstance(file, SettlementFile)
        assert file == again, "asked for again it is the one that was made"
        assert payment_id in file.content.decode(LAYOUTS[file.layout].encoding)

    async def test_a_lost_answer_is_an_unknown_outcome(self, bench: Bench) -> None:
        wanted, payment_id = await self.paid(bench)
        bench.lose_answers(1)

        with pytest.raises(GatewayError) as lost:
            await bench.gateway.refund(refund_of(payment_id, 1_00, bench.asked.currency))

        assert lost.value.kind == "unknown_outcome"
        assert bench.refunded_minor(wanted.attempt_id) == 1_00

    async def test_nobody_listening_is_certainly_not_sent(self, bench: Bench) -> None:
        with pytest.raises(GatewayError) as away:
            await bench.unreachable().query(str(new_id()))

        assert away.value.kind == "unavailable_not_sent"

    async def test_wrong_credentials_are_told_apart(self, bench: Bench) -> None:
        await bench.gateway.check()

        with pytest.raises(GatewayError) as refused:
            await bench.impostor().check()

        assert refused.value.kind == "auth_config"

    async def test_a_genuine_callback_is_verified_and_read(self, bench: Bench) -> None:
        if bench.gateway.capabilities.news == "polling":
            pytest.skip("it never calls")
        wanted, payment_id = await self.paid(bench)
        now = datetime.now(UTC)
        notice = bench.callback_of(wanted.attempt_id, now)

        assert bench.gateway.verify_callback(notice, now=now) == "verified"
        [hint] = bench.gateway.parse_callback(notice).hints
        assert hint.provider_payment_id == payment_id
        if bench.gateway.capabilities.news == "callback":
            assert [hint.payment] == await bench.gateway.query(str(wanted.attempt_id))

    async def test_a_callback_that_was_touched_is_rejected(self, bench: Bench) -> None:
        if bench.gateway.capabilities.news == "polling":
            pytest.skip("it never calls")
        wanted, _ = await self.paid(bench)
        now = datetime.now(UTC)
        notice = bench.callback_of(wanted.attempt_id, now)
        headers, query, body = notice.headers, notice.query, notice.body
        verify = bench.gateway.verify_callback

        touched = bench.touched(notice)
        bare = [Notice(headers=some, query=query, body=body) for some in ({}, dict.fromkeys(headers, ""))]

        assert {verify(one, now=now) for one in touched} == {"rejected"}
        assert {verify(one, now=now) for one in bare} == {bench.unsigned}
        assert verify(notice, now=now + timedelta(hours=1)) == ("rejected" if bench.refuses_old else "verified")
        assert bench.impostor().verify_callback(notice, now=now) == "rejected"
