"""Lost links: asked for by mail address, answered the same to everybody."""

from alltickets.storefront.assets import Assets, frontend_folder
from alltickets.storefront.languages import ENGLISH
from alltickets.storefront.pages import PageRequest
from alltickets.storefront.recovery import recovery_pages
from alltickets.storefront.templates import Templates


def request_of(body: bytes = b"") -> PageRequest:
    return PageRequest(language=ENGLISH, path="/recover", params={}, query_string="", headers={}, body=body, address="10.0.0.1")


async def test_a_mail_address_is_passed_on_with_where_it_was_asked_from() -> None:
    asked: list[tuple[str, str]] = []

    async def ask(mail: str, *, address: str) -> None:
        asked.append((mail, address))

    show, send = recovery_pages(Templates(Assets(frontend_folder()), site_url="http://tickets.example"), ask)
    form = await show.handle(request_of())
    sent = await send.handle(request_of(b"mail=+julia%40example.com+"))
    wrong = await send.handle(request_of(b"mail=julia"))
    empty = await send.handle(request_of())

    assert asked == [("julia@example.com", "10.0.0.1")]
    assert [form.status, sent.status, wrong.status, empty.status] == [200, 200, 422, 422]
    assert b"julia@example.com" in bytes(sent.body)  # type: ignore[arg-type]
    assert b'aria-invalid="true"' in bytes(wrong.body)  # type: ignore[arg-type]
