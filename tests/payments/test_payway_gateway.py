"""The Payway gateway against the simulator: the conformance of every gateway, and what is its own."""

from uuid import UUID

import httpx
import msgspec
import pytest

from alltickets.payments.gateways.payway import Payway
from alltickets.payments.gateways.payway_words import METHODS, STATUSES, status_of
from alltickets.payments.port import Card, CardForm, Final, Gateway, GatewayError, GatewayPayment, Hint, Purchase
from alltickets.payments.refusals import AccountInvalid
from bench.stack import free_port
from simulators.payway.cards import BRANDS
from simulators.payway.rules import ACTS
from tests.payments.gateway_conformance import ASKED, Bench, GatewayConformance, creation
from tests.payments.payway import PURCHASE, card_of, refund_of, settings_of
from tests.simulators.payway import AMEX, VISA, VISA_DEBIT, VISA_REFUSED, VISA_WITHOUT_FUNDS, PaywayProcess, Site

SECONDS = 1.0


class PaywayBench(Bench):
    environment = "live"

    def __init__(self, payway: PaywayProcess, site: Site, http: httpx.AsyncClient) -> None:
        self.payway = payway
        self.site = site
        self.owner = site.id
        self.http = http
        self.gateway = self.connected(payway.url, site.private_key)

    def connected(self, url: str, private_key: str, **settings: str) -> Gateway:
        provider = Payway(url, self.http, developer_url=url, charge_seconds_max=SECONDS, query_seconds_max=SECONDS)
        return provider.connect(settings_of(self.site, **settings), {"private_key": private_key})

    def fill_in(self, form: CardForm, action: str) -> Card:
        assert form.tokens_url == f"{self.payway.url}/api/v2/tokens"
        self.payway.http.put("/admin/dials", json={**self.payway.http.get("/admin/dials").json(), "undecided": action == "pending"})
        return card_of(self.site, VISA_REFUSED if action == "reject" else VISA)

    def reserving(self) -> Gateway:
        self.payway.http.put(f"/admin/sites/{self.site.id}", json={"two_steps": True})
        return self.gateway

    def holder_of(self, reference: UUID) -> str:
        [payment] = self.site.find(reference.hex)
        assert payment["sub_payments"] == []
        return str(payment["site_id"])

    def refunded_minor(self, reference: UUID) -> int:
        [payment] = self.site.find(reference.hex)
        history = self.site.call("GET", f"/payments/{payment['id']}/refunds").json()["parent"]["history"]
        return sum(line["amount"] for line in history)

    def lose_answers(self, calls: int) -> None:
        self.payway.turn(lose_answers=calls)

    def impostor(self) -> Gateway:
        return self.connected(self.payway.url, "0" * 32)

    def unreachable(self) -> Gateway:
        return self.connected(f"http://127.0.0.1:{free_port()}", self.site.private_key)


@pytest.fixture
def bench(payway: PaywayProcess, site: Site, http: httpx.AsyncClient) -> PaywayBench:
    return PaywayBench(payway, site, http)


class TestPayway(GatewayConformance):
    pass


async def charged(bench: PaywayBench, card: Card, *, gateway: Gateway | None = None, purchase: Purchase = PURCHASE) -> GatewayPayment:
    """What came of a charge."""
    answer = await (gateway or bench.gateway).create(msgspec.structs.replace(creation(), card=card, purchase=purchase))
    assert isinstance(answer, Final)
    return answer.payment


def test_every_word_and_every_card_of_the_simulator_is_known() -> None:
    words = {*ACTS, "pre_approved", "rejected", "annulled", "refunded", "approved_with_refund", "challenge pending"}

    assert {status_of(word) for word in words} <= set(STATUSES.values())
    assert set(BRANDS) <= set(METHODS)


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("APPROVED", "charged"),
        ("Challenge Pending", "pending"),
        ("pre-approved", "authorized"),
        ("PREAPPROVED", "authorized"),
        ("paid", None),
    ],
)
def test_words_are_read_however_they_are_written(written: str, status: str | None) -> None:
    assert status_of(written) == status


async def test_a_charge_tells_of_the_card_what_may_be_kept(bench: PaywayBench) -> None:
    payment = await charged(bench, card_of(bench.site, installments=6))

    facts = payment.facts
    assert (facts.method, facts.brand, facts.card_bin, facts.card_last_four, facts.installments) == (
        "credit_card",
        "visa",
        "450799",
        "4905",
        6,
    )
    assert facts.settlement_reference is not None
    assert [payment] == await bench.gateway.fetch(Hint(provider_payment_id=payment.provider_payment_id))
    assert VISA not in repr(payment)


@pytest.mark.parametrize(
    ("number", "reason"),
    [(VISA_REFUSED, "card_refused"), (VISA_WITHOUT_FUNDS, "no_funds"), ("4111111111111111", "card_data")],
)
async def test_a_no_is_told_in_our_words(bench: PaywayBench, number: str, reason: str) -> None:
    payment = await charged(bench, card_of(bench.site, number))

    assert (payment.status, payment.reason) == ("declined", reason)


@pytest.mark.parametrize(
    ("number", "reason"), [(1, "call_bank"), (28, "try_later"), (45, "installments"), (54, "card_data"), (58, "not_accepted")]
)
async def test_an_authorisers_number_says_what_to_do(bench: PaywayBench, number: int, reason: str) -> None:
    bench.payway.turn(decline_reason=number)

    assert (await charged(bench, card_of(bench.site))).reason == reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"method": "31"}, "card_kind"), ({"bin": "454640"}, "card_data"), ({"token": "b" * 36}, "card_data")],
)
async def test_what_a_buyer_gets_wrong_is_declined_and_nothing_is_charged(bench: PaywayBench, changes: dict[str, str], reason: str) -> None:
    wanted = msgspec.structs.replace(creation(), card=msgspec.structs.replace(card_of(bench.site), **changes))

    with pytest.raises(GatewayError) as refused:
        await bench.gateway.create(wanted)

    assert (refused.value.kind, refused.value.code) == ("declined", reason)
    assert await bench.gateway.query(str(wanted.attempt_id)) == []


async def test_an_unexpected_error_may_have_charged(bench: PaywayBench) -> None:
    bench.payway.turn(conflicts=1)
    wanted = msgspec.structs.replace(creation(), card=card_of(bench.site))

    with pytest.raises(GatewayError) as unknown:
        await bench.gateway.create(wanted)

    [payment] = await bench.gateway.query(str(wanted.attempt_id))
    assert (unknown.value.kind, payment.status) == ("unknown_outcome", "charged")


async def test_a_part_that_is_out_of_order_may_have_charged_and_others_go_on(bench: PaywayBench) -> None:
    payment = await charged(bench, card_of(bench.site))
    bench.payway.turn(outage=["charges"])

    with pytest.raises(GatewayError) as away:
        await charged(bench, card_of(bench.site))

    assert away.value.kind == "unknown_outcome"
    assert (await bench.gateway.refund(refund_of(payment.provider_payment_id, ASKED.minor))).status == "succeeded"


async def test_before_and_after_the_batch_is_closed_the_whole_goes_back(bench: PaywayBench) -> None:
    early = await charged(bench, card_of(bench.site))
    late = await charged(bench, card_of(bench.site))
    await bench.gateway.refund(refund_of(early.provider_payment_id, ASKED.minor))
    bench.site.close()
    accredited = await bench.gateway.fetch(Hint(provider_payment_id=late.provider_payment_id))
    await bench.gateway.refund(refund_of(late.provider_payment_id, ASKED.minor))

    ended = [(await bench.gateway.fetch(Hint(provider_payment_id=one.provider_payment_id)))[0] for one in (early, late)]

    assert accredited[0].status == "charged"
    assert [(one.raw_status, one.status, one.refunded_minor) for one in ended] == [
        ("annulled", "refunded", ASKED.minor),
        ("refunded", "refunded", ASKED.minor),
    ]


async def test_visa_debit_is_not_given_back_in_parts(bench: PaywayBench) -> None:
    payment = await charged(bench, card_of(bench.site, VISA_DEBIT, method="31"))

    with pytest.raises(GatewayError) as refused:
        await bench.gateway.refund(refund_of(payment.provider_payment_id, 1_00))

    assert refused.value.kind == "unsupported"
    assert (await bench.gateway.refund(refund_of(payment.provider_payment_id, ASKED.minor))).status == "succeeded"


async def test_a_site_without_a_history_of_refunds_gives_back_as_a_whole(bench: PaywayBench) -> None:
    plain = bench.connected(bench.payway.url, bench.site.private_key, refund_history="off")
    payment = await charged(bench, card_of(bench.site), gateway=plain)
    whole = refund_of(payment.provider_payment_id, ASKED.minor)

    with pytest.raises(GatewayError) as refused:
        await plain.refund(refund_of(payment.provider_payment_id, 1_00))
    before = await plain.query_refund(whole)
    await plain.refund(whole)
    after = await plain.query_refund(whole)

    assert (plain.capabilities.partial_refunds, refused.value.kind) == (False, "unsupported")
    assert before is None
    assert after is not None
    assert after.status == "succeeded"


async def test_each_key_is_tested(bench: PaywayBench) -> None:
    for public_key, private_key in (("0" * 32, bench.site.private_key), (bench.site.public_key, "0" * 32)):
        gateway = Payway(bench.payway.url, bench.http, developer_url=bench.payway.url).connect(
            {"public_key": public_key, "methods": "1"}, {"private_key": private_key}
        )

        with pytest.raises(GatewayError) as refused:
            await gateway.check()

        assert refused.value.kind == "auth_config"
        assert f"the {'public' if private_key == bench.site.private_key else 'private'} key in its production" in str(refused.value)


async def test_cybersource_is_told_of_the_tickets_where_the_site_has_it(bench: PaywayBench) -> None:
    address = {"street": "Bulevar 318", "city": "Rosario", "postal_code": "2000", "state": "S", "phone": "3415550000"}
    told = bench.connected(
        bench.payway.url, bench.site.private_key, cybersource="on", **{f"billing_{name}": value for name, value in address.items()}
    )
    bench.payway.http.put(f"/admin/sites/{bench.site.id}", json={"cybersource": True})
    phones = ("+54 9 341 555-0000", None)

    untold = await charged(bench, card_of(bench.site))
    payments = [
        await charged(bench, card_of(bench.site), gateway=told, purchase=msgspec.structs.replace(PURCHASE, buyer_phone=phone))
        for phone in phones
    ]

    assert (untold.status, untold.reason) == ("declined", "suspected_fraud")
    assert [one.status for one in payments] == ["charged", "charged"]


async def test_a_review_by_people_is_pending_and_a_red_card_declined(bench: PaywayBench) -> None:
    for decision, status in (("yellow", "pending"), ("red", "declined"), ("blue", "charged")):
        bench.payway.http.put(f"/admin/sites/{bench.site.id}", json={"cybersource": True, "decision": decision})
        address = {"street": "Bulevar 318", "city": "Rosario", "postal_code": "2000", "state": "S", "phone": "3415550000"}
        settings = {f"billing_{name}": value for name, value in address.items()}
        told = bench.connected(bench.payway.url, bench.site.private_key, cybersource="on", **settings)

        assert (await charged(bench, card_of(bench.site), gateway=told)).status == status


def test_cybersource_needs_an_address(bench: PaywayBench) -> None:
    with pytest.raises(AccountInvalid) as refused:
        bench.connected(bench.payway.url, bench.site.private_key, cybersource="on", billing_city="Córdoba", billing_state="X")

    assert len(refused.value.faults) == 4


def test_the_form_offers_what_the_account_says(bench: PaywayBench) -> None:
    form = bench.gateway.sign(creation())

    assert isinstance(form, CardForm)
    offered = [(one.method, one.brand, one.kind, one.installments) for one in form.methods]
    assert offered == [
        ("1", "Visa", "credit_card", (1, 3, 6)),
        ("31", "Visa", "debit_card", (1,)),
        ("104", "Mastercard", "credit_card", (1, 3)),
    ]


@pytest.mark.parametrize("methods", ["", "1:0", "1;", "4711", "visa", "1:1,3,", "1:1;1:3"])
def test_methods_that_make_no_sense_are_refused(http: httpx.AsyncClient, methods: str) -> None:
    with pytest.raises(AccountInvalid):
        Payway("http://127.0.0.1:1", http, developer_url="http://127.0.0.1:2").connect(
            {"public_key": "a" * 32, "methods": methods}, {"private_key": "b" * 32}
        )


def test_an_account_lists_all_its_faults(http: httpx.AsyncClient) -> None:
    settings = {"public_key": "short", "establishment_name": "x" * 26, "refund_history": "maybe", "url": "http://10.0.0.1"}

    with pytest.raises(AccountInvalid) as refused:
        Payway("http://127.0.0.1:1", http, developer_url="http://127.0.0.1:2").connect(settings, {"private_key": "short", "pin": "1"})

    assert len(refused.value.faults) == 7
    assert AMEX not in str(refused.value)
