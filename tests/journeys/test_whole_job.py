"""The whole main job from outside: publish, quote, hold, order, pay on the gateway's page, tickets, the door."""

import re
from datetime import UTC, datetime, timedelta

import httpx

from alltickets.kernel.ids import new_id
from bench.people import Buyer, Organizer, Sale
from bench.plain import PLAIN
from bench.stack import Stack, wait_until
from tests.guessing import nearly
from tests.journeys.seen import places, problem_of
from tests.tickets.pdf.printing import codes_in, pictures_of


def test_a_buyer_is_sent_the_tickets_and_again_on_wish(stack: Stack, organizer: Organizer, buyer: Buyer, sale: Sale) -> None:
    mail = f"{new_id().hex}@example.com"
    order = buyer.order(sale, buyer.hold(sale, 2).json()["hold_id"], buyer={"name": "Julia Ríos", "mail": mail, "locale": "en"}).json()
    buyer.pay(order)
    buyer.paid(order)
    path = f"/orders/{order['order_id']}/mails"

    wait_until(lambda: [one["state"] for one in organizer.call("GET", path)] == ["sent"], "the confirmation to be sent")
    asked = buyer.http.post(f"/api/shop{path}", headers={"Authorization": f"Bearer {order['secret']}"})
    organizer.call("POST", path)
    wait_until(lambda: [one["state"] for one in organizer.call("GET", path)] == ["sent"] * 3, "the mail to be sent again, twice")
    recovered = buyer.http.post("/api/shop/orders/recover", json={"mail": mail.upper()})
    wait_until(lambda: _kept(stack, mail.upper()), "the links to be sent")

    [kept] = _kept(stack, mail.upper())
    assert (asked.status_code, recovered.status_code) == (204, 204)
    assert [(one["kind"], one["recipient"]) for one in organizer.call("GET", path)] == [("confirmation", mail)] * 3
    assert f"{stack.url}/o/{order['order_id']}#{order['secret']}" in httpx.get(f"{stack.url}{kept}", verify=PLAIN).text


def _kept(stack: Stack, to: str) -> list[str]:
    """Where the development mailbox shows the mails to this address."""
    listed = httpx.get(f"{stack.url}/dev/mail", verify=PLAIN).text
    return [found[1] for found in re.finditer(r'<a href="(/dev/mail/[0-9a-f-]+)">.*?</a>', listed, re.DOTALL) if to in found[0]]


def test_from_the_published_event_to_the_door_which_lets_each_ticket_in_once(stack: Stack, organizer: Organizer, buyer: Buyer) -> None:
    sale = organizer.publish(capacity=10, price_minor=1_250_000)

    quoted = buyer.quote(sale, 2)
    held = buyer.hold(sale, 2).json()
    after_hold = places(organizer, sale)
    order = buyer.order(sale, held["hold_id"]).json()
    back = buyer.pay(order)
    paid = buyer.paid(order)

    assert quoted["totals"]["total"] == held["quote"]["totals"]["total"] == order["total"] == {"minor": 2_500_000, "currency": "ARS"}
    assert after_hold == (2, 0, 8)
    assert (order["status"], order["next_action"]["kind"]) == ("awaiting_payment", "redirect")
    assert back.status_code == 303
    assert back.headers["location"].startswith(f"{stack.url}/o/{order['order_id']}?")
    assert back.headers["location"].endswith(f"#{order['secret']}")
    assert (paid["payment_state"], paid["next_action"]["kind"]) == ("captured", "none")
    assert [ticket["number"] for ticket in paid["tickets"]] == [1, 2]
    assert places(organizer, sale) == (0, 2, 8)

    first, second = (ticket["code"] for ticket in paid["tickets"])
    steward = organizer.steward(sale)
    admitted = steward.scan(first)
    refused = steward.scan(first)

    assert (admitted["outcome"], admitted["holder_name"]) == ("admitted", "Julia Ríos")
    assert refused["outcome"] == "already_used"
    assert refused["first"] == {
        "at": admitted["scanned_at"],
        "checkpoint_id": str(steward.checkpoint_id),
        "checkpoint_name": "Puerta 1",
    }
    assert steward.scan(second)["outcome"] == "admitted"
    assert steward.scan("esto no es una entrada")["outcome"] == "unknown"


def test_a_printed_ticket_lets_its_holder_in_once(organizer: Organizer, buyer: Buyer, sale: Sale) -> None:
    order = buyer.order(sale, buyer.hold(sale, 2).json()["hold_id"]).json()
    buyer.pay(order)
    paid = buyer.paid(order)

    printed = buyer.http.get(f"/api/shop/orders/{order['order_id']}/tickets.pdf", headers={"Authorization": f"Bearer {order['secret']}"})

    [first], [second] = [codes_in(page) for page in pictures_of(printed.content)]
    steward = organizer.steward(sale)
    assert [first, second] == [ticket["code"] for ticket in paid["tickets"]]
    assert [steward.scan(code)["outcome"] for code in (first, second, first)] == ["admitted", "admitted", "already_used"]


def test_the_ticket_is_shown_as_a_picture_to_whoever_has_the_secret_of_the_order(buyer: Buyer, sale: Sale) -> None:
    order = buyer.order(sale, buyer.hold(sale, 1).json()["hold_id"]).json()
    buyer.pay(order)
    [ticket] = buyer.paid(order)["tickets"]
    path = f"/api/shop/orders/{order['order_id']}/tickets/{ticket['ticket_id']}/qr.svg"

    picture = buyer.http.get(path, headers={"Authorization": f"Bearer {order['secret']}"})
    guessed = buyer.http.get(path, headers={"Authorization": f"Bearer {nearly(order['secret'])}"})

    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/svg+xml")
    assert picture.text.startswith("<svg")
    assert picture.headers["cache-control"] == "no-store"
    assert (guessed.status_code, problem_of(guessed)) == (404, "order-not-found")


def test_an_order_that_costs_nothing_is_paid_at_once(organizer: Organizer, buyer: Buyer) -> None:
    sale = organizer.publish(capacity=10, price_minor=0)

    order = buyer.order(sale, buyer.hold(sale, 3).json()["hold_id"]).json()

    assert (order["status"], order["payment_state"], order["next_action"]) == ("paid", "none", {"kind": "none", "url": None})
    assert len(buyer.read(order)["tickets"]) == 3
    assert places(organizer, sale) == (0, 3, 7)


def test_the_same_hold_again_is_the_same_hold_and_another_selection_under_its_id_a_conflict(
    organizer: Organizer, buyer: Buyer, sale: Sale
) -> None:
    hold_id = new_id()

    first = buyer.hold(sale, 2, hold_id=hold_id)
    again = buyer.hold(sale, 2, hold_id=hold_id)
    other = buyer.hold(sale, 3, hold_id=hold_id)

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json()["expires_at"] == first.json()["expires_at"]
    assert again.json()["quote"]["lines"] == first.json()["quote"]["lines"]
    assert (other.status_code, problem_of(other)) == (409, "hold-conflict")
    assert places(organizer, sale) == (2, 0, 8)


def test_more_than_is_left_takes_nothing_and_says_what_is_left(organizer: Organizer, stack: Stack, sale: Sale) -> None:
    Buyer(stack.url).hold(sale, 8)

    refused = Buyer(stack.url).hold(sale, 3)

    assert (refused.status_code, problem_of(refused)) == (409, "sold-out")
    assert list(refused.json()["available"].values()) == [2]
    assert places(organizer, sale) == (8, 0, 2)


def test_more_than_one_order_may_have_is_refused_with_its_limit(organizer: Organizer, buyer: Buyer) -> None:
    sale = organizer.publish(capacity=10, ticket_type={"per_order_max": 2})

    refused = buyer.hold(sale, 3)

    assert (refused.status_code, problem_of(refused), refused.json()["limit"]) == (409, "limit-exceeded", 2)
    assert places(organizer, sale) == (0, 0, 10)


def test_before_the_sale_opens_nothing_can_be_held(organizer: Organizer, buyer: Buyer) -> None:
    opens_at = datetime.now(UTC) + timedelta(minutes=30)
    sale = organizer.publish(capacity=10, ticket_type={"sales_from": opens_at.isoformat()})

    refused = buyer.hold(sale, 1)

    assert (refused.status_code, problem_of(refused), refused.json()["reason"]) == (409, "not-on-sale", "not_yet")


def test_the_same_order_again_is_the_same_order_and_another_body_under_its_id_a_conflict(buyer: Buyer, sale: Sale) -> None:
    hold_id, order_id = buyer.hold(sale, 2).json()["hold_id"], new_id()

    first = buyer.order(sale, hold_id, order_id=order_id)
    again = buyer.order(sale, hold_id, order_id=order_id)
    other = buyer.order(sale, hold_id, order_id=order_id, buyer={"name": "Otra Persona", "mail": "otra@example.com"})

    assert (first.status_code, again.status_code) == (200, 200)
    assert {**again.json(), "now": None} == {**first.json(), "now": None}
    assert (other.status_code, problem_of(other)) == (409, "order-conflict")


def test_of_two_tabs_on_one_hold_the_second_is_told_of_the_first_ones_order(buyer: Buyer, sale: Sale) -> None:
    hold_id = buyer.hold(sale, 2).json()["hold_id"]
    first = buyer.order(sale, hold_id).json()

    second = buyer.order(sale, hold_id)

    assert (second.status_code, problem_of(second), second.json()["order"]) == (409, "hold-taken", first["order_id"])


def test_a_cancelled_order_gives_places_and_money_back_and_its_tickets_admit_nobody(organizer: Organizer, buyer: Buyer, sale: Sale) -> None:
    order = buyer.order(sale, buyer.hold(sale, 2).json()["hold_id"]).json()
    buyer.pay(order)
    code = buyer.paid(order)["tickets"][0]["code"]

    organizer.call("POST", f"/orders/{order['order_id']}/cancel", {"reason": "pedido del comprador"})
    returned = buyer.paid(order, "refunded")

    assert (returned["payment_state"], returned["refunded"]) == ("returned", order["total"])
    assert places(organizer, sale) == (0, 0, 10)
    assert organizer.steward(sale).scan(code)["outcome"] == "revoked"
