"""/dev/mail: what a development machine would have sent. The composition root leaves it out in production."""

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Response, Router, get

from alltickets.identity.interface import allow_anyone
from alltickets.platform.http.problems import NoSuchPath
from alltickets.platform.mail.mailbox import KeptMail, Mailbox

__all__ = ["development_router"]

_FOLDER = Path(__file__).parents[1] / "templates"
_pages = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_PAGE_POLICY = "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
# A mail is somebody else's HTML, styles with its elements. Framed or opened by itself it runs nothing, loads nothing, and is of no origin.
_MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox"
_LINK = re.compile(r"https?://\S+")
_FILE = {"Content-Security-Policy": "default-src 'none'; sandbox", **_HEADERS}
_anyone = allow_anyone("a development machine shows its mailbox; there is none in production")


def development_router(mailbox: Mailbox) -> Router:
    """The mailbox's pages."""

    @get("/", operation_id="devMailbox", guards=[_anyone], include_in_schema=False)
    async def show_mailbox() -> Response[str]:
        """All mails, the newest first."""
        return _page("mailbox.html", mails=await mailbox.newest())

    @get("/style.css", operation_id="devMailboxStyle", guards=[_anyone], include_in_schema=False)
    async def style() -> Response[str]:
        """How the pages look."""
        return Response((_FOLDER / "mailbox.css").read_text(), media_type="text/css; charset=utf-8", headers=_HEADERS)

    @get("/{name:str}", operation_id="devMail", guards=[_anyone], include_in_schema=False)
    async def show_mail(name: str) -> Response[str]:
        """One mail: its headers, both its parts, its files, and where its links lead."""
        mail = await _kept(mailbox, name)
        return _page("mailbox_mail.html", mail=mail, links=list(dict.fromkeys(_LINK.findall(mail.text))))

    @get("/{name:str}/html", operation_id="devMailHtml", guards=[_anyone], include_in_schema=False)
    async def show_html(name: str) -> Response[str]:
        """Its HTML part, for the frame."""
        headers = {**_HEADERS, "Content-Security-Policy": _MAIL_POLICY}
        return Response((await _kept(mailbox, name)).html, media_type="text/html; charset=utf-8", headers=headers)

    @get("/{name:str}/files/{number:int}", operation_id="devMailFile", guards=[_anyone], include_in_schema=False)
    async def download(name: str, number: int) -> Response[bytes]:
        """One of its files, to be saved."""
        files = (await _kept(mailbox, name)).attachments
        if not 0 <= number < len(files):
            raise NoSuchPath
        disposition = f'attachment; filename="{re.sub(r"[^A-Za-z0-9._-]", "_", files[number].filename)}"'
        return Response(files[number].content, media_type=files[number].media_type, headers={**_FILE, "Content-Disposition": disposition})

    handlers = [show_mailbox, style, show_mail, show_html, download]
    return Router("/dev/mail", route_handlers=handlers, tags=["development"])


async def _kept(mailbox: Mailbox, name: str) -> KeptMail:
    mail = await mailbox.read(name)
    if mail is None:
        raise NoSuchPath
    return mail


def _page(template: str, **values: object) -> Response[str]:
    headers = {**_HEADERS, "Content-Security-Policy": _PAGE_POLICY}
    return Response(_pages.get_template(template).render(values), media_type="text/html; charset=utf-8", headers=headers)
