"""How soon a phone on a slow network shows a page: first paint, checkout ready to be used, what moves, and the bytes of its scripts."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from urllib.parse import urljoin

from playwright.async_api import Browser, Page, Request, async_playwright

from bench.chromium import CHROMIUM_FLAGS, chromium
from bench.figures import options, report
from bench.people import Organizer
from bench.stack import Stack

ROUNDS = 7
CPU_SLOWDOWN = 4
# Lighthouse's slow 4G: 150 ms there and back, 1.6 Mbit/s down and 0.75 up, as the network itself has them.
NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8}
PHONE = {"width": 390, "height": 844}
BUDGETS = {"event_paint_ms": 1_000, "checkout_paint_ms": 1_000, "checkout_ready_ms": 1_500, "event_shift": 0, "checkout_shift": 0}
SCRIPT_BYTES = {"event_script_bytes": 10_000, "checkout_script_bytes": 30_000}
# What a page notes about itself, from its first moment on.
WATCH = """
  window.shift = 0;
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
  }).observe({type: 'layout-shift', buffered: true});
  new MutationObserver(() => {
    if (window.ready === undefined && document.querySelector('.picks button:enabled')) window.ready = performance.now();
  }).observe(document, {childList: true, subtree: true, attributes: true});
"""
LOOK = """() => ({
  paint: performance.getEntriesByName('first-contentful-paint')[0].startTime,
  ready: window.ready ?? null,
  shift: window.shift,
})"""


def main(arguments: Sequence[str]) -> int:
    """Run it: `--rounds=7`. 1 when a budget is missed by the middle of the rounds."""
    rounds = int(options(arguments).get("rounds", ROUNDS))
    with TemporaryDirectory(prefix="alltickets-bench-") as folder:
        stack = Stack(Path(folder))
        stack.start_database()
        try:
            stack.serve()
            stack.work()
            organizer = Organizer(stack.url)
            organizer.connect_sandbox()
            sale = organizer.publish(capacity=1_000)
            address = f"{stack.url}/e/{organizer.call('GET', f'/events/{sale.event_id}')['slug']}"
            rows = asyncio.run(_rounds(address, rounds))
        finally:
            stack.stop()
    middle = {name: round(median(row[name] for row in rows), 3) for name in rows[0]}
    spread = {f"{name}_spread": f"{min(row[name] for row in rows):g}–{max(row[name] for row in rows):g}" for name in rows[0]}
    report({"benchmark": "paint", "rounds": rounds, **middle, **spread}, arguments)
    missed = [name for name, most in {**BUDGETS, **SCRIPT_BYTES}.items() if middle[name] > most]
    if missed:
        sys.stderr.write(f"over budget: {', '.join(missed)}\n")
    return 1 if missed else 0


async def _rounds(address: str, rounds: int) -> list[dict[str, float]]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=list(CHROMIUM_FLAGS))
        # The first visit fills the server's memory, not the browser's: each round has an empty profile.
        await _round(browser, address)
        rows = [await _round(browser, address) for _ in range(rounds)]
        await browser.close()
    return rows


async def _round(browser: Browser, address: str) -> dict[str, float]:
    event = await _visit(browser, address, ".offers")
    checkout = await _visit(browser, f"{address}/checkout", ".picks button:enabled")
    figures = {f"event_{name}": value for name, value in event.items() if name != "ready_ms"}
    return figures | {f"checkout_{name}": value for name, value in checkout.items()}


async def _visit(browser: Browser, address: str, until: str) -> dict[str, float]:
    """One page in an empty profile, on the slow network and the slow processor."""
    context = await browser.new_context(viewport=PHONE, device_scale_factor=2, is_mobile=True)  # type: ignore[arg-type]
    page = await context.new_page()
    scripts: list[Request] = []
    page.on("requestfinished", lambda request: scripts.append(request) if request.resource_type == "script" else None)
    # The browser is there already, as on a phone in use: what is measured is the page, not the start of a process.
    await page.goto(urljoin(address, "/robots.txt"))
    await page.add_init_script(WATCH)
    await _slow_down(page)
    await page.goto(address, wait_until="load")
    await page.wait_for_selector(until)
    await page.wait_for_load_state("networkidle")
    seen = await page.evaluate(LOOK)
    sizes = [(await request.sizes())["responseBodySize"] for request in scripts]
    await context.close()
    return {
        "paint_ms": round(seen["paint"], 1),
        "ready_ms": round(seen["ready"] or 0, 1),
        "shift": round(seen["shift"], 4),
        "script_bytes": sum(sizes),
    }


async def _slow_down(page: Page) -> None:
    session = await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    await session.send("Network.emulateNetworkConditions", NETWORK)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWDOWN})
