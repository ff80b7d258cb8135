"""The simulated Stripe by Stripe's own Python client, for every call that we use: what that understands is what Stripe says."""

import sys
import time
import typing
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import UnionType
from typing import Any, Literal, get_args, get_origin

import httpx
import pytest

import stripe
from simulators.stripe.parameters import CALLS
from simulators.stripe.shapes import Fields, Flag, Moment, OneOf, Rows, Shape, Text, Whole
from stripe import StripeClient
from tests.payments.stripe import ASKS, DECLINED, StripeAccount, StripeProcess, running_stripe
from tests.simulators.conftest import QUICK_RETRIES, Mailbox
from tests.simulators.sandbox import wait_until


@pytest.fixture(scope="module")
def stripe_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StripeProcess]:
    """One simulator for the file."""
    with running_stripe(tmp_path_factory.mktemp("stripe"), QUICK_RETRIES) as process:
        yield process


@pytest.fixture
def simulator(stripe_process: StripeProcess) -> Iterator[StripeProcess]:
    """The simulator, well behaved at the start and at the end; its search finds at once."""
    stripe_process.behave(search_lag_seconds=0)
    yield stripe_process
    stripe_process.misbehave()
    stripe_process.behave()


@pytest.fixture
def account() -> StripeAccount:
    return StripeAccount.fresh()


@pytest.fixture
def client(simulator: StripeProcess, account: StripeAccount) -> Any:
    """The official client, which knows nothing of us but an address. What it answers is looked at, so its types are not."""
    return StripeClient(account.key, base_addresses={"api": simulator.url}, max_network_retries=0)


ONE_ITEM = {
    "line_items[0][quantity]": "1",
    "line_items[0][price_data][currency]": "usd",
    "line_items[0][price_data][unit_amount]": "500",
    "line_items[0][price_data][product_data][name]": "Campo",
}
construct_event: Any = stripe.Webhook.construct_event


def terms(**changes: Any) -> Any:
    """A session that is all right, but for what the test changes."""
    return {
        "mode": "payment",
        "line_items": [
            {"price_data": {"currency": "usd", "unit_amount": 12_50, "product_data": {"name": "Campo"}}, "quantity": 2},
            {"price_data": {"currency": "usd", "unit_amount": 1_00, "product_data": {"name": "Cargo por servicio"}}, "quantity": 1},
        ],
        "success_url": "http://127.0.0.1:9/gracias?s={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:9/volver",
        "client_reference_id": "order-1",
        "metadata": {"attempt_id": "a-1"},
        "payment_intent_data": {"metadata": {"attempt_id": "a-1"}},
        "payment_method_types": ["card"],
        "customer_email": "ana@example.com",
        "expires_at": int(time.time()) + 3_600,
        **changes,
    }


def opened(client: Any, **changes: Any) -> Any:
    return client.checkout.sessions.create(terms(**changes))


def test_a_session_is_created_read_listed_and_paid(client: Any, simulator: StripeProcess) -> None:
    session = opened(client)
    before = client.checkout.sessions.retrieve(session.id)

    answer = simulator.pay(session.url)

    after = client.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge.balance_transaction", "line_items"]})
    listed = client.checkout.sessions.list(
        {"created": {"gte": session.created - 5}, "limit": 3, "expand": ["data.payment_intent.latest_charge.balance_transaction"]}
    )
    assert (before.status, before.payment_status, before.payment_intent, before.amount_total) == ("open", "unpaid", None, 26_00)
    assert (answer.status_code, answer.headers["location"]) == (303, f"http://127.0.0.1:9/gracias?s={session.id}")
    assert (after.status, after.payment_status, after.url) == ("complete", "paid", None)
    charge = after.payment_intent.latest_charge
    assert (charge.payment_method_details.card.brand, charge.payment_method_details.card.last4) == ("visa", "4242")
    assert (charge.balance_transaction.fee, charge.balance_transaction.net) == (1_05, 24_95)
    assert [item.description for item in after.line_items.data] == ["Campo", "Cargo por servicio"]
    assert [one.id for one in listed.data] == [session.id]
    assert listed.data[0].payment_intent.latest_charge.balance_transaction.id == charge.balance_transaction.id
    assert [item.amount_total for item in client.checkout.sessions.line_items.list(session.id).data] == [25_00, 1_00]


def test_an_intent_is_read_and_found_after_a_while_by_its_metadata(client: Any, simulator: StripeProcess) -> None:
    simulator.behave(search_lag_seconds=60)
    session = opened(client, payment_intent_data={"metadata": {"attempt_id": "searched"}})
    simulator.pay(session.url)
    query = "metadata['attempt_id']:'searched'"

    at_once = client.payment_intents.search({"query": query})
    simulator.behave(search_lag_seconds=0)
    later = client.payment_intents.search({"query": query})

    [intent] = later.data
    assert at_once.data == []
    assert client.payment_intents.retrieve(intent.id).status == "succeeded"


def test_money_is_reserved_captured_or_let_go(client: Any, simulator: StripeProcess) -> None:
    intents = []
    for _ in range(2):
        session = opened(client, payment_intent_data={"capture_method": "manual"})
        simulator.pay(session.url)
        intents.append(client.checkout.sessions.retrieve(session.id).payment_intent)

    captured = client.payment_intents.capture(intents[0], {"amount_to_capture": 20_00})
    canceled = client.payment_intents.cancel(intents[1], {"cancellation_reason": "abandoned"})

    assert (captured.status, captured.amount_received) == ("succeeded", 20_00)
    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.payment_intents.capture(intents[1])
    assert refused.value.code == "payment_intent_unexpected_state"


def test_a_decline_leaves_the_session_open_for_another_card(client: Any, simulator: StripeProcess) -> None:
    session = opened(client)

    declined = simulator.pay(session.url, DECLINED)
    intent = client.payment_intents.retrieve(client.checkout.sessions.retrieve(session.id).payment_intent)
    asked = simulator.pay(session.url, ASKS)
    confirmed = simulator.confirm(session.url)

    assert (declined.status_code, asked.status_code, confirmed.status_code) == (402, 303, 303)
    assert (intent.status, intent.last_payment_error.decline_code) == ("requires_payment_method", "generic_decline")
    assert client.payment_intents.retrieve(intent.id).status == "succeeded"
    assert [charge.status for charge in client.charges.list({"payment_intent": intent.id}).data] == ["succeeded", "failed"]
    assert simulator.pay(session.url).status_code == 409


def test_a_session_expires_once_and_takes_its_intent_with_it(client: Any, simulator: StripeProcess) -> None:
    session = opened(client)
    simulator.pay(session.url, DECLINED)

    expired = client.checkout.sessions.expire(session.id)

    assert (expired.status, client.payment_intents.retrieve(expired.payment_intent).status) == ("expired", "canceled")
    assert simulator.pay(session.url).status_code == 410
    with pytest.raises(stripe.InvalidRequestError):
        client.checkout.sessions.expire(session.id)


def test_a_session_runs_out_by_the_clock(client: Any, simulator: StripeProcess) -> None:
    session = opened(client)

    simulator.behave(clock_ahead_seconds=3_601)

    wait_until(lambda: client.checkout.sessions.retrieve(session.id).status == "expired")
    assert [event.type for event in client.events.list({"type": "checkout.session.expired"}).data] == ["checkout.session.expired"]


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"expires_at": int(time.time()) + 1_700}, "expires_at"),
        ({"expires_at": int(time.time()) + 90_000}, "expires_at"),
        ({"mode": "subscription"}, "mode"),
        ({"colour": "red"}, "colour"),
        ({"client_reference_id": "x" * 201}, "client_reference_id"),
        ({"metadata": {"k" * 41: "v"}}, f"metadata[{'k' * 41}]"),
        ({"customer_email": "nobody"}, "customer_email"),
        ({"line_items": [{"quantity": 1}]}, "line_items[0][price_data]"),
        ({"success_url": "javascript:alert(1)"}, "success_url"),
    ],
)
def test_what_the_real_one_refuses_is_refused(client: Any, changes: dict[str, Any], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        opened(client, **changes)

    assert (refused.value.http_status, refused.value.param) == (400, param)


def test_refunds_in_part_beyond_what_is_left_and_of_what_is_disputed(client: Any, simulator: StripeProcess) -> None:
    session = opened(client)
    simulator.pay(session.url)
    intent = client.checkout.sessions.retrieve(session.id).payment_intent

    part = client.refunds.create({"payment_intent": intent, "amount": 6_00, "metadata": {"refund_id": "r-1"}})
    with pytest.raises(stripe.InvalidRequestError) as too_much:
        client.refunds.create({"payment_intent": intent, "amount": 20_01})
    rest = client.refunds.create({"payment_intent": intent})
    with pytest.raises(stripe.InvalidRequestError) as nothing_left:
        client.refunds.create({"payment_intent": intent})

    assert (part.status, rest.amount, too_much.value.param, nothing_left.value.code) == (
        "succeeded",
        20_00,
        "amount",
        "charge_already_refunded",
    )
    assert [one.id for one in client.refunds.list({"payment_intent": intent}).data] == [rest.id, part.id]
    assert client.refunds.retrieve(part.id).metadata["refund_id"] == "r-1"


def test_a_refund_waits_fails_or_arrives_later(client: Any, simulator: StripeProcess) -> None:
    refunds = {}
    for card in ("4000000000005126", "4000000000007726"):
        session = opened(client)
        simulator.pay(session.url, card)
        refunds[card] = client.refunds.create({"payment_intent": client.checkout.sessions.retrieve(session.id).payment_intent})
    first = [refund.status for refund in refunds.values()]

    simulator.behave(clock_ahead_seconds=60)

    wait_until(lambda: [client.refunds.retrieve(one.id).status for one in refunds.values()] == ["failed", "succeeded"])
    failed = client.refunds.retrieve(refunds["4000000000005126"].id, {"expand": ["charge"]})
    assert first == ["succeeded", "pending"]
    assert (failed.failure_reason, failed.charge.amount_refunded) == ("expired_or_canceled_card", 0)


def test_a_dispute_is_answered_with_evidence_and_won_or_accepted(client: Any, simulator: StripeProcess) -> None:
    intents = []
    for _ in range(2):
        session = opened(client)
        simulator.pay(session.url, "4000000000000259")
        intents.append(client.checkout.sessions.retrieve(session.id).payment_intent)
    [answered] = client.disputes.list({"payment_intent": intents[0]}).data
    [accepted] = client.disputes.list({"payment_intent": intents[1]}).data

    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.refunds.create({"payment_intent": intents[0]})
    under_review = client.disputes.update(answered.id, {"evidence": {"access_activity_log": "21:07 Puerta 1"}, "submit": True})
    simulator.admin(f"disputes/{answered.id}", status="won")
    client.disputes.close(accepted.id)

    won, lost = (client.disputes.retrieve(one.id) for one in (answered, accepted))
    assert (answered.status, under_review.status, won.status, lost.status) == ("needs_response", "under_review", "won", "lost")
    assert refused.value.code == "charge_disputed"
    assert [movement.net for movement in won.balance_transactions] == [-41_00, 26_00]
    assert client.charges.list({"payment_intent": intents[0]}).data[0].disputed


def test_payouts_hold_the_movements_that_settle(client: Any, simulator: StripeProcess, account: StripeAccount) -> None:
    session = opened(client)
    simulator.pay(session.url)
    pending = client.balance.retrieve()
    simulator.behave(clock_ahead_seconds=3 * 86_400, search_lag_seconds=0)

    [paid] = simulator.admin("payouts", account=account.id)["data"]

    [payout] = client.payouts.list().data
    movements = client.balance_transactions.list({"payout": payout.id}).data
    assert pending.pending[0].amount == 24_95
    assert (payout.id, payout.amount) == (paid["id"], 24_95)
    assert sorted((one.type, one.net) for one in movements) == [("charge", 24_95), ("payout", -24_95)]
    assert sum(one.net for one in movements) == 0


def test_a_key_repeats_what_it_got_a_failure_too(client: Any, simulator: StripeProcess) -> None:
    same: Any = {"idempotency_key": "same"}
    first = client.checkout.sessions.create(terms(), same)
    body = terms(expires_at=first.expires_at)

    again = client.checkout.sessions.create(body, same)
    with pytest.raises(stripe.IdempotencyError) as other:
        client.checkout.sessions.create(terms(client_reference_id="other"), same)
    simulator.behave(fail_after_processing=1)
    failures = []
    for _ in range(2):
        with pytest.raises(stripe.APIError) as failure:
            client.checkout.sessions.create(body, {"idempotency_key": "fails"})
        failures.append(failure.value.http_status)
    with pytest.raises(stripe.InvalidRequestError):
        client.checkout.sessions.create(terms(mode="setup"), {"idempotency_key": "refused"})
    mended = client.checkout.sessions.create(body, {"idempotency_key": "refused"})

    assert again.id == first.id
    assert again.last_response.headers["idempotent-replayed"] == "true"
    assert (other.value.http_status, failures) == (400, [500, 500])
    assert mended.id != first.id


def test_a_call_that_still_runs_or_whose_answer_is_lost(client: Any, simulator: StripeProcess, account: StripeAccount) -> None:
    body = {"mode": "payment", "success_url": "http://127.0.0.1:9/", **ONE_ITEM}

    def create(key: str, **options: Any) -> httpx.Response:
        headers, auth = {"idempotency-key": key}, (account.key, "")
        return simulator.http.post("/v1/checkout/sessions", data=body, headers=headers, auth=auth, **options)

    simulator.behave(processing_ms=500)
    with ThreadPoolExecutor(2) as callers:
        at_once = list(callers.map(create, ["same", "same"]))
    simulator.behave()
    simulator.misbehave(timeout_after_processing=1)

    with pytest.raises(httpx.ReadTimeout):
        create("lost", timeout=0.2)
    found = create("lost")

    assert sorted(answer.status_code for answer in at_once) == [200, 409]
    assert found.headers["idempotent-replayed"] == "true"
    assert found.json()["id"] in [one.id for one in client.checkout.sessions.list().data]
    assert len(client.checkout.sessions.list().data) == 2


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ("mode=payment&mode=payment", "mode"),
        ("a[b=1", "a[b"),
        ("line_items=1", "line_items"),
        ("line_items[1][quantity]=1", "line_items"),
        ("mode=", "mode"),
        ("metadata[a][b]=1", "metadata"),
        ("expires_at=soon", "expires_at"),
    ],
)
def test_fields_that_contradict_themselves_are_refused(simulator: StripeProcess, account: StripeAccount, fields: str, fault: str) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = simulator.http.post("/v1/checkout/sessions", content=fields, headers=headers, auth=(account.key, ""))

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, fault)


def test_the_hosted_page_is_for_people_too(client: Any, simulator: StripeProcess) -> None:
    session = opened(client)

    page = simulator.http.get(session.url)
    no_card = simulator.pay(session.url, "4242424242424243")
    simulator.pay(session.url)
    paid = simulator.http.get(session.url)
    admin = simulator.http.get("/admin")

    assert (page.status_code, no_card.status_code, paid.status_code, admin.status_code) == (200, 422, 409, 200)
    assert "US$\N{NO-BREAK SPACE}26,00" in page.text
    assert "Cargo por servicio" in page.text
    assert "ya está hecho" in paid.text
    assert session.client_reference_id not in page.text
    assert simulator.http.get("/c/pay/cs_test_unknown").status_code == 404
    assert simulator.http.get("/accounts/new").status_code == 200


def test_wrong_keys_and_partial_outages_are_told(client: Any, simulator: StripeProcess, account: StripeAccount) -> None:
    impostor = StripeClient(account.key[:-4] + "0000", base_addresses={"api": simulator.url}, max_network_retries=0)

    with pytest.raises(stripe.AuthenticationError):
        impostor.balance.retrieve()
    simulator.behave(outage=["/v1/refunds"], revoked=["acct_0000000000000000"])
    with pytest.raises(stripe.APIError) as away:
        client.refunds.list()
    simulator.behave(outage=["/v1/refunds"], outage_status=429)
    with pytest.raises(stripe.RateLimitError):
        client.refunds.list()

    assert away.value.http_status == 503
    assert client.balance.retrieve().livemode is False
    simulator.behave(revoked=[account.id])
    with pytest.raises(stripe.AuthenticationError):
        client.balance.retrieve()


def test_notices_are_verified_by_the_official_library(
    client: Any, simulator: StripeProcess, account: StripeAccount, mailbox: Mailbox
) -> None:
    endpoint = client.webhook_endpoints.create({"url": mailbox.url, "enabled_events": ["checkout.session.completed"]})
    mailbox.answer(lambda number: 500 if number == 1 else 200)
    session = opened(client)
    simulator.pay(session.url)
    retried = mailbox.wait_for(2)
    rolled = simulator.admin(f"endpoints/{endpoint.id}/roll")["secret"]
    simulator.pay(opened(client).url)
    [signed_by_both] = mailbox.wait_for(3)[2:]

    events = [construct_event(one.raw_body, one.headers["stripe-signature"], endpoint.secret) for one in retried]
    assert {event.id for event in events} == {client.events.retrieve(events[0].id).id}
    assert events[0].data.object["id"] == session.id
    assert endpoint.secret == account.webhook_secret()
    for secret in (endpoint.secret, rolled):
        construct_event(signed_by_both.raw_body, signed_by_both.headers["stripe-signature"], secret)
    simulator.pay(opened(client).url, forge_signature="true")
    forged = mailbox.wait_for(4)[3]
    with pytest.raises(stripe.SignatureVerificationError):
        construct_event(forged.raw_body, forged.headers["stripe-signature"], rolled)


def test_notices_get_lost_repeat_and_come_without_a_signature(client: Any, simulator: StripeProcess, mailbox: Mailbox) -> None:
    client.webhook_endpoints.create({"url": mailbox.url, "enabled_events": ["checkout.session.completed"]})
    lost = opened(client)

    simulator.pay(lost.url, lose="true")
    simulator.pay(opened(client).url, repeat=3, omit_signature="true")

    copies = mailbox.wait_for(3)
    assert len({one.event["id"] for one in copies}) == 1
    assert all("stripe-signature" not in one.headers for one in copies)
    intent = client.checkout.sessions.retrieve(lost.id).payment_intent
    assert [report["state"] for report in simulator.callbacks(payment=intent)] == ["lost"]


def test_a_method_whose_money_comes_later(client: Any, simulator: StripeProcess) -> None:
    ended = []
    for outcome in ("succeeds", "fails"):
        session = opened(client, payment_method_types=["card", "us_bank_account"])
        simulator.pay(session.url, method="us_bank_account")
        waiting = client.checkout.sessions.retrieve(session.id)
        simulator.admin(f"intents/{waiting.payment_intent}", outcome=outcome)
        now = client.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
        ended.append((waiting.status, waiting.payment_status, now.payment_status, now.payment_intent.status))

    assert ended == [("complete", "unpaid", "paid", "succeeded"), ("complete", "unpaid", "unpaid", "requires_payment_method")]


def hints_of(params: Any) -> dict[str, Any]:
    """The names of a TypedDict with their types."""
    known = {"StripeContext": object, "Mapping": Mapping, **vars(sys.modules[params.__module__])}
    return typing.get_type_hints(params, known)


def alternatives(hint: Any) -> list[Any]:
    """What a union is made of."""
    if get_origin(hint) not in (typing.Union, UnionType):
        return [hint]
    return [one for part in get_args(hint) for one in alternatives(part)]


def strangers(shape: Shape, hint: Any, at: str) -> list[str]:
    """What the simulator takes there, or does without, and the official schema does not."""
    options = alternatives(hint)
    if isinstance(shape, Fields):
        [params] = [one for one in options if hasattr(one, "__required_keys__")]
        known = hints_of(params)
        inside = [f"{at}.{name}" for name in shape.of if name not in known]
        inside += [f"{at}.{name} is required" for name in params.__required_keys__ if name not in shape.required]
        return inside + [one for name, of in shape.of.items() if name in known for one in strangers(of, known[name], f"{at}.{name}")]
    if isinstance(shape, Rows):
        [rows] = [one for one in options if get_origin(one) is list]
        return strangers(shape.of, get_args(rows)[0], f"{at}[]")
    if isinstance(shape, OneOf):
        words = {word for one in options if get_origin(one) is Literal for word in get_args(one)}
        return [f"{at}={word}" for word in shape.words if word not in words]
    wanted = {Whole: int, Moment: int, Flag: bool, Text: str}.get(type(shape))
    return [] if wanted is None or wanted in options else [f"{at} is {options}"]


@pytest.mark.parametrize("name", CALLS)
def test_it_takes_nothing_that_the_official_schema_does_not_know(name: str) -> None:
    *folders, service, params = name.split(".")

    official = getattr(getattr(stripe.checkout if folders else stripe, service), params)

    assert strangers(CALLS[name], official, name) == []
