"""The form for a card on an order's page, and what the page takes from it."""

import re
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import msgspec

from alltickets.identity.interface import spend_tries
from alltickets.orders.service.placing import CARDS_PER_ORDER
from alltickets.payments.instalments.rules import InstalmentPlan
from alltickets.payments.promotions.rules import BinRange, Promotion, PromotionTerms
from alltickets.payments.routing.rules.facts import AccountTerms
from alltickets.payments.routing.rules.policy import Condition, Policy, Rule
from simulators.payway.sites import key_of
from tests.guessing import nearly
from tests.storefront.conftest import House, Site
from tests.storefront.shopper import connect_sandbox, place_order, with_secret
from tests.storefront.test_checkout import data_in

SITE, OTHER_SITE = "00097001", "00097002"
NUMBER = "4507990000004905"


async def connect_payway(house: House, site: str = SITE) -> None:
    """An account of a site at Payway, which nobody reaches from here."""
    await house.site.contexts.payments.accounts.connect(
        house.actor,
        "payway",
        label="Tarjeta",
        currency="ARS",
        settings={"public_key": key_of(site, "public"), "methods": "1:1,3;31"},
        credentials={"private_key": key_of(site, "private")},
    )


def sent(page: str, **changes: str) -> dict[str, str]:
    """What the page's script sends, but for what the test changes."""
    [attempt_id] = re.findall(r'name="attempt_id" value="([^"]+)"', page)
    card = {"token": "b" * 36, "method": "1", "bin": "450799", "last_four": "4905", "installments": "1"}
    return {"attempt_id": attempt_id, **card, **changes}


async def test_the_form_says_where_the_token_is_made_and_can_send_no_card(site: Site, house: House) -> None:
    await connect_payway(house)
    event = await house.published()
    async with site.browser() as browser:
        order = await place_order(browser, event)
        page = await browser.get(f"/o/{order['order_id']}", headers=with_secret(order))
        other = await browser.get(f"/e/{event.slug}")

    inputs = re.findall(r"<input [^>]*id=\"card-[^>]*>", page.text)
    host = "https://ventasonline.payway.com.ar"
    assert order["next_action"]["kind"] == "card"
    assert order["next_action"]["card_form"]["tokens_url"] == f"{host}/api/v2/tokens"
    assert f'data-tokens-url="{host}/api/v2/tokens"' in page.text
    assert f'data-public-key="{key_of(SITE, "public")}"' in page.text
    assert key_of(SITE, "private") not in page.text
    assert len(inputs) == 5
    assert [one for one in inputs if "name=" in one] == []
    assert page.headers["content-security-policy"].endswith(f"; connect-src 'self' {host}")
    assert "connect-src" not in other.headers.get("content-security-policy", "")


async def test_where_the_terms_leave_no_kind_of_card_the_page_says_so_and_offers_the_other_ways(site: Site, house: House) -> None:
    await connect_payway(house)
    payments = house.site.contexts.payments
    [account] = await payments.accounts.all_of(house.actor.organizer_id)
    event = await house.published()
    async with site.browser() as browser:
        order = await place_order(browser, event)
        path = f"/o/{order['order_id']}"
        await payments.accounts.set_terms(house.actor, account.id, AccountTerms(methods=("wallet",)))
        alone = await browser.get(path, headers=with_secret(order))
        await connect_sandbox(house)
        page = await browser.get(path, headers=with_secret(order))

    for shown, heading in ((alone, "Ahora no se puede pagar con tarjeta"), (page, "Elegí otra forma de pago")):
        assert heading in shown.text
        assert "no acepta tarjetas por ahora" in shown.text
        assert 'id="card-form"' not in shown.text
        assert "connect-src" not in shown.headers["content-security-policy"]
    assert f'action="{path}/pay"' not in alone.text
    assert "escribile al organizador" in alone.text
    assert f'action="{path}/pay"' in page.text
    assert str(account.id) not in page.text


async def test_what_is_no_token_is_refused_and_not_said_again(site: Site, house: House) -> None:
    await connect_payway(house)
    event = await house.published()
    async with site.browser() as browser:
        order = await place_order(browser, event)
        path = f"/o/{order['order_id']}"
        page = await browser.get(path, headers=with_secret(order))
        wrong = ({"token": NUMBER}, {"token": ""}, {"bin": NUMBER}, {"last_four": NUMBER}, {"installments": "many"})

        refused = [await browser.post(f"{path}/card", data=sent(page.text, **changes), headers=with_secret(order)) for changes in wrong]
        again = await browser.get(path, headers=with_secret(order))

    assert [one.status_code for one in refused] == [422] * 5
    assert NUMBER not in "".join(one.text for one in refused)
    assert 'id="card-form"' in again.text


async def test_the_api_takes_what_its_form_offers(site: Site, house: House) -> None:
    await connect_payway(house)
    event = await house.published()
    async with site.browser() as browser:
        order = await place_order(browser, event)
        form = order["next_action"]["card_form"]
        path = f"/api/shop/orders/{order['order_id']}/payment/card"
        card = {"attempt_id": form["attempt_id"], "token": "b" * 36, "method": "1", "bin": "450799", "last_four": "4905", "installments": 3}

        async def told(secret: str = order["secret"], **changes: Any) -> tuple[int, str]:
            answer = await browser.post(path, json=card | changes, headers={"authorization": f"Bearer {secret}"})
            assert NUMBER not in answer.text
            return answer.status_code, answer.json()["type"].rpartition("/")[2]

        assert await told(card_number=NUMBER) == (422, "invalid-request")
        assert await told(token=NUMBER) == (422, "invalid-request")
        assert await told(installments=12) == (422, "card-not-taken")
        assert await told(method="104") == (422, "card-not-taken")
        assert await told(attempt_id="0190a5d2-7c11-7cc3-98c4-dc0c0c07398f") == (404, "payment-not-found")
        assert await told(secret=nearly(order["secret"])) == (404, "order-not-found")


async def promote(house: House, **changes: Any) -> Promotion:
    """20 % off for cards of Banco X, at most 2.000,00, and three instalments without interest."""
    plain = PromotionTerms(
        name="Banco X <b>",
        bank="Banco X",
        currency="ARS",
        bins=(BinRange("450799", "450799"),),
        methods=("credit_card",),
        instalments=(1, 3),
        discount_basis_points=2_000,
        cap_minor=200_000,
        hour_to=24,
    )
    return await house.site.contexts.payments.promotions.create(house.actor, msgspec.structs.replace(plain, **changes))


async def test_promotions_are_shown_before_the_card_is_known_with_what_they_cost(site: Site, house: House) -> None:
    await connect_payway(house)
    promotion = await promote(house)
    await promote(house, name="Ayer", ends_on=date(2020, 1, 1))
    every = ("thursday", "monday", "tuesday", "wednesday", "friday", "saturday", "sunday")
    await promote(
        house, name="Doce", weekdays=every, ends_on=date(2199, 1, 2), discount_basis_points=0, instalments=(12, 3), cap_minor=None
    )
    event = await house.published()
    async with site.browser() as browser:
        order = await place_order(browser, event)
        page = (await browser.get(f"/o/{order['order_id']}", headers=with_secret(order))).text.replace("\N{NO-BREAK SPACE}", " ")
        checkout = (await browser.get(f"/e/{event.slug}/checkout")).text.replace("\N{NO-BREAK SPACE}", " ")

    assert re.findall(r'data-promotion="([^"]+)"', page)[0] == str(promotion.promotion_id)
    assert ("Doce" in page, "Ayer" in page, '<option value="12">' in page) == (True, False, True)
    assert 'data-ranges="45079900-45079999" data-kinds="credit_card" data-installments="1 3" data-pay="Pagar $ 10.500,00"' in page
    assert "<strong>Banco X &lt;b&gt;</strong>" in page
    assert "20 % de descuento, hasta $ 2.000,00 por compra · 3 cuotas sin interés (CFTEA: 0,00 %) · tarjetas de Banco X" in page
    assert "Pagás $ 10.500,00 en lugar de $ 12.500,00." in page
    assert "3 cuotas fijas de $ 3.500,00 sin interés. Precio de contado: $ 10.500,00. Precio total financiado: $ 10.500,00." in page
    [option] = data_in(checkout)["payment_options"]
    shown, other = option["promotions"]
    assert (shown["name"], "3 cuotas sin interés (CFTEA: 0,00 %)" in shown["says"]) == ("Banco X <b>", True)
    assert other["says"] == (
        "3 y 12 cuotas sin interés (CFTEA: 0,00 %) · tarjetas de Banco X · "
        "lunes, martes, miércoles, jueves, viernes, sábado y domingo · hasta el 2 de enero de 2199"
    )


async def test_who_was_shown_less_than_holds_is_charged_nothing_and_told(site: Site, house: House) -> None:
    await connect_payway(house)
    promotion = await promote(house)
    event = await house.published()
    async with site.browser() as browser:
        order = await place_order(browser, event)
        path = f"/o/{order['order_id']}"
        form = sent((await browser.get(path, headers=with_secret(order))).text, promotion_id=str(promotion.promotion_id))
        await house.site.contexts.payments.promotions.end(house.actor, promotion.promotion_id)

        answer = await browser.post(f"{path}/card", data=form, headers=with_secret(order))
        page = await browser.get(answer.headers["location"], headers=with_secret(order))

    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?done=promotion")
    assert "No se cobró nada." in page.text
    assert 'id="card-form"' in page.text


async def rule_by_card(house: House, *, elsewhere: bool = False) -> None:
    """Another account, and a policy that sends cards of 529991 to it."""
    payments = house.site.contexts.payments
    if elsewhere:
        await connect_sandbox(house)
    else:
        await connect_payway(house, OTHER_SITE)
    first, second = [one.id for one in await payments.accounts.all_of(house.actor.organizer_id)]
    rules = (
        Rule(name="Banco Y", conditions=(Condition("card_bin", "eq", "529991"),), use=(second,)),
        Rule(name="El resto", use=(first,)),
    )
    drafted = await payments.routing.save_draft(house.actor, None, 0, Policy(rules=rules))
    await payments.routing.activate(house.actor, None, drafted.revision)


async def test_a_page_asks_for_cards_only_where_rules_do_and_is_given_the_form_of_their_account(site: Site, house: House) -> None:
    await connect_payway(house)
    event = await house.published()
    async with site.browser() as browser:
        order = await place_order(browser, event)
        path = f"/o/{order['order_id']}"

        async def ask(card_bin: str, **headers: str) -> httpx.Response:
            return await browser.post(f"{path}/card/account", data={"card_bin": card_bin}, headers=headers or with_secret(order))

        plain = await browser.get(path, headers=with_secret(order))
        unasked = await ask("529991")
        await rule_by_card(house)
        asking = await browser.get(path, headers=with_secret(order))
        second = await ask("529991")
        back = await browser.get(path, headers=with_secret(order))
        first = await ask("450799")
        refused = [await ask(wrong) for wrong in ("52999", "5299910", NUMBER, "", "52999x")]
        stranger = await ask("529991", cookie=f"order={nearly(order['secret'])}")
        again = await browser.get(path, headers=with_secret(order))

    assert ("data-asks" in plain.text, unasked.status_code, unasked.content) == (False, 204, b"")
    assert f'data-asks="{path}/card/account"' in asking.text
    assert asking.headers["content-security-policy"].endswith("; connect-src 'self' https://ventasonline.payway.com.ar")
    [attempts] = zip(*[re.findall(r'data-attempt="([^"]+)"', one.text) for one in (asking, second, back, first, again)], strict=True)
    assert attempts[1] == attempts[2] != attempts[0], "who goes back finds the form that they had"
    assert attempts[0] == attempts[3] == attempts[4]
    assert f'data-public-key="{key_of(OTHER_SITE, "public")}"' in back.text
    assert f'data-public-key="{key_of(OTHER_SITE, "public")}"' in second.text
    assert "<html" not in second.text
    assert second.headers["cache-control"] == "no-store"
    assert [one.status_code for one in refused] == [422] * 5
    assert NUMBER not in "".join(one.text for one in refused)
    assert stranger.status_code == 404


async def test_a_card_of_another_page_is_offered_the_way_there_in_the_words_of_the_shop(site: Site, house: House) -> None:
    await connect_payway(house)
    await rule_by_card(house, elsewhere=True)
    event = await house.published()
    async with site.browser() as browser:
        order = await place_order(browser, event)
        path = f"/o/{order['order_id']}"
        told = await browser.post(f"{path}/card/account", data={"card_bin": "529991"}, headers=with_secret(order))
        [option] = re.findall(r'data-option="([^"]+)"', told.text)

        wrong = await browser.post(f"{path}/pay", data={"option_id": option, "card_bin": NUMBER}, headers=with_secret(order))
        leaving = await browser.post(f"{path}/pay", data={"option_id": option, "card_bin": "529991"}, headers=with_secret(order))

    assert "Seguí por: Pasarela de prueba." in told.text
    assert (wrong.status_code, NUMBER in wrong.text) == (422, False)
    assert leaving.status_code == 200
    [_, _elsewhere, last] = await site.contexts.payments.routing.decisions(house.actor.organizer_id, UUID(order["order_id"]))
    assert (last.stored.facts.card_bin, last.stored.decision.rule) == ("529991", 0)


async def test_asking_is_over_with_the_reservation_and_after_thirty_cards(site: Site, house: House) -> None:
    await connect_payway(house)
    await rule_by_card(house)
    event = await house.published()
    async with site.browser() as browser:
        order = await place_order(browser, event)
        path = f"/o/{order['order_id']}/card/account"

        asked = [await browser.post(path, data={"card_bin": "529991"}, headers=with_secret(order))]
        for _ in range(CARDS_PER_ORDER.tries_max - 1):
            await spend_tries(house.site.contexts.database, (CARDS_PER_ORDER, order["order_id"]), now=site.clock())
        asked.append(await browser.post(path, data={"card_bin": "529991"}, headers=with_secret(order)))
        other = await place_order(browser, event)
        site.clock.advance(minutes=30)
        late = await browser.post(f"/o/{other['order_id']}/card/account", data={"card_bin": "529991"}, headers=with_secret(other))

    assert [one.status_code for one in asked] == [200, 429]
    assert late.status_code == 409


async def test_instalments_with_interest_say_what_they_are_in_total_and_what_they_cost(site: Site, house: House) -> None:
    await connect_payway(house)
    accounts = house.site.contexts.payments.accounts
    [account] = await accounts.all_of(house.actor.organizer_id)
    plans = [
        InstalmentPlan(count=3, coefficient_ppm=1_110_000, valid_from=date(2020, 1, 1), methods=("1",)),
        InstalmentPlan(count=3, coefficient_ppm=1_000_000, valid_from=date(2020, 1, 1), bins=(BinRange("450799", "450799"),)),
        InstalmentPlan(count=12, coefficient_ppm=1_500_000, valid_from=date(2020, 1, 1)),
        InstalmentPlan(count=3, coefficient_ppm=1_900_000, valid_from=date(2020, 1, 1), valid_to=date(2020, 2, 1)),
    ]
    event = await house.published()
    async with site.browser() as browser:
        order = await place_order(browser, event)
        path = f"/o/{order['order_id']}"
        unstated = (await browser.get(path, headers=with_secret(order))).text
        await accounts.set_instalment_plans(house.actor, account.id, plans)
        page = (await browser.get(path, headers=with_secret(order))).text.replace("\N{NO-BREAK SPACE}", " ")
        answer = await browser.post(
            f"{path}/card", data=sent(page, installments="3", told_minor="1387499", bin="450798"), headers=with_secret(order)
        )
        changed = await browser.get(answer.headers["location"], headers=with_secret(order))

    lines = re.findall(r"<li hidden.*?</li>", page, re.DOTALL)
    assert "data-count" not in unstated
    assert [re.findall(r'data-(?:count|methods|ranges|told)="([^"]*)"', line) for line in lines] == [
        ["3", "", "45079900-45079999", "1250000"],
        ["3", "1", "", "1387500"],
    ]
    assert "3 cuotas de $ 4.166,67 sin interés. Precio total financiado: $ 12.500,00." in lines[0]
    assert "3 cuotas de $ 4.625,00. Precio total financiado: $ 13.875,00." in lines[1]
    assert ["(CFTEA): 0,00 %" in lines[0], "(CFTEA): 88,08 %" in lines[1]] == [True, True]
    assert "Precio de contado: $ 12.500,00. Eso cobramos; el interés de las cuotas lo suma tu banco en el resumen." in page
    assert answer.headers["location"] == f"{path}?done=instalments"
    assert "Estas cuotas ahora cuestan más de lo que te dijimos" in changed.text


async def test_a_form_of_somebody_elses_is_told_by_the_api_where_a_card_is_taken_and_what_it_costs(site: Site, house: House) -> None:
    await connect_payway(house)
    await rule_by_card(house, elsewhere=True)
    accounts = house.site.contexts.payments.accounts
    first, second = [one.id for one in await accounts.all_of(house.actor.organizer_id)]
    plan = InstalmentPlan(count=3, coefficient_ppm=1_110_000, valid_from=date(2020, 1, 1))
    await accounts.set_instalment_plans(house.actor, first, [plan])
    event = await house.published()
    async with site.browser() as browser:
        order = await place_order(browser, event)
        path = f"/api/shop/orders/{order['order_id']}"
        entitled = {"authorization": f"Bearer {order['secret']}"}

        async def ask(card_bin: str) -> httpx.Response:
            return await browser.post(f"{path}/payment/card/account", json={"card_bin": card_bin}, headers=entitled)

        taken, elsewhere, wrong = (await ask("450799")).json(), (await ask("529991")).json(), await ask(NUMBER)
        option = {"payment_option_id": elsewhere["payment_option_id"], "card_bin": "529991"}
        going = await browser.post(f"{path}/payments", params=option, headers=entitled)
        after = (await ask("450799")).json()

    assert (taken["kind"], taken["card_form"]["attempt_id"]) == ("card", order["next_action"]["card_form"]["attempt_id"])
    [told] = taken["instalment_plans"]
    assert (told["total"]["minor"], told["each"]["minor"], told["cftea_basis_points"], told["is_stated"]) == (
        1_387_500,
        462_500,
        8_808,
        False,
    )
    assert (elsewhere["kind"], elsewhere["payment_option_id"], elsewhere["label"]) == ("elsewhere", str(second), "Pasarela de prueba")
    assert (wrong.status_code, NUMBER in wrong.text) == (422, False)
    assert (going.json()["kind"], after["kind"]) == ("redirect", "unchanged")
