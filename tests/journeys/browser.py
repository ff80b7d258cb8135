"""A buyer with a browser: a real Chromium that is looked at and typed into, and judged for accessibility."""

import asyncio
import io
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pypdfium2
import zxingcpp
from PIL import Image
from playwright.async_api import Browser, CDPSession, Dialog, Locator, Page, expect

from bench.chromium import CHROMIUM_FLAGS, chromium
from bench.plain import PLAIN
from bench.stack import Stack

__all__ = [
    "CHROMIUM_FLAGS",
    "DESK",
    "FLAGS",
    "PHONE",
    "Arrival",
    "Shopper",
    "chromium",
    "codes_in",
    "codes_on_paper",
    "fits",
    "new_shopper",
    "violations_of",
]

# What Playwright switches off itself. Of several lists the last one counts, so ours repeats it; a test compares them.
PLAYWRIGHTS_OWN = (
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "TcpPortRandomizationWin",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
    "msForceBrowserSignIn",
    "msEdgeUpdateLaunchServicesPreferredVersion",
)
# What is started anew with each window though no test looks at it: the parts of the window that are pages themselves, and a process kept
# for the next page. Half of what a shopper costs.
AROUND_THE_PAGE = (
    "InitialWebUI",
    "PreloadTopChromeWebUI",
    "SpareRendererForSitePerProcess",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxFullPopup",
    "WebUIOmniboxPopup",
    "WebUIReloadButton",
)
FLAGS = (*CHROMIUM_FLAGS, f"--disable-features={','.join((*PLAYWRIGHTS_OWN, *AROUND_THE_PAGE))}")

PHONE = (390, 844)
DESK = (1440, 900)
HEIGHT_MAX = 4_000

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


async def violations_of(page: Page) -> list[str]:
    """What axe finds wrong with the page as it is now: each rule with the first element that breaks it."""
    if await page.evaluate("typeof axe === 'undefined'"):
        await page.evaluate(AXE.read_text())
    # Told in short: all that axe found would be written and read by four processes.
    found: list[str] = await page.evaluate(
        """async rules => {
          const options = {runOnly: {type: "tag", values: rules}, resultTypes: ["violations"], elementRef: false};
          return (await axe.run(document, options)).violations.map(one => `${one.id}: ${one.nodes[0].html.slice(0, 160)}`);
        }""",
        RULES,
    )
    return found


async def fits(page: Page) -> bool:
    """Whether nothing reaches beyond the page's edge."""
    return bool(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def codes_on_paper(path: Path) -> list[str]:
    """What the QR symbols on the pages of a PDF say, read from a picture of each page."""
    with pypdfium2.PdfDocument(path) as document:
        return [code for page in document for code in _codes(page.render(scale=2).to_pil())]


def codes_in(picture: bytes) -> list[str]:
    """What the QR symbols in a picture say, from top to bottom."""
    return _codes(Image.open(io.BytesIO(picture)))


def _codes(picture: Image.Image) -> list[str]:
    found = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    return [one.text for one in sorted(found, key=lambda one: one.position.top_left.y)]


class Shopper:
    """Somebody at the checkout of a sale."""

    def __init__(self, page: Page, stack: Stack, *, language: str = "") -> None:
        self.page = page
        self.stack = stack
        self._language = language
        self.faults: list[str] = []
        self._devtools: CDPSession | None = None
        page.on("pageerror", lambda fault: self.faults.append(str(fault)))
        page.on("dialog", self._dismiss)

    async def _dismiss(self, dialog: Dialog) -> None:
        """No page of ours opens one: what somebody typed was run."""
        self.faults.append(f"a dialog: {dialog.message}")
        await dialog.dismiss()

    async def come_from_event(self, slug: str, quantity: int) -> None:
        """Choose on the event's page, and go to the checkout."""
        await self.page.goto(f"{self.stack.url}{self._language}/e/{slug}")
        await self.page.locator("select.quantity").first.select_option(str(quantity))
        await self.page.locator("form.offers button").first.click()
        await self.page.wait_for_selector(".picks")

    async def approve_at_gateway(self, payment_id: str) -> None:
        """What the gateway decides later, of a payment that was left pending."""
        address = f"{self.stack.sandbox_url}/admin/payments/{payment_id}"
        async with httpx.AsyncClient(verify=PLAIN) as http:
            (await http.post(address, json={"status": "approved"})).raise_for_status()

    async def arrive(self, slug: str) -> None:
        """Open the checkout of an event, and wait until it can be used."""
        await self.page.goto(f"{self.stack.url}{self._language}/e/{slug}/checkout")
        await self.page.wait_for_selector(".picks, .ordered")

    async def choose(self, quantity: int) -> None:
        """So many of the first ticket type."""
        for _ in range(quantity):
            await self.page.locator(".stepper button").nth(1).click()

    async def go_on(self) -> None:
        """Press the button that leads to the next step."""
        await self.page.locator(".checkout form button[type=submit]").click()

    async def reserve(self, quantity: int) -> None:
        """Choose, and go on to the data."""
        await self.choose(quantity)
        await self.go_on()
        await expect(self.field("buyer/name")).to_be_visible()

    async def fill(self, *holders: str, name: str = "Julia Ríos", mail: str = "julia@example.com", document: str = "30.123.456") -> None:
        """The buyer's data, and the names of the holders after the first, whose ticket is the buyer's."""
        await self.field("buyer/name").fill(name)
        await self.field("buyer/mail").fill(mail)
        await self.field("buyer/document").fill(document)
        for index, holder in enumerate(holders, 1):
            await self.field(f"holders/{index}/name").fill(holder)

    async def review(self, *holders: str, **data: str) -> None:
        """Fill in everything, and go on to the summary."""
        await self.fill(*holders, **data)
        await self.go_on()
        await expect(self.field("consent")).to_be_visible()

    async def pay(self) -> None:
        """Consent, and leave for the gateway's page."""
        await self.field("consent").check()
        await self.go_on()
        await self.at_gateway()

    async def at_gateway(self) -> None:
        """Wait until the gateway's page is there."""
        await self.page.wait_for_url(re.compile(re.escape(self.stack.sandbox_url)))

    async def decide(self, action: str) -> None:
        """Press one of the gateway's buttons, and come back."""
        await self.page.locator(f"button[value={action}]").click()
        await self.page.wait_for_selector("#order")

    async def buy(self, slug: str, quantity: int, *holders: str, **data: str) -> None:
        """All of it, until the order is paid."""
        await self.arrive(slug)
        await self.reserve(quantity)
        await self.review(*holders, **data)
        await self.pay()
        await self.decide("approve")
        await self.becomes("paid")

    async def becomes(self, standing: str) -> None:
        """Wait until the order's page says so."""
        await self.page.wait_for_selector(f"#order[data-standing={standing}]", timeout=20_000)

    def field(self, where: str) -> Locator:
        """A field by its path in the request."""
        return self.page.locator(f"#field-{where.replace('/', '-')}")

    async def codes_shown(self, number: int) -> list[str]:
        """What so many QR symbols on the page say, from top to bottom, once all of them are drawn."""
        async with asyncio.timeout(15):
            while len(codes := codes_in(await self.page.screenshot(full_page=True))) < number:
                pass
        return codes

    async def gets_focus(self, name: str) -> None:
        """Wait until what has this id, class or tag has the focus: it is given after the page has changed."""
        await expect(self.page.locator(f":focus:is(#{name}, .{name}, {name})")).to_be_attached()

    async def forget(self) -> None:
        """Come as somebody new, on a phone: nothing kept on the device, nothing in the way of the network, nothing found so far."""
        self.faults.clear()
        await self.page.unroute_all()
        await self.page.context.set_offline(False)
        await self.page.goto("about:blank")
        await self.page.context.clear_cookies()
        await (await self._own_devtools()).send("Storage.clearDataForOrigin", {"origin": self.stack.url, "storageTypes": "all"})
        await self._resize(*PHONE)

    async def show_whole(self, size: tuple[int, int]) -> tuple[int, int]:
        """As wide as that and as high as the page: what sticks to the foot of the screen stands where the page ends, and covers nothing.

        Its width and height then.
        """
        width, height = size
        await self._resize(width, height)
        height = max(height, min(HEIGHT_MAX, await self.page.evaluate("document.documentElement.scrollHeight")))
        await self._resize(width, height)
        await self.page.evaluate("scrollTo(0, 0)")
        return width, height

    async def _resize(self, width: int, height: int) -> None:
        """The page, and not the browser's window around it, which would be laid out and painted anew each time."""
        size = {"width": width, "height": height, "screenWidth": width, "screenHeight": height}
        await (await self._own_devtools()).send("Emulation.setDeviceMetricsOverride", {**size, "deviceScaleFactor": 1, "mobile": False})

    async def _own_devtools(self) -> CDPSession:
        # Kept: the size ends with it.
        self._devtools = self._devtools or await self.page.context.new_cdp_session(self.page)
        return self._devtools

    async def press(self, *keys: str) -> None:
        """Keys, one after the other."""
        for key in keys:
            await self.page.keyboard.press(key)


async def new_shopper(
    browser: Browser, stack: Stack, size: tuple[int, int] = PHONE, *, language: str = "", scripts: bool = True
) -> Shopper:
    """Somebody with an empty profile, whose `page.context` is to be closed in the end."""
    context = await browser.new_context(viewport={"width": size[0], "height": size[1]}, java_script_enabled=scripts)
    context.set_default_timeout(15_000)
    return Shopper(await context.new_page(), stack, language=language)


Arrival = Callable[..., Awaitable[Shopper]]
"""Makes a shopper: of a size, a language (`/en`), with scripts or without."""
