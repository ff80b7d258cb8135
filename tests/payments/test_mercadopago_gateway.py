"""MercadoPago's gateway, held to the port against its simulator, and what is its own: statuses, signatures, facts."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

import httpx
import msgspec
import pytest
from mercadopago.webhook.validator import WebhookSignatureValidator  # type: ignore[import-untyped]

from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.payments.gateways.mercadopago import MercadoPago, MercadoPagoApplication, MercadoPagoGateway
from alltickets.payments.gateways.mercadopago.wire import STATUSES, Payment, decimal_of, normalised
from alltickets.payments.port import Gateway, GatewayError, Hint, Notice, Purchase, PurchaseLine, RefundOrder
from alltickets.payments.refusals import AccountInvalid
from alltickets.payments.sellers.rules import challenge_of
from bench.plain import PLAIN
from bench.stack import free_port
from simulators.mercadopago.cards import OUTCOMES
from simulators.mercadopago.credentials import APPLICATION, Keys, sign_notice
from simulators.mercadopago.rules import MOVES
from tests.mercadopago import MercadoPagoProcess, Seller
from tests.payments.gateway_conformance import ASKED, Bench, GatewayConformance, creation, link_of

CARDHOLDERS = {"approve": "APRO", "reject": "FUND", "pending": "CONT"}


class MercadoPagoBench(Bench):
    signs = "address"
    unsigned = "unsigned"
    refuses_old = False
    environment = "live"

    def __init__(self, process: MercadoPagoProcess, http: httpx.AsyncClient) -> None:
        self.process = process
        self.seller = Seller.fresh()
        self.owner = str(self.seller.user)
        self.http = http
        self.gateway = self.connected()

    def connected(self, *, url: str | None = None, token: str | None = None, secret: str | None = None, **settings: str) -> Gateway:
        credentials = {"access_token": token or self.seller.token, "webhook_secret": secret or self.seller.webhook_secret}
        return MercadoPago(url or self.process.url, self.http).connect(settings, credentials)

    def dividing(self) -> Gateway:
        verifier, back = "v" * 64, "http://127.0.0.1:8000/return"
        application = MercadoPagoApplication(
            self.http, base_url=self.process.url, authorization_url=self.process.url, client_id=APPLICATION, client_secret=""
        )
        link = application.consent_url(state="state", challenge=challenge_of(verifier), return_url=back)
        code = dict(parse_qsl(urlsplit(self.process.agree(link, self.seller)).query))["code"]
        asked = {"client_id": APPLICATION, "client_secret": Keys().client_secret_of(APPLICATION), "grant_type": "authorization_code"}
        redeemed = self.process.http.post(
            "/oauth/token", json={**asked, "code": code, "code_verifier": verifier, "redirect_uri": back}
        ).json()
        return MercadoPago(self.process.url, self.http).connect({}, {name: redeemed[name] for name in ("access_token", "refresh_token")})

    def buyer_does(self, link: str, action: str) -> None:
        for _ in range(2 if action == "approve_twice" else 1):
            self.process.pay(link, CARDHOLDERS.get(action, "APRO"), lose="true")

    def holder_of(self, reference: UUID) -> str:
        [payment] = self.process.payments(self.seller, reference)
        assert all(fee["type"] != "application_fee" for fee in payment["fee_details"])
        return str(payment["collector_id"])

    def refunded_minor(self, reference: UUID) -> int:
        return sum(round(one["transaction_amount_refunded"] * 100) for one in self.process.payments(self.seller, reference))

    def bank_asks(self, reference: UUID) -> None:
        [payment] = self.process.payments(self.seller, reference)
        self.process.change(payment["id"], "charged_back", "in_process")

    def has_balance(self, *, is_enough: bool) -> None:
        self.process.has(self.seller, None if is_enough else 0)

    def lose_answers(self, calls: int) -> None:
        self.process.misbehave(timeout_after_processing=calls)

    def impostor(self) -> Gateway:
        return self.connected(token=f"{self.seller.token[:-1]}{9 - int(self.seller.token[-1])}", secret="0" * 64)

    def unreachable(self) -> Gateway:
        return self.connected(url=f"http://127.0.0.1:{free_port()}")

    def callback_of(self, reference: UUID, now: datetime) -> Notice:
        payment = self.process.payments(self.seller, reference)[-1]
        return webhook(self.seller.webhook_secret, str(payment["id"]), str(int(now.timestamp() * 1000)))


def webhook(secret: str, data_id: str, ts: str, *, kind: str = "payment", signed_id: str | None = None) -> Notice:
    """A webhook as it comes; `signed_id` is what stands in the signature instead of the id in the address."""
    request_id = str(new_id())
    signature = sign_notice(secret, data_id if signed_id is None else signed_id, request_id, ts)
    body = msgspec.json.encode({"id": 1, "type": kind, "action": "payment.updated", "data": {"id": data_id}})
    query = urlencode({"source_news": "webhooks", "data.id": data_id, "type": kind})
    return Notice(headers={"x-signature": signature, "x-request-id": request_id}, query=query, body=body)


@pytest.fixture
def bench(mercadopago: MercadoPagoProcess, http: httpx.AsyncClient) -> MercadoPagoBench:
    return MercadoPagoBench(mercadopago, http)


class TestMercadoPago(GatewayConformance):
    pass


async def test_a_preference_says_what_is_paid_for_until_when_and_where_to_go_back(bench: MercadoPagoBench) -> None:
    wanted = creation()

    link = await link_of(bench.gateway, wanted)

    [(_, preference)] = parse_qsl(urlsplit(link).query)
    terms = bench.process.get(bench.seller, f"/checkout/preferences/{preference}")
    [item] = terms["items"]
    assert (item["title"], item["quantity"], item["unit_price"], item["currency_id"]) == (wanted.description, 1, 12345.67, "ARS")
    assert terms["payer"] == {"email": "ana@example.com"}
    assert set(terms["back_urls"].values()) == {wanted.return_url}
    assert terms["notification_url"] == f"{wanted.callback_url}?source_news=webhooks"
    assert datetime.fromisoformat(terms["expiration_date_to"]) == datetime.fromisoformat(terms["date_of_expiration"]) == wanted.expires_at
    assert (terms["expires"], terms["auto_return"], terms["binary_mode"]) == (True, "approved", False)
    assert {one["id"] for one in terms["payment_methods"]["excluded_payment_types"]} == {"ticket", "atm"}


async def test_a_page_shows_what_is_bought_at_final_prices_and_knows_who_buys(bench: MercadoPagoBench) -> None:
    begins_at = datetime(2026, 12, 24, 21, tzinfo=UTC)
    lines = (
        PurchaseLine(name="Campo\n<b>", quantity=2, unit_price_minor=500_033, begins_at=begins_at),
        PurchaseLine(name="Platea", quantity=1, unit_price_minor=234_501),
    )
    purchase = Purchase(buyer_name=" Ana  María Paz ", buyer_phone=None, days_ahead=3, lines=lines)
    wanted = msgspec.structs.replace(creation(amount=Money(1_234_567, "ARS")), purchase=purchase)

    link = await link_of(bench.gateway, wanted)
    at_once = await link_of(bench.connected(items_max="1"), wanted)

    [[(_, preference)], [(_, short)]] = [parse_qsl(urlsplit(one).query) for one in (link, at_once)]
    terms = bench.process.get(bench.seller, f"/checkout/preferences/{preference}")
    shown = [(item["title"], item["quantity"], item["unit_price"], item["category_id"]) for item in terms["items"]]
    assert shown == [("Campo <b>", 2, 5000.33, "tickets"), ("Platea", 1, 2345.01, "tickets")]
    assert [item.get("event_date") for item in terms["items"]] == ["2026-12-24T21:00:00.000+00:00", None]
    assert {item["description"] for item in terms["items"]} == {wanted.description}
    assert terms["payer"] == {"email": "ana@example.com", "name": "Ana", "surname": "María Paz"}
    page = bench.process.http.get(link).text
    assert [text in page for text in ("Campo &lt;b&gt; × 2", "10.000,66")] == [True, True]
    [item] = bench.process.get(bench.seller, f"/checkout/preferences/{short}")["items"]
    assert (item["title"], item["quantity"], item["unit_price"]) == (wanted.description, 1, 12345.67)


async def test_an_account_is_set_to_offer_cash_and_to_leave_nothing_under_review(bench: MercadoPagoBench) -> None:
    settings = {"cash": "yes", "binary_mode": "yes", "installments_max": "6", "statement_descriptor": "ALLTICKETS", "auto_return": "no"}
    gateway = bench.connected(**settings)

    link = await link_of(gateway, creation())

    [(_, preference)] = parse_qsl(urlsplit(link).query)
    terms = bench.process.get(bench.seller, f"/checkout/preferences/{preference}")
    assert (terms["payment_methods"], terms["binary_mode"], terms["statement_descriptor"]) == ({"installments": 6}, True, "ALLTICKETS")
    assert "auto_return" not in terms


async def test_a_charge_tells_its_card_instalments_fee_and_when_the_money_comes(bench: MercadoPagoBench) -> None:
    wanted = creation()
    bench.process.pay(await link_of(bench.gateway, wanted), installments=6, lose="true")

    [payment] = await bench.gateway.query(str(wanted.attempt_id))

    facts = payment.facts
    assert (facts.method, facts.brand, facts.card_bin, facts.card_last_four, facts.installments) == (
        "credit_card",
        "visa",
        "450995",
        "3704",
        6,
    )
    # What the buyer pays for instalments is between them and MercadoPago: the amount is what was asked.
    assert payment.amount == ASKED
    assert (facts.fee_minor, facts.net_minor) == (506_17, ASKED.minor - 506_17)
    assert facts.settles_at is not None
    assert timedelta(days=17) < facts.settles_at - datetime.now(UTC) < timedelta(days=19)
    assert payment.raw_status == "approved/accredited"


async def test_a_dispute_is_newer_than_its_payment_and_a_won_one_newer_still(bench: MercadoPagoBench) -> None:
    wanted = creation()
    bench.buyer_does(await link_of(bench.gateway, wanted), "approve")
    seen = await bench.gateway.query(str(wanted.attempt_id))

    for detail in ("in_process", "reimbursed"):
        bench.process.change(seen[0].provider_payment_id, "charged_back", detail)
        seen += await bench.gateway.query(str(wanted.attempt_id))

    assert [one.status for one in seen] == ["charged", "disputed", "charged"]
    assert [one.sequence for one in seen] == sorted({one.sequence for one in seen})


async def test_orders_and_chargebacks_lead_to_their_payments(bench: MercadoPagoBench) -> None:
    wanted = creation()
    bench.buyer_does(await link_of(bench.gateway, wanted), "approve_twice")
    first, second = bench.process.payments(bench.seller, wanted.attempt_id)
    bench.process.change(second["id"], "charged_back", "in_process")
    [case] = bench.process.get(bench.seller, "/v1/chargebacks/search", {"payment_id": str(second["id"])})["results"]
    secret, known = bench.seller.webhook_secret, await bench.gateway.query(str(wanted.attempt_id))

    [order] = bench.gateway.parse_callback(webhook(secret, first["order"]["id"], "1", kind="topic_merchant_order_wh")).hints
    [chargeback] = bench.gateway.parse_callback(webhook(secret, case["id"], "1", kind="topic_chargebacks_wh")).hints

    assert await bench.gateway.fetch(order) == known
    assert await bench.gateway.fetch(chargeback) == known[1:]


async def test_a_page_that_was_tried_a_hundred_times_is_read_to_its_end(bench: MercadoPagoBench) -> None:
    wanted = creation()
    link = await link_of(bench.gateway, wanted)
    for _ in range(101):
        bench.process.pay(link, "FUND", lose="true")
    bench.process.pay(link, lose="true")

    payments = await bench.gateway.query(str(wanted.attempt_id))

    assert [one.status for one in payments] == ["declined"] * 101 + ["charged"]
    assert payments[0].reason == "cc_rejected_insufficient_amount"


async def test_creating_may_be_down_while_payments_are_found(bench: MercadoPagoBench) -> None:
    wanted = creation()
    bench.buyer_does(await link_of(bench.gateway, wanted), "approve")
    bench.process.take_down("create")

    with pytest.raises(GatewayError) as away:
        await link_of(bench.gateway, creation())

    assert away.value.kind == "unknown_outcome"
    assert [one.status for one in await bench.gateway.query(str(wanted.attempt_id))] == ["charged"]


@pytest.mark.parametrize(
    ("state", "kind"), [(("refunded", "by_admin"), "declined"), (("charged_back", "in_process"), "declined"), (None, "declined")]
)
async def test_what_cannot_be_given_back_is_a_no(bench: MercadoPagoBench, state: tuple[str, str] | None, kind: str) -> None:
    wanted = creation()
    bench.buyer_does(await link_of(bench.gateway, wanted), "approve" if state else "reject")
    [paid] = bench.process.payments(bench.seller, wanted.attempt_id)
    if state is not None:
        bench.process.change(paid["id"], *state)

    with pytest.raises(GatewayError) as refused:
        await bench.gateway.refund(
            RefundOrder(refund_id=new_id(), provider_payment_id=str(paid["id"]), amount=Money(1_00, "ARS"), reason="")
        )

    assert refused.value.kind == kind


def test_every_state_of_the_simulator_is_known() -> None:
    states = {state for moves in MOVES.values() for state in moves} | set(OUTCOMES.values())

    assert {status for status, _ in states} | {name.partition("/")[0] for name in MOVES} <= set(STATUSES)


@pytest.mark.parametrize(
    ("status", "detail", "ours", "is_recognised"),
    [
        ("approved", "accredited", "charged", True),
        ("approved", "partially_refunded", "charged", True),
        ("authorized", "pending_capture", "authorized", True),
        ("pending", "pending_waiting_payment", "pending", True),
        ("pending", "pending_waiting_transfer", "pending", True),
        ("pending", "pending_challenge", "pending", True),
        ("in_process", "pending_contingency", "pending", True),
        ("in_process", "pending_review_manual", "pending", True),
        ("in_process", "offline_process", "pending", True),
        ("rejected", "cc_rejected_high_risk", "declined", True),
        ("rejected", "insufficient_money", "declined", True),
        ("rejected", None, "declined", True),
        ("cancelled", "expired", "expired", True),
        ("cancelled", "by_collector", "cancelled", True),
        ("cancelled", "by_payer", "cancelled", True),
        ("refunded", "refunded", "refunded", True),
        ("refunded", "bpp_refunded", "refunded", True),
        ("in_mediation", "pending", "disputed", True),
        ("charged_back", "in_process", "disputed", True),
        ("charged_back", "settled", "charged_back", True),
        ("charged_back", "reimbursed", "charged", True),
        ("charged_back", "something_new", "disputed", True),
        ("approving", "soon", "pending", False),
    ],
)
def test_statuses_and_details_in_our_words(status: str, detail: str | None, ours: str, is_recognised: bool) -> None:
    payment = normalised(shown(status=status, status_detail=detail))

    assert (payment.status, payment.is_recognised) == (ours, is_recognised)
    assert payment.raw_status == (status if detail is None else f"{status}/{detail}")
    assert payment.reason == (detail if ours in ("declined", "expired", "cancelled") else None)


def shown(**fields: Any) -> Payment:
    """A payment as the API shows it, with little in it."""
    document = {
        "id": 1,
        "status": "approved",
        "currency_id": "ARS",
        "transaction_amount": 100,
        "date_last_updated": "2026-12-31T21:00:00.001-03:00",
        "external_reference": None,
        "card": {},
        "fee_details": [],
        **fields,
    }
    return msgspec.json.decode(msgspec.json.encode(document), type=Payment)


def test_amounts_are_exact_and_what_no_peso_has_is_refused() -> None:
    assert decimal_of(Money(1_234_567_890_12, "ARS")) == Decimal("1234567890.12")
    assert normalised(shown(transaction_amount=1234567890.1)).amount == Money(1_234_567_890_10, "ARS")
    for amount in (0.001, 1e30, "NaN"):
        with pytest.raises(GatewayError):
            normalised(shown(transaction_amount=amount))


def test_what_is_not_told_is_not_made_up_and_no_more_of_a_card_is_kept_than_its_ends() -> None:
    card = {"first_six_digits": "4509953566233704", "last_four_digits": "3704"}

    bare, whole = normalised(shown()), normalised(shown(card=card, fee_details=[{"type": "x", "amount": 1, "fee_payer": "payer"}]))

    assert (bare.reference, bare.facts.fee_minor, bare.facts.net_minor, bare.facts.method) == ("", None, None, None)
    assert (whole.facts.card_bin, whole.facts.card_last_four, whole.facts.fee_minor) == (None, "3704", 0)


NOW = datetime(2026, 12, 1, 21, tzinfo=UTC)
SECRET, BEFORE = "the-secret-that-signs-today", "the-secret-of-yesterday"


def account(**settings: str) -> MercadoPagoGateway:
    credentials = {"access_token": "APP_USR-1234567890-112700-x-1", "webhook_secret": SECRET, "webhook_secret_before": BEFORE}
    return MercadoPago("http://127.0.0.1:9", httpx.AsyncClient(verify=PLAIN)).connect(settings, credentials)


SECONDS, MILLISECONDS = str(int(NOW.timestamp())), str(int(NOW.timestamp() * 1000))


@pytest.mark.parametrize(
    ("notice", "verdict"),
    [
        (webhook(SECRET, "123", MILLISECONDS), "verified"),
        (webhook(SECRET, "123", SECONDS), "verified"),
        (webhook(BEFORE, "123", SECONDS), "verified"),
        (webhook(SECRET, "ORD01JQ", MILLISECONDS, kind="order"), "verified"),
        (webhook(SECRET, "ORD01JQ", MILLISECONDS, kind="order", signed_id="ord01jq"), "verified"),
        (webhook("another-secret-altogether", "123", SECONDS), "rejected"),
        (webhook(SECRET, "123", SECONDS, signed_id="124"), "rejected"),
        (webhook(SECRET, "123", "soon"), "rejected"),
        (Notice(headers={"x-signature": "v1=abc"}, query="data.id=123&type=payment", body=b"{}"), "rejected"),
        (Notice(headers={}, query="data.id=123&type=payment", body=b"{}"), "unsigned"),
        (Notice(headers={}, query="id=123&topic=payment", body=b"{}"), "unsigned"),
        # The older kind may carry a signature, which nothing fits.
        (Notice(headers={"x-signature": "ts=1,v1=" + "0" * 64}, query="id=123&topic=payment", body=b"{}"), "unsigned"),
    ],
)
def test_signatures_in_all_their_variants(notice: Notice, verdict: str) -> None:
    assert account().verify_callback(notice, now=NOW) == verdict


def test_a_signature_without_the_id_or_the_request_is_checked_by_what_there_is() -> None:
    signature = hmac.new(SECRET.encode(), f"ts:{SECONDS};".encode(), hashlib.sha256).hexdigest()
    notice = Notice(headers={"x-signature": f"ts={SECONDS}, v1={signature}"}, query="type=payment", body=b'{"data":{"id":"5"}}')

    WebhookSignatureValidator.validate(notice.headers["x-signature"], None, None, SECRET)
    assert account().verify_callback(notice, now=NOW) == "verified"
    assert account().parse_callback(notice).hints == (Hint(provider_payment_id="5"),)


def test_age_and_bad_signatures_are_judged_as_the_account_is_set() -> None:
    late = NOW + timedelta(minutes=20)

    for ts in (SECONDS, MILLISECONDS):
        assert account().verify_callback(webhook(SECRET, "1", ts), now=late) == "verified"
        assert account(signature_age_seconds_max="900").verify_callback(webhook(SECRET, "1", ts), now=late) == "rejected"
        assert account(signature_age_seconds_max="900").verify_callback(webhook(SECRET, "1", ts), now=NOW) == "verified"
    assert account(bad_signatures="ask").verify_callback(webhook("another-secret-altogether", "1", SECONDS), now=NOW) == "unsigned"


@pytest.mark.parametrize(
    ("query", "body", "hints"),
    [
        ("data.id=7&type=payment", b"", (Hint(provider_payment_id="7"),)),
        ("", b'{"type":"payment","data":{"id":7}}', (Hint(provider_payment_id="7"),)),
        ("topic=payment&id=7", b"", (Hint(provider_payment_id="7"),)),
        ("", b'{"resource":"7","topic":"payment"}', (Hint(provider_payment_id="7"),)),
        (
            "",
            b'{"resource":"https://api.mercadolibre.com/merchant_orders/8","topic":"merchant_order"}',
            (Hint(resource="merchant_orders/8"),),
        ),
        ("data.id=9&type=topic_chargebacks_wh", b"{}", (Hint(resource="v1/chargebacks/9"),)),
        ("data.id=1&type=mp-connect", b"{}", ()),
        ("data.id=ORD01&type=order", b"{}", ()),
    ],
)
def test_notices_of_every_kind_are_read(query: str, body: bytes, hints: tuple[Hint, ...]) -> None:
    assert account().parse_callback(Notice(headers={}, query=query, body=body)).hints == hints


@pytest.mark.parametrize("query", ["data.id=..%2F1&type=payment", "data.id=7x&type=payment", "type=payment", "data.id=7", "&" * 50])
def test_what_names_no_payment_is_not_asked_about(query: str) -> None:
    with pytest.raises(GatewayError):
        account().parse_callback(Notice(headers={}, query=query, body=b"{}"))


def test_an_account_lists_all_its_faults() -> None:
    settings = {"cash": "maybe", "installments_max": "99", "statement_descriptor": "ñ" * 30, "category": "X", "base_url": "http://10.0.0.1"}
    credentials = {"access_token": "sk_live_1", "webhook_secret": "short", "password": "x"}

    with pytest.raises(AccountInvalid) as refused:
        MercadoPago("http://127.0.0.1:9", httpx.AsyncClient(verify=PLAIN)).connect(settings, credentials)

    assert len(refused.value.faults) == 8
