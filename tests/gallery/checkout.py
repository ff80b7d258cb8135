"""How each state of the checkout is reached, step by step."""

from playwright.async_api import Route, expect

from tests.gallery.house import CODE, NASTY
from tests.gallery.visit import Visit

__all__ = [
    "chosen",
    "code_right",
    "code_wrong",
    "consent",
    "details",
    "details_asked",
    "details_faults",
    "free_summary",
    "gave_up",
    "nasty_summary",
    "nothing_chosen",
    "offline",
    "ordered",
    "seats",
    "sold_out_meanwhile",
    "summary",
    "summary_cards",
    "summary_transfer",
    "time_over",
    "totals_open",
    "trouble",
]


async def chosen(visit: Visit) -> None:
    await visit.arrive("plain")
    await visit.shopper.choose(2)
    await expect(visit.page.locator(".totals-total")).to_be_attached()


async def totals_open(visit: Visit) -> None:
    await chosen(visit)
    await visit.page.locator(".totals-bar").click()


async def nothing_chosen(visit: Visit) -> None:
    await visit.arrive("plain")
    await visit.shopper.go_on()
    await expect(visit.page.locator(".notice.bad")).to_be_visible()


async def seats(visit: Visit) -> None:
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


async def code_wrong(visit: Visit) -> None:
    await _code(visit, "NADIE")


async def code_right(visit: Visit) -> None:
    await _code(visit, CODE)


async def details(visit: Visit) -> None:
    await visit.arrive("plain")
    await visit.shopper.reserve(2)


async def details_asked(visit: Visit) -> None:
    """Seats and an organizer who asks each holder something."""
    await seats(visit)
    await visit.shopper.go_on()
    await expect(visit.shopper.field("buyer/name")).to_be_visible()
    await visit.shopper.fill(document="")


async def details_faults(visit: Visit) -> None:
    await details_asked(visit)
    await visit.shopper.fill(mail="julia@", document="12")
    await visit.shopper.go_on()
    await expect(visit.page.locator(".fault-list")).to_be_visible()


async def summary(visit: Visit) -> None:
    await details(visit)
    await visit.shopper.review("Bruno Paz")


async def summary_transfer(visit: Visit) -> None:
    """Who chooses to transfer reserves first, and is told how long there is."""
    await summary(visit)
    await visit.page.locator(".choice", has_text="Transferencia").click()


async def summary_cards(visit: Visit) -> None:
    """Ways to pay that have promotions of banks."""
    await visit.arrive("till")
    await visit.shopper.reserve(1)
    await visit.shopper.review()


async def consent(visit: Visit) -> None:
    await summary(visit)
    await visit.shopper.go_on()
    await expect(visit.page.locator(".fault-list")).to_be_visible()


async def nasty_summary(visit: Visit) -> None:
    await visit.arrive("nasty")
    await visit.shopper.reserve(2)
    await visit.shopper.review("x" * 200, name=NASTY)


async def free_summary(visit: Visit) -> None:
    await visit.arrive("free")
    await visit.shopper.reserve(1)
    await visit.shopper.review()


async def time_over(visit: Visit) -> None:
    await visit.page.clock.install()
    await details(visit)
    await visit.page.clock.fast_forward("10:30")
    await expect(visit.page.locator(".alternatives")).to_be_visible()


async def sold_out_meanwhile(visit: Visit, *, quantity: int, taken: int) -> None:
    """At an event of its own: it can be sold out once only."""
    name = f"tight-{quantity}-{visit.prefix}"
    visit.house.publish(name, "Banda de los Martes", capacity=8)
    await visit.arrive(name)
    await visit.shopper.choose(quantity)
    visit.house.take(name, taken)
    await visit.shopper.go_on()
    await expect(visit.page.locator(".notice.warn")).to_be_visible()


async def offline(visit: Visit) -> None:
    await chosen(visit)
    await visit.page.context.set_offline(True)
    await visit.shopper.go_on()
    await expect(visit.page.locator(".connection .notice")).to_be_visible()


async def gave_up(visit: Visit) -> None:
    """The network is away for longer than the page is patient."""
    await visit.page.clock.install()
    await chosen(visit)

    async def refuse(route: Route) -> None:
        await route.abort()

    await visit.page.route("**/api/shop/holds/*", refuse)
    await visit.shopper.go_on()
    for _ in range(40):
        await visit.page.clock.run_for(8_000)
        if await visit.page.locator(".notices .notice.bad").is_visible():
            return
    raise AssertionError("the page goes on trying for ever")


async def trouble(visit: Visit) -> None:
    """A refusal that has nothing to do with what was chosen."""
    await chosen(visit)
    problem = '{"type": "/problems/too-many-holds", "title": "Too many open purchases", "status": 429}'

    async def refuse(route: Route) -> None:
        await route.fulfill(status=429, content_type="application/problem+json", body=problem)

    await visit.page.route("**/api/shop/holds/*", refuse)
    await visit.shopper.go_on()
    await expect(visit.page.locator(".notices .notice.bad")).to_be_visible()


async def ordered(visit: Visit) -> None:
    await summary(visit)
    await visit.shopper.pay()
    await visit.page.go_back()
    await expect(visit.page.locator(".ordered h2")).to_be_visible()
