"""Pictures are taken in, encoded anew and shown; what is none is refused; nobody touches another organizer's."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from alltickets.catalog.interface import Catalog, IllegalMove, PictureNotFound, PictureRefused, VersionConflict, read_picture
from alltickets.catalog.pictures import encode_picture
from alltickets.catalog.rules.search import EventSearch, words_of
from alltickets.catalog.schemas.organizer import AppearanceChange
from alltickets.catalog.service import CatalogService
from alltickets.identity.interface import Actor
from alltickets.kernel.ids import new_id
from alltickets.platform.database import Database
from tests.catalog.api import make_api
from tests.catalog.conftest import Desk
from tests.conftest import SettableClock

OWNER_ID = new_id()


def picture(kind: str = "JPEG", size: tuple[int, int] = (2400, 3000), **saved: Any) -> bytes:
    """A picture as a telephone or a designer makes it."""
    made = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(made, kind, **saved)
    return made.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_encoded_anew_in_two_bounded_sizes(kind: str) -> None:
    encoded = encode_picture(picture(kind), owner_id=OWNER_ID)

    large, small = Image.open(io.BytesIO(encoded.large)), Image.open(io.BytesIO(encoded.small))
    assert (large.format, large.size) == ("WEBP", (1600, 2000))
    assert (small.format, small.size) == ("WEBP", (640, 800))
    assert (encoded.width, encoded.height) == large.size


def test_what_a_camera_wrote_is_left_out_and_its_turn_is_kept() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010E] = "where I live"

    encoded = encode_picture(picture(size=(800, 400), exif=exif), owner_id=OWNER_ID)

    assert (encoded.width, encoded.height) == (400, 800)
    assert b"where I live" not in encoded.large
    assert dict(Image.open(io.BytesIO(encoded.large)).getexif()) == {}


@pytest.mark.parametrize(
    "make",
    [
        lambda: b"",
        lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        lambda: b"GIF89a" + bytes(100),
        lambda: picture()[:2_000],
        lambda: picture("PNG")[:500],
        lambda: picture(size=(40, 400)),
        lambda: picture("PNG", size=(9_000, 9_000)),
    ],
    ids=["nothing", "svg", "gif", "half a jpeg", "half a png", "too small", "too many pixels"],
)
def test_what_cannot_be_shown_is_refused(make: Callable[[], bytes]) -> None:
    # Made here: each of the processes that share the tests reads this file, and one of them makes the pictures.
    body = make()

    with pytest.raises(PictureRefused):
        encode_picture(body, owner_id=OWNER_ID)


async def test_a_poster_is_seen_at_once_and_replaced_by_the_next(
    desk: Desk, service: CatalogService, catalog: Catalog, actor: Actor, database: Database
) -> None:
    event = await desk.published()
    first = await service.appearances.put_poster(actor, event.event_id, picture(size=(400, 500)))
    shown = await catalog.snapshot(event.event_id)

    second = await service.appearances.put_poster(actor, event.event_id, picture(size=(500, 400)))

    assert first.poster is not None
    assert second.poster is not None
    assert shown is not None
    assert shown.poster == first.poster
    assert (second.poster.width, second.poster.height) == (500, 400)
    async with database.reading(actor.organizer_id) as reader:
        assert await read_picture(reader, second.poster.picture_id, is_small=True)
        with pytest.raises(PictureNotFound):
            await read_picture(reader, first.poster.picture_id, is_small=True)


async def test_the_same_picture_twice_is_one(desk: Desk, service: CatalogService, actor: Actor) -> None:
    event = await desk.draft()
    once = await service.appearances.put_poster(actor, event.event_id, picture(size=(400, 500)))

    twice = await service.appearances.put_poster(actor, event.event_id, picture(size=(400, 500)))
    removed = await service.appearances.remove_poster(actor, event.event_id)

    assert twice.poster == once.poster
    assert removed.poster is None


async def test_a_cancelled_event_keeps_its_poster(desk: Desk, service: CatalogService, actor: Actor) -> None:
    event = await desk.published()
    await service.events.cancel(actor, event.event_id, "")

    with pytest.raises(IllegalMove):
        await service.appearances.put_poster(actor, event.event_id, picture(size=(400, 500)))


async def test_an_accent_is_decided_on_the_newest_version(service: CatalogService, actor: Actor) -> None:
    before = await service.appearances.read(actor)

    changed = await service.appearances.change(actor, AppearanceChange(version=0, accent="#ffd400"))

    assert (before.version, before.accent) == (0, None)
    assert (changed.version, changed.accent) == (1, "#ffd400")
    with pytest.raises(VersionConflict):
        await service.appearances.change(actor, AppearanceChange(version=0, accent=None))


async def test_a_logo_comes_and_goes_beside_the_accent(service: CatalogService, actor: Actor) -> None:
    await service.appearances.change(actor, AppearanceChange(version=0, accent="#ffd400"))

    put = await service.appearances.put_logo(actor, picture("PNG", size=(300, 100)))
    removed = await service.appearances.remove_logo(actor)

    assert put.logo is not None
    assert (put.logo.width, put.logo.height, put.accent) == (300, 100, "#ffd400")
    assert (removed.logo, removed.accent) == (None, "#ffd400")


async def test_pictures_are_uploaded_over_http(database: Database, clock: SettableClock) -> None:
    api = make_api(database, clock)
    organizer, other = await api.organizer(), await api.organizer()
    body = {"title": "Gala", "currency": "ARS", "timezone": "America/Argentina/Buenos_Aires"}
    event_id = (await organizer.post("/api/organizer/events", json=body)).json()["event_id"]
    path = f"/api/organizer/events/{event_id}/poster"

    put = await organizer.put(path, content=picture(size=(1200, 1500)) + bytes(400_000))
    refused = await organizer.put(path, content=b"<script>")
    too_large = await organizer.put(path, content=bytes(10_485_761))
    of_another = await other.put(path, content=picture(size=(400, 500)))
    of_nobody = await api.client().put(path, content=picture(size=(400, 500)))
    logo = await organizer.put("/api/organizer/logo", content=picture(size=(400, 200)))
    accent = await organizer.patch("/api/organizer/appearance", json={"version": 1, "accent": "red"})

    assert put.status_code == 200
    assert put.json()["poster"]["width"] == 1200
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/picture-refused")
    assert (too_large.status_code, too_large.json()["bytes_max"]) == (413, 10_485_760)
    assert of_another.status_code == 404
    assert of_nobody.status_code == 401
    assert logo.json()["logo"]["width"] == 400
    assert accent.status_code == 422


@pytest.mark.parametrize(
    ("text", "found"),
    [("", True), ("opera", True), ("ÓPERA noche", True), ("buenos  AIRES", True), ("noche córdoba", False), ("%", False), ("_", False)],
)
async def test_events_are_found_by_words_whatever_their_case_and_accents(
    desk: Desk, service: CatalogService, text: str, found: bool
) -> None:
    event = await desk.published(title="Noche número uno")

    page = await service.shop.page(cursor=None, size=200, search=EventSearch(text))

    assert (event.event_id in {one.event_id for one in page.items}) is found


async def test_events_are_found_by_city_and_by_date(desk: Desk, service: CatalogService) -> None:
    event = await desk.published()
    starts_at = event.performances[0].starts_at
    ends_at = event.performances[0].ends_at

    async def finds(**search: Any) -> bool:
        page = await service.shop.page(cursor=None, size=200, search=EventSearch(**search))
        return event.event_id in {one.event_id for one in page.items}

    assert await finds(city="Buenos Aires", from_at=starts_at, until_at=ends_at)
    assert not await finds(city="Rosario")
    assert not await finds(until_at=starts_at)
    assert "Buenos Aires" in await service.shop.cities()


def test_a_search_has_an_end() -> None:
    assert len(words_of("a " * 100)) == 8
    assert words_of("\0") == []
