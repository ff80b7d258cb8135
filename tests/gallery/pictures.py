"""`make screenshots`: a picture of every page and state, on a phone and on a desk."""

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.async_api import Browser, async_playwright

from bench.figures import options
from tests.gallery.house import House, open_house
from tests.gallery.scenes import SCENES, Scene
from tests.gallery.visit import Visit
from tests.journeys.browser import CHROMIUM_FLAGS, DESK, PHONE, chromium, new_shopper

FOLDER = Path("var/screenshots")
SIZES = {"phone": PHONE, "desk": DESK}
LANGUAGES = {"es": "", "en": "/en"}
README = {"event-theatre": "desk", "checkout-seats": "phone", "order-paid": "phone", "ticket-valid": "phone"}
"""What the README shows, as one sees it first."""
README_FOLDER = Path("docs/pictures")


def main(arguments: list[str]) -> int:
    """`[FOLDER] [--only=event/,ticket/] [--language=en] [--readme]`; 1 if a scene could not be reached, which is told at the end.

    `--readme`: renew the README's pictures too.
    """
    given = options(arguments)
    folder = Path(next((one for one in arguments if not one.startswith("--")), FOLDER))
    scenes = [one for one in SCENES if any(part in one.name for part in given.get("only", "").split(","))]
    languages = [one for one in LANGUAGES if given.get("language", one) == one]
    with TemporaryDirectory(prefix="alltickets-gallery-") as data, open_house(Path(data)) as house:
        missed = asyncio.run(_visit_all(house, scenes, languages, folder))
    for line in missed:
        sys.stderr.write(f"not reached: {line}\n")
    if "--readme" in arguments:
        _renew_readme(folder / "es")
    sys.stdout.write(f"{len(scenes)} scenes in {folder}\n")
    return 1 if missed else 0


async def _visit_all(house: House, scenes: list[Scene], languages: list[str], folder: Path) -> list[str]:
    missed = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=list(CHROMIUM_FLAGS))
        for language in languages:
            for scene in scenes:
                try:
                    await _visit(browser, house, scene, language, folder)
                except Exception as fault:
                    missed.append(f"{scene.name} in {language}: {str(fault)[:300]}")
        await browser.close()
    return missed


async def _visit(browser: Browser, house: House, scene: Scene, language: str, folder: Path) -> None:
    prefix = LANGUAGES[language]
    shopper = await new_shopper(browser, house.stack, language=prefix, scripts=scene.scripts)
    page = shopper.page
    try:
        await scene.reach(Visit(house, shopper, prefix))
        for size, dimensions in SIZES.items():
            width, height = await shopper.show_whole(dimensions)
            # Of that size a picture is taken.
            await page.set_viewport_size({"width": width, "height": height})
            path = folder / language / f"{scene.name.replace('/', '-')}-{size}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            await page.screenshot(path=path, animations="disabled")
    finally:
        await page.context.close()


def _renew_readme(folder: Path) -> None:
    README_FOLDER.mkdir(parents=True, exist_ok=True)
    for name, size in README.items():
        width, height = SIZES[size]
        with Image.open(folder / f"{name}-{size}.png") as picture:
            picture.convert("RGB").crop((0, 0, width, height)).save(README_FOLDER / f"{name}.webp", quality=86, method=6)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
