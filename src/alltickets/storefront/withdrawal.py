"""Withdrawing from a purchase (botón de arrepentimiento): on any page's link by number and mail or by the order's link, or on the order.

Nobody signs in or gives a reason, it works without JavaScript, and the code is told at once. By number and mail the answer is the same
whether or not there is such an order, so nobody learns who bought what: only whoever bought it is written to. A link has the order's
secret, so its answer may say what is so.
"""

import re
from urllib.parse import urlsplit
from uuid import UUID

from alltickets.orders.interface import OrderNotFound, OrderNotOpen
from alltickets.storefront.pages import NO_STORE, SHARED, Page, PageAnswer, PageRequest, html, redirect
from alltickets.storefront.recovery import MAIL
from alltickets.storefront.sources import Sources
from alltickets.storefront.templates import Templates
from alltickets.storefront.visits import PRIVATE, uuid_of, visit_of

__all__ = ["WithdrawalPages"]

_NUMBER = re.compile(r"[0-9A-Za-z]{4}[ -]?[0-9A-Za-z]{4}")


class WithdrawalPages:
    """The page that every page links to, and that of an order."""

    def __init__(self, sources: Sources, templates: Templates) -> None:
        self._templates = templates
        self._orders = sources.orders
        self._queueing = sources.notifications.queueing

    def pages(self) -> list[Page]:
        """A form and what it does, for each."""
        why, of_order = "the order's secret entitles", "/o/{order_id}/withdrawal"
        return [
            Page(name="showWithdrawal", path="/withdrawal", handle=self._show, cache=SHARED),
            Page(name="askWithdrawal", path="/withdrawal", handle=self._ask, cache=NO_STORE, method="POST"),
            Page(name="showWithdrawalOfOrder", path=of_order, handle=self._show_of_order, cache=NO_STORE, why_anyone=why),
            Page(name="askWithdrawalOfOrder", path=of_order, handle=self._ask_of_order, cache=NO_STORE, method="POST", why_anyone=why),
        ]

    async def _show(self, request: PageRequest) -> PageAnswer:
        return html(self._render(request))

    async def _ask(self, request: PageRequest) -> PageAnswer:
        reference, mail = request.form.get("reference", "").strip(), request.form.get("mail", "").strip()
        if "#" in reference:
            return await self._ask_by_link(request, reference)
        faults = [name for name, is_good in (("reference", _NUMBER.fullmatch(reference)), ("mail", MAIL.fullmatch(mail))) if not is_good]
        if faults:
            return html(self._render(request, reference=reference[:500], mail=mail[:254], faults=faults), status=422)
        code = await self._queueing.ask_withdrawal(reference, mail, address=request.address)
        return html(self._render(request, code=code, mail=mail))

    async def _ask_by_link(self, request: PageRequest, link: str) -> PageAnswer:
        path, _, secret = link.rpartition("#")
        await self._orders.withdrawing.spend_try(address=request.address)
        try:
            order_id = uuid_of(urlsplit(path).path.rpartition("/")[2])
            await self._orders.opening.check(order_id, secret, address=request.address)
            asked = await self._orders.withdrawing.ask(order_id, secret)
        except (OrderNotFound, OrderNotOpen, ValueError):
            return html(self._render(request, reference=link[:500], faults=["link"]), status=422)
        return html(self._render(request, code=asked.code))

    async def _show_of_order(self, request: PageRequest) -> PageAnswer:
        visit = visit_of(request)
        if visit.secret is None:
            return _to_order(request, visit.order_id)
        shown = await self._orders.shop.show(visit.order_id, visit.secret)
        if shown.withdrawal is not None:
            return _to_order(request, visit.order_id)
        body = self._templates.render(
            "order/withdraw.html", request.language, path=request.path, order_id=visit.order_id, order=shown.order, event=shown.event
        )
        return PageAnswer(200, body, headers=PRIVATE)

    async def _ask_of_order(self, request: PageRequest) -> PageAnswer:
        visit = visit_of(request)
        await self._orders.withdrawing.ask(visit.order_id, visit.secret or "")
        return _to_order(request, visit.order_id)

    def _render(
        self, request: PageRequest, *, code: str = "", reference: str = "", mail: str = "", faults: list[str] | None = None
    ) -> bytes:
        return self._templates.render(
            "legal/withdrawal.html", request.language, path="/withdrawal", code=code, reference=reference, mail=mail, faults=faults or []
        )


def _to_order(request: PageRequest, order_id: UUID) -> PageAnswer:
    answer = redirect(request.language.path(f"/o/{order_id}"))
    return PageAnswer(answer.status, b"", headers=(*answer.headers, *PRIVATE))
