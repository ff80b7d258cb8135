"""Tickets in a frame on an organizer's own site: only there, and nothing but that page."""

from datetime import timedelta
from typing import cast

import pytest

from alltickets.catalog.schemas.organizer import EventChange, EventRead
from alltickets.identity.interface import Actor
from alltickets.kernel.ids import new_id
from alltickets.marketing.interface import OriginRefused
from alltickets.storefront.assets import Assets, frontend_folder
from tests.storefront.conftest import House, Site, make_house
from tests.waiting import until

SITE_OF_THE_BAND = "https://www.mi-banda.example"
SCRIPT_BYTES_MAX = 2_000


def framers_of(policy: str) -> str:
    """Who may frame a page with this policy."""
    [directive] = [one.strip() for one in policy.split(";") if one.strip().startswith("frame-ancestors ")]
    return directive.removeprefix("frame-ancestors ")


async def framed_by(site: Site, event: EventRead, says: str, *, prefix: str = "") -> None:
    """Wait until the page says so: lists of sites are copies, a second old at most."""

    async def says_it() -> bool:
        page = await site.browser().get(f"{prefix}/embed/{event.slug}")
        return framers_of(page.headers["content-security-policy"]) == says

    await until(says_it)


async def test_nobody_frames_anything_until_the_organizer_says_who(site: Site, house: House) -> None:
    event = await house.published()

    page = await site.browser().get(f"/embed/{event.slug}")

    assert page.status_code == 200
    assert framers_of(page.headers["content-security-policy"]) == "'none'"


@pytest.mark.parametrize(("prefix", "says"), [("", "Continuar"), ("/en", "Continue"), ("/pt", "Continuar")])
async def test_the_sites_that_the_organizer_named_frame_its_tickets_and_nothing_else(
    site: Site, house: House, prefix: str, says: str
) -> None:
    event = await house.published()
    other = await make_house(site, name="Otra casa")
    theirs = await other.published()

    await site.contexts.framing.set_origins(house.actor, [SITE_OF_THE_BAND, "https://mi-banda.example"])
    await framed_by(site, event, f"{SITE_OF_THE_BAND} https://mi-banda.example", prefix=prefix)
    page = await site.browser().get(f"{prefix}/embed/{event.slug}")

    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert says in page.text
    assert '<base target="_top">' in page.text
    assert f'action="{prefix}/e/{event.slug}/checkout"' in page.text
    for path in (f"/e/{event.slug}", f"/e/{event.slug}/checkout", f"/embed/{theirs.slug}", "/", "/terms", "/embed/none"):
        answer = await site.browser().get(path)
        assert framers_of(answer.headers["content-security-policy"]) == "'none'", path


async def test_the_page_is_the_same_for_everybody_and_kept_in_front_of_us(site: Site, house: House) -> None:
    event = await house.published()
    await site.contexts.framing.set_origins(house.actor, [SITE_OF_THE_BAND])
    await framed_by(site, event, SITE_OF_THE_BAND)

    first = await site.browser(cookie="session=1").get(f"/embed/{event.slug}")
    again = await site.browser(**{"if-none-match": first.headers["etag"]}).get(f"/embed/{event.slug}")

    assert first.headers["cache-control"] == "public, max-age=0, s-maxage=10, stale-while-revalidate=30"
    assert "set-cookie" not in first.headers
    assert again.status_code == 304
    # A cache puts the headers of this answer in the place of those that it has.
    assert again.headers["content-security-policy"] == first.headers["content-security-policy"]


async def test_another_list_is_another_page(site: Site, house: House) -> None:
    event = await house.published()
    await site.contexts.framing.set_origins(house.actor, [SITE_OF_THE_BAND])
    await framed_by(site, event, SITE_OF_THE_BAND)
    before = await site.browser().get(f"/embed/{event.slug}")

    await site.contexts.framing.set_origins(house.actor, [])
    await framed_by(site, event, "'none'")
    after = await site.browser(**{"if-none-match": before.headers["etag"]}).get(f"/embed/{event.slug}")

    assert after.status_code == 200


async def test_each_state_of_an_event_is_told_in_the_frame_too(site: Site, house: House) -> None:
    opens_at = site.clock.now + timedelta(days=1)
    soon = await house.published(title="Pronto", ticket_type={"sales_from": opens_at})
    off = await house.published(title="No va")
    await site.contexts.catalog_service.events.cancel(house.actor, off.event_id, "Sin luz")
    draft = await house.draft(title="Secreto")

    assert f'data-opens-at="{opens_at.isoformat()}"' in (await site.browser().get(f"/embed/{soon.slug}")).text
    assert "Este evento no se hace" in (await site.browser().get(f"/embed/{off.slug}")).text
    assert (await site.browser().get(f"/embed/{draft.slug}")).status_code == 404


async def test_the_list_is_kept_for_each_organizer_and_only_sites_get_there(site: Site, house: House) -> None:
    framing = site.contexts.framing
    stranger = Actor.system((await make_house(site)).actor.organizer_id, "somebody else")

    kept = await framing.set_origins(house.actor, ["HTTPS://Mi-Banda.example/"])
    with pytest.raises(OriginRefused):
        await framing.set_origins(house.actor, ["https://mi-banda.example", "https://*"])

    assert kept == ("https://mi-banda.example",) == await framing.origins(house.actor)
    assert await framing.origins(stranger) == ()


async def test_the_list_is_set_by_whoever_may_change_events(site: Site) -> None:
    browser = site.browser(accept="application/json")

    assert (await browser.put("/api/organizer/embedding", json={"origins": []})).status_code == 401
    assert (await browser.get("/api/organizer/embedding")).status_code == 401


async def test_the_script_is_small_keeps_its_address_and_may_be_used_by_every_site(site: Site) -> None:
    assets = Assets(frontend_folder())
    if assets.built_url("shop/embed/embed.ts") is None:
        pytest.skip("the pages are not built: make front")

    script = await site.browser(**{"accept-encoding": "identity"}).get("/embed.js")
    found = assets.find(cast(str, assets.built_url("shop/embed/embed.ts")).rpartition("/")[2])

    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert script.headers["cache-control"] == "public, max-age=3600, stale-while-revalidate=86400"
    assert script.headers["cross-origin-resource-policy"] == "cross-origin"
    assert found is not None
    assert found.body.gzip is not None
    assert len(found.body.gzip) <= SCRIPT_BYTES_MAX
    # A classic script on somebody else's page: nothing of it may be seen there, and nothing more be fetched.
    assert script.text.startswith("(()=>{")
    assert "import" not in script.text


async def test_a_former_address_leads_to_the_present_one(site: Site, house: House) -> None:
    event = await house.published()
    moved = f"nuevo-{new_id().hex[-8:]}"
    await site.contexts.catalog_service.events.change(house.actor, event.event_id, EventChange(version=event.version, slug=moved))

    page = await site.browser().get(f"/en/embed/{event.slug}")

    assert (page.status_code, page.headers["location"]) == (301, f"/en/embed/{moved}")
