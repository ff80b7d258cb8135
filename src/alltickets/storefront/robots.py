"""What search engines are told: where not to look, and every event's page in every language."""

from xml.sax.saxutils import escape

from alltickets.storefront.languages import LANGUAGES
from alltickets.storefront.pages import SHARED, Page, PageAnswer, PageRequest
from alltickets.storefront.sources import Sources

__all__ = ["robot_pages"]

EVENTS_MAX = 10_000
"""Four addresses each stay below the 50,000 of a sitemap."""
BATCH = 200
_NAMESPACES = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml"'


def robot_pages(sources: Sources, *, site_url: str) -> list[Page]:
    """`/robots.txt` and `/sitemap.xml`."""

    async def robots(_: PageRequest) -> PageAnswer:
        text = f"User-agent: *\nDisallow: /api/\nDisallow: /*/checkout\nDisallow: /o/\nDisallow: /*/o/\nSitemap: {site_url}/sitemap.xml\n"
        return PageAnswer(200, text.encode(), "text/plain")

    async def sitemap(_: PageRequest) -> PageAnswer:
        paths = ["/", "/terms", "/privacy", "/withdrawal"]
        cursor = None
        while len(paths) < EVENTS_MAX:
            page = await sources.catalog_service.shop.page(cursor=cursor, size=BATCH)
            paths += [f"/e/{event.slug}" for event in page.items]
            cursor = page.next
            if cursor is None:
                break
        body = "".join(_entry(site_url, path) for path in paths)
        document = f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset {_NAMESPACES}>\n{body}</urlset>\n'
        return PageAnswer(200, document.encode(), "application/xml")

    return [
        Page(name="readRobots", path="/robots.txt", handle=robots, cache=SHARED, is_translated=False),
        Page(name="readSitemap", path="/sitemap.xml", handle=sitemap, cache=SHARED, is_translated=False),
    ]


def _entry(site_url: str, path: str) -> str:
    links = "".join(
        f'<xhtml:link rel="alternate" hreflang="{language.tag}" href="{escape(site_url + language.path(path))}"/>' for language in LANGUAGES
    )
    return "".join(f"<url><loc>{escape(site_url + language.path(path))}</loc>{links}</url>\n" for language in LANGUAGES)
