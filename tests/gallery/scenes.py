"""The list of every page and state, and how each is reached."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from playwright.async_api import Page, Route, expect

from tests.gallery.house import CODE, NASTY, House
from tests.gallery.plates import ERRORS, show_plate
from tests.journeys.browser import Shopper

__all__ = ["SCENES", "Scene", "Visit"]

CHOSEN = ".totals-bar, .totals-lines"


@dataclass(frozen=True)
class Visit:
    """Somebody with a browser in a house. `prefix`: of the language, `/en`."""

    house: House
    shopper: Shopper
    prefix: str

    @property
    def page(self) -> Page:
        """What they look at."""
        return self.shopper.page

    async def go(self, path: str) -> None:
        """Open a path of the shop, in their language."""
        await self.page.goto(f"{self.house.stack.url}{self.prefix}{path}")

    async def arrive(self, event: str) -> None:
        """Open the checkout of an event."""
        await self.shopper.arrive(self.house.slugs[event])

    async def open_order(self, name: str, path: str = "") -> None:
        """A page of an order, as somebody who has its secret."""
        order = self.house.orders[name]
        url = f"{self.house.stack.url}{self.prefix}/o/{order['order_id']}"
        await self.page.context.add_cookies([{"name": "order", "value": order["secret"], "url": url}])
        await self.page.goto(f"{url}{path}")


Reach = Callable[[Visit], Awaitable[None]]


@dataclass(frozen=True)
class Scene:
    """A page in a state. `name` is `page/state`; `scripts` False: with JavaScript off; `path`: where it is a plain address.

    `leaves_no_trace` False: it moves the browser's clock, which stays moved; whoever comes after needs another browser profile.
    """

    name: str
    reach: Reach
    scripts: bool = True
    path: str | None = None
    leaves_no_trace: bool = True


def _at(name: str, path: str) -> Scene:
    async def reach(visit: Visit) -> None:
        await visit.go(path.format_map(visit.house.slugs))

    return Scene(name, reach, path=path)


def _plate(name: str, plate: str) -> Scene:
    async def reach(visit: Visit) -> None:
        await show_plate(visit.page, visit.house.stack.url, visit.prefix, plate)

    return Scene(name, reach)


def _order(name: str, *, of: str | None = None, query: str = "", standing: str | None = None) -> Scene:
    async def reach(visit: Visit) -> None:
        await visit.open_order(of or name, query)
        await expect(visit.page.locator("#order")).to_have_attribute("data-standing", standing or name)

    return Scene(f"order/{name}", reach)


def _ticket(state: str, order: str, index: int = 0) -> Scene:
    async def reach(visit: Visit) -> None:
        ticket = visit.house.tickets(order)[index]
        await visit.open_order(order, f"/t/{ticket['ticket_id']}")
        await expect(visit.page.locator("#ticket")).to_be_visible()

    return Scene(f"ticket/{state}", reach)


# --- checkout, step by step


async def _chosen(visit: Visit) -> None:
    await visit.arrive("plain")
    await visit.shopper.choose(2)
    await expect(visit.page.locator(".totals-total")).to_be_attached()


async def _totals_open(visit: Visit) -> None:
    await _chosen(visit)
    await visit.page.locator(".totals-bar").click()


async def _nothing_chosen(visit: Visit) -> None:
    await visit.arrive("plain")
    await visit.shopper.go_on()
    await expect(visit.page.locator(".notice.bad")).to_be_visible()


async def _seats(visit: Visit) -> None:
    await visit.arrive("theatre")
    row = visit.page.locator(".seat-row").nth(2)
    await row.locator("summary").click()
    for _ in range(2):
        await row.locator(".seat:enabled[aria-pressed=false]").first.click()
    await expect(visit.page.locator(".totals-total")).to_be_attached()


async def _code(visit: Visit, code: str) -> None:
    await visit.arrive("code")
    await visit.page.locator("details.code summary").click()
    await visit.page.locator("#code").fill(code)
    await visit.page.locator(".code-fields button").click()
    await expect(visit.page.locator("#code-told")).not_to_be_empty()


async def _code_wrong(visit: Visit) -> None:
    await _code(visit, "NADIE")


async def _code_right(visit: Visit) -> None:
    await _code(visit, CODE)


async def _details(visit: Visit) -> None:
    await visit.arrive("plain")
    await visit.shopper.reserve(2)


async def _details_asked(visit: Visit) -> None:
    """Seats and an organizer who asks each holder something."""
    await _seats(visit)
    await visit.shopper.go_on()
    await expect(visit.shopper.field("buyer/name")).to_be_visible()
    await visit.shopper.fill(document="")


async def _details_faults(visit: Visit) -> None:
    await _details_asked(visit)
    await visit.shopper.fill(mail="julia@", document="12")
    await visit.shopper.go_on()
    await expect(visit.page.locator(".fault-list")).to_be_visible()


async def _summary(visit: Visit) -> None:
    await _details(visit)
    await visit.shopper.review("Bruno Paz")


async def _consent(visit: Visit) -> None:
    await _summary(visit)
    await visit.shopper.go_on()
    await expect(visit.page.locator(".fault-list")).to_be_visible()


async def _nasty_summary(visit: Visit) -> None:
    await visit.arrive("nasty")
    await visit.shopper.reserve(2)
    await visit.shopper.review("x" * 200, name=NASTY)


async def _free_summary(visit: Visit) -> None:
    await visit.arrive("free")
    await visit.shopper.reserve(1)
    await visit.shopper.review()


async def _time_over(visit: Visit) -> None:
    await visit.page.clock.install()
    await _details(visit)
    await visit.page.clock.fast_forward("10:30")
    await expect(visit.page.locator(".alternatives")).to_be_visible()


async def _sold_out_meanwhile(visit: Visit, *, quantity: int, taken: int) -> None:
    """At an event of its own: it can be sold out once only."""
    name = f"tight-{quantity}-{visit.prefix}"
    visit.house.publish(name, "Banda de los Martes", capacity=8)
    await visit.arrive(name)
    await visit.shopper.choose(quantity)
    visit.house.take(name, taken)
    await visit.shopper.go_on()
    await expect(visit.page.locator(".notice.warn")).to_be_visible()


async def _offline(visit: Visit) -> None:
    await _chosen(visit)
    await visit.page.context.set_offline(True)
    await visit.shopper.go_on()
    await expect(visit.page.locator(".connection .notice")).to_be_visible()


async def _gave_up(visit: Visit) -> None:
    """The network is away for longer than the page is patient."""
    await visit.page.clock.install()
    await _chosen(visit)

    async def refuse(route: Route) -> None:
        await route.abort()

    await visit.page.route("**/api/shop/holds/*", refuse)
    await visit.shopper.go_on()
    for _ in range(40):
        await visit.page.clock.run_for(8_000)
        if await visit.page.locator(".notices .notice.bad").is_visible():
            return
    raise AssertionError("the page goes on trying for ever")


async def _trouble(visit: Visit) -> None:
    """A refusal that has nothing to do with what was chosen."""
    await _chosen(visit)
    problem = '{"type": "/problems/too-many-holds", "title": "Too many open purchases", "status": 429}'

    async def refuse(route: Route) -> None:
        await route.fulfill(status=429, content_type="application/problem+json", body=problem)

    await visit.page.route("**/api/shop/holds/*", refuse)
    await visit.shopper.go_on()
    await expect(visit.page.locator(".notices .notice.bad")).to_be_visible()


async def _ordered(visit: Visit) -> None:
    await _summary(visit)
    await visit.shopper.pay()
    await visit.page.go_back()
    await expect(visit.page.locator(".ordered h2")).to_be_visible()


# --- orders by their link


async def _closed(visit: Visit) -> None:
    await visit.go(f"/o/{visit.house.orders['paid']['order_id']}")


async def _wrong_link(visit: Visit) -> None:
    await visit.go(f"/o/{visit.house.orders['paid']['order_id']}#{'x' * 43}")
    await expect(visit.page.locator("#wrong")).to_be_visible()


async def _sent(visit: Visit, mail: str) -> None:
    await visit.go("/recover")
    await visit.page.locator("#mail").fill(mail)
    await visit.page.evaluate("document.querySelector('#mail').form.noValidate = true")
    await visit.page.locator("form button").click()
    await expect(visit.page.locator(".notice.good, .fault")).to_be_visible()


async def _recover_sent(visit: Visit) -> None:
    await _sent(visit, "julia@example.com")


async def _recover_refused(visit: Visit) -> None:
    await _sent(visit, "julia@")


# --- what buyers change by themselves, and what they wait for


def _of_ticket(name: str, order: str, page: str) -> Scene:
    async def reach(visit: Visit) -> None:
        ticket = visit.house.tickets(order)[0]
        await visit.open_order(order, f"/t/{ticket['ticket_id']}/{page}")
        await expect(visit.page.locator("main h1")).to_be_visible()

    return Scene(name, reach)


async def _holder_faults(visit: Visit) -> None:
    ticket = visit.house.tickets("paid")[0]
    await visit.open_order("paid", f"/t/{ticket['ticket_id']}/holder")
    await visit.page.locator("#field-holder-name").fill("")
    await visit.page.locator("main form button").click()
    await expect(visit.page.locator("#faults")).to_be_visible()


async def _other_address_faults(visit: Visit) -> None:
    await visit.open_order("paid", "/mail")
    await visit.page.locator("#field-mail").fill("julia@")
    await visit.page.locator("main form button").click()
    await expect(visit.page.locator("#faults")).to_be_visible()


async def _wait(visit: Visit, mail: str) -> None:
    await visit.go(f"/e/{visit.house.slugs['sold_out']}")
    await visit.page.locator("#waiting-mail").fill(mail)
    await visit.page.evaluate("document.querySelector('#waiting-mail').form.noValidate = true")
    await visit.page.locator("form:has(#waiting-mail) button").click()
    await expect(visit.page.locator(".notice.good, .fault")).to_be_visible()


async def _missing_poster(visit: Visit) -> None:
    async def lose(route: Route) -> None:
        await route.fulfill(status=404)

    await visit.page.route("**/pictures/**", lose)
    await visit.page.route("**/poster/**", lose)
    await visit.go(f"/e/{visit.house.slugs['poster']}")


SCENES: tuple[Scene, ...] = (
    _at("listing/full", "/"),
    _at("listing/searched", "/?q=teatro&city=Rosario&price=20000"),
    _at("listing/no-hits", "/?q=zarzuela"),
    _plate("listing/empty", "empty"),
    *(
        _at(f"event/{name.replace('_', '-')}", f"/e/{{{name}}}")
        for name in (
            "club",
            "stadium",
            "theatre",
            "plain",
            "few",
            "sold_out",
            "not_yet",
            "closed",
            "ended",
            "postponed",
            "cancelled",
            "free",
            "code",
            "run",
            "long",
            "nasty",
            "bare",
            "poster",
        )
    ),
    Scene("event/poster-missing", _missing_poster),
    _at("checkout/arrived", "/e/{plain}/checkout"),
    _at("checkout/several-performances", "/e/{theatre}/checkout"),
    _at("checkout/nothing-on-sale", "/e/{sold_out}/checkout"),
    _at("checkout/not-yet", "/e/{not_yet}/checkout"),
    _at("checkout/long", "/e/{long}/checkout"),
    Scene("checkout/no-scripts", lambda visit: visit.go(f"/e/{visit.house.slugs['plain']}/checkout"), scripts=False),
    Scene("checkout/chosen", _chosen),
    Scene("checkout/totals-open", _totals_open),
    Scene("checkout/nothing-chosen", _nothing_chosen),
    Scene("checkout/seats", _seats),
    Scene("checkout/code-wrong", _code_wrong),
    Scene("checkout/code-right", _code_right),
    Scene("checkout/details", _details),
    Scene("checkout/details-asked", _details_asked),
    Scene("checkout/details-faults", _details_faults),
    Scene("checkout/summary", _summary),
    Scene("checkout/consent-missing", _consent),
    Scene("checkout/summary-nasty", _nasty_summary),
    Scene("checkout/summary-free", _free_summary),
    Scene("checkout/time-over", _time_over, leaves_no_trace=False),
    Scene("checkout/taken", lambda visit: _sold_out_meanwhile(visit, quantity=3, taken=6)),
    Scene("checkout/all-taken", lambda visit: _sold_out_meanwhile(visit, quantity=2, taken=8)),
    Scene("checkout/offline", _offline),
    Scene("checkout/gave-up", _gave_up, leaves_no_trace=False),
    Scene("checkout/refused", _trouble),
    Scene("checkout/ordered", _ordered),
    Scene("order/closed", _closed),
    Scene("order/wrong-link", _wrong_link),
    _order("unpaid"),
    _order("confirming", of="unpaid", query="?status=approved"),
    _order("pending"),
    _order("rejected"),
    _order("paid"),
    _order("many", standing="paid"),
    _order("nasty", standing="paid"),
    _order("long", standing="paid"),
    _order("expired"),
    _order("returning"),
    _order("cancelled"),
    _order("refunded"),
    _order("code-replaced", of="paid", query="?done=code&ticket=1", standing="paid"),
    _ticket("valid", "paid"),
    _ticket("used", "used"),
    _ticket("revoked", "many", -1),
    _ticket("nasty", "nasty"),
    _ticket("long", "long"),
    _of_ticket("change/holder", "paid", "holder"),
    _of_ticket("change/holder-nasty", "nasty", "holder"),
    Scene("change/holder-faults", _holder_faults),
    _of_ticket("change/holder-refused", "used", "holder"),
    _of_ticket("change/new-code", "paid", "new-code"),
    Scene("change/mail", lambda visit: visit.open_order("paid", "/mail")),
    Scene("change/mail-faults", _other_address_faults),
    Scene("waiting/joined", lambda visit: _wait(visit, "julia@example.com")),
    Scene("waiting/faults", lambda visit: _wait(visit, "julia@")),
    _at("recover/form", "/recover"),
    Scene("recover/sent", _recover_sent),
    Scene("recover/refused", _recover_refused),
    _at("legal/withdrawal", "/withdrawal"),
    _at("legal/terms", "/terms"),
    _at("legal/privacy", "/privacy"),
    _at("error/404", "/e/no-hay-tal-evento"),
    *(_plate(f"error/{status}", str(status)) for status in ERRORS),
)
