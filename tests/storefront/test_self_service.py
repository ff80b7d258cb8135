"""What a buyer does on the pages of their order, with forms alone; and what the door says to the codes before and after."""

import html
import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from alltickets.access.schemas import CheckpointPut, ScanRequest
from alltickets.catalog.interface import QuestionKind
from alltickets.catalog.schemas.organizer import EventChange, EventRead, QuestionCreate
from alltickets.identity.interface import DeviceActor
from alltickets.kernel.ids import new_id
from tests.guessing import nearly
from tests.storefront.conftest import House, Site
from tests.storefront.shopper import place_order, with_secret
from tests.tickets.pdf.printing import codes_in, pictures_of

SCRIPT = "<script>alert(1)</script>"


class Visitor:
    """Whoever holds the secret of an order."""

    def __init__(self, browser: httpx.AsyncClient, order: dict[str, Any], *, prefix: str = "") -> None:
        self._browser = browser
        self._headers = with_secret(order)
        self._order_id = order["order_id"]
        self.path = f"{prefix}/o/{order['order_id']}"

    async def get(self, path: str = "") -> httpx.Response:
        return await self._browser.get(self.path + path, headers=self._headers)

    async def post(self, path: str, **form: str) -> httpx.Response:
        return await self._browser.post(self.path + path, headers=self._headers, data=form)

    async def tickets(self) -> list[dict[str, Any]]:
        bearer = {"authorization": self._headers["cookie"].replace("order=", "Bearer ")}
        read = (await self._browser.get(f"/api/shop/orders/{self._order_id}", headers=bearer)).json()
        tickets: list[dict[str, Any]] = read["tickets"]
        return tickets


async def bought(
    house: House, browser: httpx.AsyncClient, *, places: int = 1, prefix: str = "", **fields: Any
) -> tuple[EventRead, Visitor]:
    event = await house.published(ticket_type={"price_minor": 0}, **fields)
    return event, Visitor(browser, await place_order(browser, event, places=places), prefix=prefix)


async def scan(house: House, event: EventRead, *codes: str) -> list[tuple[str, str | None]]:
    """What a door says to these codes, one after the other, in the middle of the show: the outcome, and whom it greets."""
    access, organizer_id, checkpoint_id = house.site.contexts.access, house.actor.organizer_id, new_id()
    await access.put_checkpoint(house.actor, event.event_id, checkpoint_id, CheckpointPut(name="Puerta 1"))
    house.site.clock.now += timedelta(days=30, hours=1)
    device = DeviceActor(organizer_id, new_id(), None, "Lector")
    answers = [await access.scan(device, ScanRequest(scan_id=new_id(), checkpoint_id=checkpoint_id, code=code)) for code in codes]
    return [(answer.outcome.value, answer.holder_name) for answer in answers]


def typed_in(page: str) -> dict[str, str]:
    """What stands in the fields of a page."""
    fields = re.findall(r'<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"', page)
    return {html.unescape(name): html.unescape(value) for name, value in fields}


class TestHolder:
    async def test_somebody_else_goes_in_and_the_former_code_stays_outside(self, site: Site, house: House) -> None:
        async with site.browser() as browser:
            event, visitor = await bought(house, browser)
            [before] = await visitor.tickets()
            form = f"/t/{before['ticket_id']}/holder"

            order, shown = await visitor.get(), await visitor.get(form)
            sent = await visitor.post(form, **{**typed_in(shown.text), "holder/name": "Bruno Díaz"})
            page = await visitor.get(sent.headers["location"].removeprefix(visitor.path))
            [after] = await visitor.tickets()
            paper = await visitor.get("/tickets.pdf")

        assert f'href="{visitor.path}{form}"' in order.text
        assert typed_in(shown.text)["holder/name"] == "Julia Ríos"
        assert (sent.status_code, sent.headers["location"]) == (303, f"{visitor.path}?done=holder&ticket=1")
        assert "otra persona entra con la entrada 1" in page.text
        assert "Bruno Díaz" in page.text
        assert f"{visitor.path}{form}" not in page.text, "once is all that this organizer allows"
        assert codes_in(pictures_of(paper.content)[0]) == [after["code"]]
        assert await scan(house, event, before["code"], after["code"], after["code"]) == [
            ("revoked", "Bruno Díaz"),
            ("admitted", "Bruno Díaz"),
            ("already_used", "Bruno Díaz"),
        ]

    async def test_faults_stand_beside_their_fields_and_nothing_that_was_typed_is_lost(self, site: Site, house: House) -> None:
        async with site.browser() as browser:
            event, visitor = await bought(house, browser)
            for key, kind, options in (
                ("age", QuestionKind.CHOICE, ("Sí", "No")),
                ("phone", QuestionKind.PHONE, ()),
                ("rules", QuestionKind.CHECKBOX, ()),
            ):
                question = QuestionCreate(key=key, label=f"¿{key}? {SCRIPT}", kind=kind, required=True, options=options)
                await house.site.contexts.catalog_service.questions.add(house.actor, event.event_id, question)
            [ticket] = await visitor.tickets()
            form = f"/t/{ticket['ticket_id']}/holder"
            typed = {
                "version": "0",
                "serial": "1",
                "holder/name": "",
                "holder/mail": f"x{SCRIPT}",
                "holder/document": "12",
                "holder/answers/age": "Quizás",
                "holder/answers/phone": "abc",
            }

            refused = await visitor.post(form, **typed)
            too_long = await visitor.post(form, **{**typed, "holder/name": "x" * 201})

        fields = ["name", "mail", "document", "answers-age", "answers-phone", "answers-rules"]
        assert refused.status_code == too_long.status_code == 422
        for name in fields:
            assert f'<a href="#field-holder-{name}">' in refused.text
            assert re.search(
                rf'id="field-holder-{name}" [^>]*aria-invalid="true" aria-describedby="field-holder-{name}-fault"', refused.text
            )
            assert f'<p class="fault" id="field-holder-{name}-fault">' in refused.text
        kept = typed_in(refused.text)
        assert {name: kept[name] for name in ("holder/mail", "holder/document", "holder/answers/phone")} == {
            "holder/mail": f"x{SCRIPT}",
            "holder/document": "12",
            "holder/answers/phone": "abc",
        }
        assert SCRIPT not in refused.text
        assert typed_in(too_long.text)["holder/name"] == "x" * 201

    async def test_two_tabs_make_one_correction_and_the_second_is_told(self, site: Site, house: House) -> None:
        async with site.browser() as browser:
            event, visitor = await bought(house, browser)
            change = EventChange(version=1, holder_corrections_max=2)
            await site.contexts.catalog_service.events.change(house.actor, event.event_id, change)
            [ticket] = await visitor.tickets()
            form = f"/t/{ticket['ticket_id']}/holder"
            typed = typed_in((await visitor.get(form)).text)

            first = await visitor.post(form, **{**typed, "holder/name": "Bruno Díaz"})
            again = await visitor.post(form, **{**typed, "holder/name": "Bruno Díaz"})
            second = await visitor.post(form, **{**typed, "holder/name": "Carla Ríos"})
            overwritten = await visitor.post(form, **{**typed_in(second.text), "holder/name": "Carla Ríos"})

        assert [answer.status_code for answer in (first, again, second, overwritten)] == [303, 303, 409, 303]
        assert "ahora es de Bruno Díaz" in second.text
        assert typed_in(second.text)["holder/name"] == "Carla Ríos"

    async def test_where_it_cannot_be_done_the_page_says_why_and_has_no_form(self, site: Site, house: House) -> None:
        async with site.browser() as browser:
            event, visitor = await bought(house, browser, prefix="/en")
            change = EventChange(version=1, holder_corrections_max=0)
            await site.contexts.catalog_service.events.change(house.actor, event.event_id, change)
            [ticket] = await visitor.tickets()
            form = f"/t/{ticket['ticket_id']}/holder"

            page, shown = await visitor.get(), await visitor.get(form)
            sent = await visitor.post(form, version="0", serial="1", **{"holder/name": "Bruno"})

        assert form not in page.text
        assert "lets nobody change who goes in" in shown.text
        assert "<form" not in shown.text
        assert sent.status_code == 409

    async def test_the_api_does_the_same(self, site: Site, house: House) -> None:
        event = await house.published(ticket_type={"price_minor": 0})
        async with site.browser(accept="application/json") as api:
            order = await place_order(api, event)
            [ticket] = await Visitor(api, order).tickets()
            path = f"/api/shop/orders/{order['order_id']}/tickets/{ticket['ticket_id']}/holder"
            bearer = {"authorization": f"Bearer {order['secret']}"}

            read = (await api.get(path, headers=bearer)).json()
            body = {"version": read["version"], "holder": {**read["holder"], "name": "Bruno Díaz"}}
            written = await api.put(path, json=body, headers=bearer)
            refused = await api.put(path, json={**body, "holder": {"name": "Carla"}}, headers=bearer)
            faulty = await api.put(path, json={"version": 1, "holder": {"name": " "}}, headers=bearer)
            shut = await api.get(path, headers={"authorization": f"Bearer {nearly(order['secret'])}"})

        assert (read["corrections_left"], read["objection"], read["holder"]["name"]) == (1, None, "Julia Ríos")
        assert (written.status_code, written.json()["holder"]["name"], written.json()["version"]) == (200, "Bruno Díaz", 1)
        assert (refused.status_code, refused.json()["type"], refused.json()["objection"]) == (
            409,
            "/problems/ticket-not-changeable",
            "used_up",
        )
        assert faulty.status_code == 409
        assert shut.status_code == 404


class TestCode:
    @pytest.mark.parametrize(("prefix", "consequence"), [("", "deja de servir"), ("/en", "stops working"), ("/pt", "deixa de valer")])
    async def test_one_press_after_one_warning_replaces_it(self, site: Site, house: House, prefix: str, consequence: str) -> None:
        async with site.browser() as browser:
            event, visitor = await bought(house, browser, places=2, prefix=prefix)
            [before, other] = await visitor.tickets()
            form = f"/t/{before['ticket_id']}/new-code"

            page, asked = await visitor.get(), await visitor.get(form)
            sent = await visitor.post(form, **typed_in(asked.text))
            twice = await visitor.post(form, **typed_in(asked.text))
            [after, untouched] = await visitor.tickets()

        assert f'href="{visitor.path}{form}"' in page.text
        assert consequence in asked.text
        assert [answer.headers["location"] for answer in (sent, twice)] == [f"{visitor.path}?done=code&ticket=1"] * 2
        assert untouched == other
        outcomes = await scan(house, event, before["code"], after["code"], other["code"])
        assert [outcome for outcome, _ in outcomes] == ["revoked", "admitted", "admitted"]

    async def test_it_is_not_for_who_went_in_and_not_without_end(self, site: Site, house: House) -> None:
        async with site.browser() as browser:
            event, visitor = await bought(house, browser, places=2)
            [first, second] = await visitor.tickets()
            for serial in range(1, 6):
                await visitor.post(f"/t/{first['ticket_id']}/new-code", serial=str(serial))
            limited = await visitor.post(f"/t/{first['ticket_id']}/new-code", serial="6")
            [(outcome, _)] = await scan(house, event, second["code"])
            asked = await visitor.get(f"/t/{second['ticket_id']}/new-code")
            nonsense = await visitor.post(f"/t/{second['ticket_id']}/new-code", serial="x")

        assert (limited.status_code, outcome, nonsense.status_code) == (429, "admitted", 404)
        assert "Alguien ya entró con esta entrada" in asked.text


class TestMail:
    async def test_it_is_sent_again_and_to_another_address(self, site: Site, house: House) -> None:
        async with site.browser() as browser:
            _, visitor = await bought(house, browser)
            page = await visitor.get()
            again = await visitor.post("/mail/again")
            faulty = await visitor.post("/mail", mail="julia@")
            sent = await visitor.post("/mail", mail="julia.rios@example.com")
            after = await visitor.get("?done=address")

        assert "Te escribimos a julia@example.com." in page.text
        assert (again.status_code, again.headers["location"]) == (303, f"{visitor.path}?done=mail")
        assert (faulty.status_code, typed_in(faulty.text)["mail"]) == (422, "julia@")
        assert 'id="field-mail-fault"' in faulty.text
        assert sent.headers["location"] == f"{visitor.path}?done=address"
        assert "Desde ahora te escribimos a julia.rios@example.com." in after.text

    async def test_a_bounce_stands_on_the_order_with_the_way_out(self, site: Site, house: House) -> None:
        async with site.browser() as browser:
            _, visitor = await bought(house, browser)
            await visitor.post("/mail/again")
            async with site.contexts.database.transaction(house.actor.organizer_id) as tx:
                await tx.execute(
                    "UPDATE notifications.mails SET state = 'bounced', settled_at = now() WHERE organizer_id = %(organizer_id)s"
                )
            page = await visitor.get()
            form = await visitor.get("/mail")

        assert "Nuestro correo volvió" in page.text
        assert f'href="{visitor.path}/mail">Corregir la dirección' in page.text
        assert "El servidor de julia@example.com no lo aceptó" in form.text


async def test_without_the_secret_nothing_is_shown_and_nothing_done(site: Site, house: House) -> None:
    async with site.browser() as browser:
        _, visitor = await bought(house, browser)
        [ticket] = await visitor.tickets()
        tickets = f"{visitor.path}/t/{ticket['ticket_id']}"

        shown = [await browser.get(path) for path in (f"{tickets}/holder", f"{tickets}/new-code", f"{visitor.path}/mail")]
        forms = {"serial": "1", "version": "0", "holder/name": "Eva", "mail": "eva@example.com"}
        done = [
            await browser.post(path, data=forms)
            for path in (f"{tickets}/holder", f"{tickets}/new-code", f"{visitor.path}/mail", f"{visitor.path}/mail/again")
        ]
        [after] = await visitor.tickets()

    assert [(answer.status_code, answer.headers["location"]) for answer in shown] == [(303, visitor.path)] * 3
    assert [answer.status_code for answer in done] == [404] * 4
    assert {answer.headers["referrer-policy"] for answer in shown} == {"no-referrer"}
    assert after == ticket
