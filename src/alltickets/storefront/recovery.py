"""Links to orders that somebody lost, sent again to the mail address they were bought with."""

import re
from typing import Protocol

from alltickets.storefront.pages import NO_STORE, Page, PageAnswer, PageRequest, html
from alltickets.storefront.templates import Templates

__all__ = ["MAIL", "AskRecovery", "recovery_pages"]


class AskRecovery(Protocol):
    """Has the links of all orders of a mail address sent there; `address`: where that is asked from. Does not say whether there are any."""

    async def __call__(self, mail: str, *, address: str) -> None: ...


MAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")
"""What may be the address that somebody bought with, of whenever that was: laxer than what a new order takes."""


def recovery_pages(templates: Templates, ask: AskRecovery) -> list[Page]:
    """The form, and what it answers: the same whether or not there are orders, so that nobody learns who bought."""

    async def show(request: PageRequest) -> PageAnswer:
        return html(templates.render("recover.html", request.language, path="/recover", mail="", state="asked"))

    async def send(request: PageRequest) -> PageAnswer:
        mail = request.form.get("mail", "").strip()
        is_mail = MAIL.fullmatch(mail) is not None
        if is_mail:
            await ask(mail, address=request.address)
        state = "sent" if is_mail else "wrong"
        body = templates.render("recover.html", request.language, path="/recover", mail=mail[:254], state=state)
        return html(body, status=200 if is_mail else 422)

    return [
        Page(name="showRecovery", path="/recover", handle=show, cache=NO_STORE),
        Page(name="askRecovery", path="/recover", handle=send, cache=NO_STORE, method="POST"),
    ]
