"""An order's own pages: how its payment stands, its tickets, and each ticket by itself.

Whoever has the order's secret may see them. It arrives in the link's fragment, which browsers send to nobody: it reaches no log and no
other site. The page hands it over once in the body of a form, by its script or by hand, and gets it back as a cookie that scripts cannot
read and that goes to this order's pages alone. From then on they are plain HTML, with their pictures and files, and work without
JavaScript. Nothing in between keeps a copy (`no-store`), and no other site is told where a reader came from (`no-referrer`).
"""

import contextlib
import random
import re
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from markupsafe import Markup

from alltickets.kernel.money import Money
from alltickets.orders.interface import OrderNotFound, Paper, ShownOrder
from alltickets.payments.interface import (
    Aftermath,
    Card,
    CardDesk,
    CardForm,
    InstalmentsChanged,
    Instructions,
    OptionGone,
    PaymentOption,
    PaymentPurpose,
    PromotionOver,
    PromotionUse,
    Redirect,
    TakenElsewhere,
    Told,
    shown_code,
)
from alltickets.platform.http.problems import InvalidBody, NoSuchPath
from alltickets.platform.http.telemetry import SECURITY_HEADERS
from alltickets.storefront.assets import Assets
from alltickets.storefront.breakdown import breakdown_of
from alltickets.storefront.pages import NO_STORE, Page, PageAnswer, PageRequest, html, redirect
from alltickets.storefront.promotions import OfferedPromotion, offered_promotion, ranges_of
from alltickets.storefront.sources import Sources
from alltickets.storefront.standings import Standing, standing_of
from alltickets.storefront.templates import Templates
from alltickets.storefront.visits import PRIVATE, Visit, pasted_secret, uuid_of, visit_of
from alltickets.tickets.interface import svg_of

__all__ = ["OrderPages"]

COOKIE_SECONDS = 400 * 24 * 60 * 60
"""As long as browsers keep a cookie at most (RFC 6265bis): tickets are bought long before they are used."""
GATEWAYS = {"bank_transfer": "transfer", "cash": "cash"}
DONE = ("holder", "data", "code", "mail", "address", "promotion", "instalments", "option")
NEWS_RETRY_MS = (500, 4_000)
"""After how long a browser whose connection has ended comes back: not all of a stopped process's at the same instant."""
_POLICY = dict(SECURITY_HEADERS)[b"content-security-policy"].decode()
_BIN = re.compile(r"[0-9]{6}")
_TOTAL = re.compile(r"[0-9]{1,15}")
WORKER_SOURCE = "shop/worker/ticket-worker.ts"

_BEFORE_MONEY = (Standing.UNPAID, Standing.INSTRUCTED, Standing.CONFIRMING)
"""Nothing is known of any money yet, so that there is nothing to tell of what became of it."""


@dataclass(frozen=True)
class _Ways:
    """How an order may be paid. `without_cards`: the buyer came for a card, and the account's terms leave no kind of it to fill in."""

    options: Sequence[PaymentOption]
    card_form: CardForm | None = None
    desk: CardDesk | None = None
    without_cards: bool = False


_NO_WAYS = _Ways(())


class OrderPages:
    """Pages below `/o`."""

    def __init__(self, sources: Sources, templates: Templates, assets: Assets, *, is_secure: bool) -> None:
        self._templates = templates
        self._assets = assets
        self._orders = sources.orders
        self._addresses = sources.notifications.addresses
        self._payments = sources.payments
        self._organizers = sources.organizers
        self._is_secure = is_secure

    def pages(self) -> list[Page]:
        """Those of an order, and the script that keeps a ticket for when there is no network."""
        why = "the order's secret entitles"
        path = "/o/{order_id}"
        return [
            Page(name="showOrder", path=path, handle=self._show, cache=NO_STORE, why_anyone=why),
            Page(name="openOrder", path=path, handle=self._open, cache=NO_STORE, method="POST", why_anyone=why),
            Page(name="followOrder", path=f"{path}/news", handle=self._news, cache=NO_STORE, why_anyone=why),
            Page(name="payOrderOnPage", path=f"{path}/pay", handle=self._pay, cache=NO_STORE, method="POST", why_anyone=why),
            Page(name="payOrderByCardOnPage", path=f"{path}/card", handle=self._card, cache=NO_STORE, method="POST", why_anyone=why),
            Page(
                name="routeCardOnPage", path=f"{path}/card/account", handle=self._route_card, cache=NO_STORE, method="POST", why_anyone=why
            ),
            Page(name="showTicket", path=f"{path}/t/{{ticket_id}}", handle=self._ticket, cache=NO_STORE, why_anyone=why),
            Page(name="showTicketCode", path=f"{path}/t/{{ticket_id}}/qr.svg", handle=self._code, cache=NO_STORE, why_anyone=why),
            Page(name="readTicketsPdfOfPage", path=f"{path}/tickets.pdf", handle=self._pdf, cache=NO_STORE, why_anyone=why),
            Page(name="readCalendarOfPage", path=f"{path}/calendar.ics", handle=self._calendar, cache=NO_STORE, why_anyone=why),
            Page(name="readTicketWorker", path="/o/worker.js", handle=self._worker, cache="no-cache", why_anyone="a script of the pages"),
        ]

    async def _show(self, request: PageRequest) -> PageAnswer:
        visit = visit_of(request)
        if visit.secret is None:
            return self._closed(request, visit)
        try:
            shown = await self._orders.shop.show(visit.order_id, visit.secret)
        except OrderNotFound:
            return self._closed(request, visit)
        standing = standing_of(shown.order, shown.step, self._orders.clock(), told=request.query.get("status"))
        can_pay = standing in (Standing.UNPAID, Standing.REJECTED, Standing.INSTRUCTED)
        ways = await self._ways(shown) if can_pay else _NO_WAYS
        answer = self._page(
            "order/order.html",
            request,
            visit,
            shown=shown,
            order=shown.order,
            event=shown.event,
            face=await self._organizers.face(shown.event.organizer_id),
            standing=standing,
            is_for_days=not _is_today(shown.order.pay_until, self._orders.clock(), shown.event.timezone),
            done=_done(request),
            done_ticket=request.query.get("ticket", "")[:3],
            changes=await self._orders.self_service.objections(shown.event, shown.order, shown.tickets),
            address=await self._addresses.read(visit.order_id, visit.secret),
            # After a no too: whoever paid with another card on the gateway's own page is back before its word is.
            is_waiting=standing in (Standing.CONFIRMING, Standing.PENDING, Standing.UNPAID, Standing.REJECTED, Standing.INSTRUCTED),
            step=shown.step,
            code=shown_code(shown.step.code) if isinstance(shown.step, Instructions) else None,
            breakdown=breakdown_of(shown.quote),
            refunded=Money(shown.order.refunded_minor, shown.order.currency),
            options=ways.options,
            without_cards=ways.without_cards,
            card_form=ways.card_form,
            desk=ways.desk,
            ranges_of=ranges_of,
            promotions=[] if ways.card_form is None else await self._promotions(shown),
            promotion=await self._promotion(shown),
            why=await self._why_declined(shown) if standing == Standing.REJECTED else None,
            aftermath=await self._aftermath(shown) if shown.order.total.minor and standing not in _BEFORE_MONEY else None,
        )
        return answer if ways.card_form is None or ways.desk is None else _reaching(answer, [ways.card_form, *ways.desk.forms])

    async def _ways(self, shown: ShownOrder) -> "_Ways":
        options = await self._options(shown)
        if not isinstance(shown.step, CardForm):
            return _Ways(options)
        desk = await self._payments.card_desk(shown.event.organizer_id, shown.order.order_id)
        if any(form.methods for form in (shown.step, *desk.forms)):
            return _Ways(options, shown.step, desk)
        others = [one for one in options if one.account_ids != (desk.account_id,)]
        return _Ways(others, without_cards=True)

    async def _why_declined(self, shown: ShownOrder) -> str | None:
        return await self._payments.decline_of(shown.event.organizer_id, shown.order.order_id)

    async def _aftermath(self, shown: ShownOrder) -> Aftermath:
        return await self._payments.aftermath(shown.event.organizer_id, shown.order.order_id)

    async def _options(self, shown: ShownOrder) -> list[PaymentOption]:
        """The ways to pay that the buyer may choose; what they were told how to pay by is not another one."""
        event = shown.event
        purpose = PaymentPurpose(event_id=event.event_id, timezone=event.timezone, channel="shop")
        options = await self._payments.options(event.organizer_id, event.currency, purpose)
        if not isinstance(shown.step, Instructions):
            return options
        return [option for option in options if set(option.gateways) != {GATEWAYS[shown.step.method]}]

    async def _promotions(self, shown: ShownOrder) -> list[OfferedPromotion]:
        """What promotions would make of the order's total, the one that counts before the others."""
        event, total = shown.event, shown.order.total
        purpose = PaymentPurpose(event_id=event.event_id, timezone=event.timezone, channel="shop")
        offered = await self._payments.promotions.offered(event.organizer_id, total, purpose)
        return [offered_promotion(one, total) for one in offered]

    async def _promotion(self, shown: ShownOrder) -> PromotionUse | None:
        """The promotion under which it was paid."""
        if shown.order.paid_at is None or shown.order.total.minor == 0:
            return None
        return await self._payments.promotions.use_of(shown.event.organizer_id, shown.order.order_id)

    async def _open(self, request: PageRequest) -> PageAnswer:
        """The secret comes in a form, and goes back as a cookie."""
        visit = visit_of(request)
        secret = pasted_secret(request)
        self._orders.secrets.organizer_of(visit.order_id, secret)
        path = request.language.path(f"/o/{visit.order_id}")
        flags = "; Secure" if self._is_secure else ""
        # Lax: a gateway's page that sends the buyer back is another site.
        cookie = f"order={secret}; Path={path}; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Lax{flags}"
        answer = redirect(path)
        return PageAnswer(answer.status, b"", headers=(*answer.headers, ("set-cookie", cookie), *PRIVATE))

    async def _news(self, request: PageRequest) -> PageAnswer:
        """How the order stands, as server-sent events: the scripts of its page wait for it to change."""
        visit = visit_of(request)
        organizer_id = self._orders.secrets.organizer_of(visit.order_id, visit.secret or "")
        self._orders.watching.require_room(visit.order_id)
        # Proxies hand on what comes as it comes.
        headers = (("x-accel-buffering", "no"), *PRIVATE)
        return PageAnswer(200, self._told(organizer_id, visit.order_id), media_type="text/event-stream", headers=headers)

    async def _told(self, organizer_id: UUID, order_id: UUID) -> AsyncGenerator[bytes, None]:
        yield f"retry: {random.randint(*NEWS_RETRY_MS)}\n\n".encode()  # noqa: S311
        async with contextlib.aclosing(self._orders.watching.states(organizer_id, order_id)) as states:
            async for state in states:
                yield b": nothing new\n\n" if state is None else f"data: {state.status} {state.payment_state}\n\n".encode()

    async def _pay(self, request: PageRequest) -> PageAnswer:
        """Off to the gateway, by the attempt under way or a new one."""
        visit = visit_of(request)
        organizer_id = self._orders.secrets.organizer_of(visit.order_id, visit.secret or "")
        card_bin = request.form.get("card_bin") or None
        if card_bin is not None:
            _require_bin(card_bin)
        try:
            placed = await self._orders.placing.pay_again(organizer_id, visit.order_id, option_id=_option_of(request), card_bin=card_bin)
        except OptionGone:
            # The page that it leads to shows what there is by now.
            return redirect(request.language.path(f"/o/{visit.order_id}?done=option"))
        if not isinstance(placed.step, Redirect):
            return redirect(request.language.path(f"/o/{visit.order_id}"))
        return self._page("order/leaving.html", request, visit, target=placed.step.url)

    async def _card(self, request: PageRequest) -> PageAnswer:
        """Charge the card that the page's script made a token of, and show how that went."""
        visit = visit_of(request)
        organizer_id = self._orders.secrets.organizer_of(visit.order_id, visit.secret or "")
        try:
            card = msgspec.convert(request.form, Card, strict=False)
        except msgspec.ValidationError as fault:
            # What does not fit is not said again: it may be a card's number.
            raise InvalidBody(("the card is no token of the gateway's",)) from fault
        attempt_id = uuid_of(request.form.get("attempt_id", ""))
        page = request.language.path(f"/o/{visit.order_id}")
        try:
            await self._orders.placing.pay_by_card(organizer_id, visit.order_id, attempt_id, card, told=_told_in(request))
        except PromotionOver:
            return redirect(f"{page}?done=promotion")
        except InstalmentsChanged:
            return redirect(f"{page}?done=instalments")
        return redirect(page)

    async def _route_card(self, request: PageRequest) -> PageAnswer:
        """The form of the account that takes a card, for the script of the form: it knows six digits, and we get no more of them."""
        visit = visit_of(request)
        organizer_id = self._orders.secrets.organizer_of(visit.order_id, visit.secret or "")
        card_bin = request.form.get("card_bin", "")
        _require_bin(card_bin)
        taken, desk = await self._orders.placing.route_card(organizer_id, visit.order_id, card_bin)
        if taken == "unchanged":
            return PageAnswer(204, b"", headers=PRIVATE)
        if not isinstance(taken, CardForm) or not taken.methods:
            return self._page("order/card_elsewhere.html", request, visit, elsewhere=taken if isinstance(taken, TakenElsewhere) else None)
        shown = await self._orders.shop.shown(organizer_id, visit.order_id)
        return self._page(
            "order/card_form.html",
            request,
            visit,
            order=shown.order,
            card_form=taken,
            desk=desk,
            ranges_of=ranges_of,
            promotions=await self._promotions(shown),
        )

    async def _ticket(self, request: PageRequest) -> PageAnswer:
        visit = visit_of(request)
        if visit.secret is None:
            return redirect(request.language.path(f"/o/{visit.order_id}"))
        shown = await self._orders.shop.show(visit.order_id, visit.secret)
        ticket_id = uuid_of(request.params["ticket_id"])
        found = next((one for one in shown.tickets if one.ticket.ticket_id == ticket_id), None)
        if found is None:
            raise OrderNotFound
        return self._page(
            "order/ticket.html",
            request,
            visit,
            shown=found,
            ticket=found.ticket,
            order=shown.order,
            event=shown.event,
            face=await self._organizers.face(shown.event.organizer_id),
            ticket_type=shown.event.ticket_types[found.ticket.ticket_type_id],
            performance=shown.event.performances[found.ticket.performance_id],
            # Nothing of what people typed stands in it: `svg_of` draws rectangles.
            svg=None if found.code is None else Markup(svg_of(found.code)),  # noqa: S704
        )

    async def _code(self, request: PageRequest) -> PageAnswer:
        visit = visit_of(request)
        shown = await self._orders.shop.ticket(visit.order_id, visit.secret or "", uuid_of(request.params["ticket_id"]))
        if shown.code is None:
            raise OrderNotFound
        return PageAnswer(200, svg_of(shown.code).encode(), media_type="image/svg+xml", headers=PRIVATE)

    async def _pdf(self, request: PageRequest) -> PageAnswer:
        visit = visit_of(request)
        organizer_id = self._orders.secrets.organizer_of(visit.order_id, visit.secret or "")
        return _download(await self._orders.papers.tickets_pdf(organizer_id, visit.order_id, locale=request.language.tag))

    async def _calendar(self, request: PageRequest) -> PageAnswer:
        visit = visit_of(request)
        organizer_id = self._orders.secrets.organizer_of(visit.order_id, visit.secret or "")
        return _download(await self._orders.papers.calendar(organizer_id, visit.order_id, locale=request.language.tag))

    async def _worker(self, _: PageRequest) -> PageAnswer:
        """Under a name that stays, and high enough to see the pages of orders: a service worker reaches only what lies below it."""
        url = self._assets.built_url(WORKER_SOURCE)
        found = None if url is None else self._assets.find(url.rpartition("/")[2])
        if found is None:
            raise NoSuchPath
        return PageAnswer(200, found.body, media_type="text/javascript; charset=utf-8")

    def _closed(self, request: PageRequest, visit: Visit) -> PageAnswer:
        return self._page("order/closed.html", request, visit)

    def _page(self, template: str, request: PageRequest, visit: Visit, **context: Any) -> PageAnswer:
        path = request.path
        answer = html(self._templates.render(template, request.language, path=path, order_id=visit.order_id, **context))
        return PageAnswer(answer.status, answer.body, headers=PRIVATE)


def _reaching(answer: PageAnswer, forms: Sequence[CardForm]) -> PageAnswer:
    """The same page, whose scripts may also connect to the hosts where these forms have tokens made."""
    parts = [urlsplit(form.tokens_url) for form in forms]
    origins = " ".join(dict.fromkeys(f"{one.scheme}://{one.netloc}" for one in parts))
    policy = f"{_POLICY}; connect-src 'self' {origins}"
    return PageAnswer(answer.status, answer.body, headers=(*answer.headers, ("content-security-policy", policy)))


def _is_today(at: datetime, now: datetime, timezone: str) -> bool:
    zone = ZoneInfo(timezone)
    return at.astimezone(zone).date() == now.astimezone(zone).date()


def _told_in(request: PageRequest) -> Told:
    """What the page had told who pays by card. Raises `OrderNotFound` for what no page of ours sends."""
    promotion, total = request.form.get("promotion_id"), request.form.get("told_minor", "")
    return Told(uuid_of(promotion) if promotion else None, int(total) if _TOTAL.fullmatch(total) else None)


def _require_bin(text: str) -> None:
    """Raises `InvalidBody`, which does not say again what does not fit: it may be a card's number."""
    if _BIN.fullmatch(text) is None:
        raise InvalidBody(("the card's beginning is six digits",))


def _download(paper: Paper) -> PageAnswer:
    disposition = ("content-disposition", f'attachment; filename="{paper.name}"')
    return PageAnswer(200, paper.content, media_type=paper.media_type, headers=(disposition, *PRIVATE))


def _done(request: PageRequest) -> str | None:
    """What a form of the order's pages did, which leads back here: nobody signed it, so it only picks words."""
    done = request.query.get("done")
    return done if done in DONE else None


def _option_of(request: PageRequest) -> UUID | None:
    chosen = request.form.get("option_id")
    return None if not chosen else uuid_of(chosen)
