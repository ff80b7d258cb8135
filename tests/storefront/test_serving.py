"""What every page has in common: language, headers, caching, compression, and errors that people can read."""

import gzip
import re

import brotli
import pytest

from tests.storefront.conftest import Site


@pytest.mark.parametrize("path", ["/terms", "/privacy", "/withdrawal"])
@pytest.mark.parametrize(("prefix", "tag"), [("", "es-AR"), ("/en", "en"), ("/pt", "pt-BR")])
async def test_a_page_stands_in_every_language(site: Site, path: str, prefix: str, tag: str) -> None:
    page = await site.browser().get(f"{prefix}{path}")

    assert page.status_code == 200
    assert f'<html lang="{tag}">' in page.text
    assert f'<link rel="canonical" href="http://tickets.example{prefix}{path}">' in page.text
    assert f'hreflang="pt-BR" href="http://tickets.example/pt{path}"' in page.text


async def test_a_page_runs_nothing_inline_and_sets_no_cookie(site: Site) -> None:
    page = await site.browser().get("/terms")

    policy = page.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|<script(?! src| type=\"module\" src)", page.text) == []
    assert "set-cookie" not in page.headers


async def test_a_shared_page_is_not_sent_twice_to_who_has_it(site: Site) -> None:
    first = await site.browser().get("/terms")
    again = await site.browser(**{"if-none-match": first.headers["etag"]}).get("/terms")

    assert "s-maxage" in first.headers["cache-control"]
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize(("encoding", "decode"), [("br", brotli.decompress), ("gzip", gzip.decompress)])
async def test_pages_travel_compressed(site: Site, encoding: str, decode: object) -> None:
    plain = await site.browser(**{"accept-encoding": "identity"}).get("/terms")

    async with site.browser(**{"accept-encoding": encoding}).stream("GET", "/terms") as page:
        raw = b"".join([part async for part in page.aiter_raw()])

    assert page.headers["content-encoding"] == encoding
    assert page.headers["vary"] == "Accept-Encoding"
    assert callable(decode)
    assert decode(raw) == plain.content
    assert len(raw) < len(plain.content) / 2


async def test_assets_are_named_by_their_content_and_kept_for_ever(site: Site) -> None:
    page = await site.browser().get("/terms")
    stylesheet = re.search(r'<link rel="stylesheet" href="([^"]+)"', page.text)

    assert stylesheet
    style = await site.browser().get(stylesheet[1])
    assert style.status_code == 200
    assert style.headers["content-type"] == "text/css; charset=utf-8"
    assert style.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "--accent" in style.text


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/no-such-page", "No hay nada en esta dirección"),
        ("/en/no-such-page", "There is nothing at this address"),
        ("/assets/none.css", ""),
    ],
)
async def test_what_is_not_there_is_said_as_a_page(site: Site, path: str, says: str) -> None:
    page = await site.browser().get(path)

    assert page.status_code == 404
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-store"
    assert says in page.text
    assert '<meta name="robots" content="noindex">' in page.text


async def test_a_program_gets_problem_documents(site: Site) -> None:
    api = await site.browser().get("/api/shop/no-such-thing")
    program = await site.browser(accept="application/json").get("/no-such-page")

    assert api.headers["content-type"] == "application/problem+json"
    assert program.headers["content-type"] == "application/problem+json"


async def test_a_page_that_takes_no_form_says_what_it_takes(site: Site) -> None:
    page = await site.browser().post("/terms")

    assert page.status_code == 405
    assert "GET" in page.headers["allow"]


async def test_a_preview_may_ask_for_the_head_alone(site: Site) -> None:
    head = await site.browser().head("/terms")
    page = await site.browser().get("/terms")

    assert head.status_code == 200
    assert head.headers["etag"] == page.headers["etag"]
