"""The checkout page: what the server knows of an event, handed to the island that sells it."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from markupsafe import Markup

from alltickets.catalog.interface import (
    EventNotFound,
    EventSnapshot,
    EventStatus,
    PerformanceSnapshot,
    PerformanceStatus,
    QuestionKind,
    Visibility,
    visible_ticket_types,
)
from alltickets.kernel.money import Money
from alltickets.payments.interface import PaymentPurpose
from alltickets.pricing.interface import SelectedLine
from alltickets.storefront.languages import Language
from alltickets.storefront.pages import SHARED, Page, PageAnswer, PageRequest, html, redirect
from alltickets.storefront.promotions import terms_in_words
from alltickets.storefront.sources import Sources
from alltickets.storefront.templates import Templates

__all__ = ["CheckoutPages", "as_json"]


class _Performance(msgspec.Struct, frozen=True):
    performance_id: UUID
    starts_at: datetime
    doors_at: datetime | None


class _Sector(msgspec.Struct, frozen=True):
    sector_id: UUID
    name: str
    rows: int
    """Of seats; none where places have no number."""


class _TicketType(msgspec.Struct, frozen=True):
    ticket_type_id: UUID
    sector_id: UUID
    name: str
    description: str
    per_order_max: int | None


class _Question(msgspec.Struct, frozen=True):
    key: str
    label: str
    kind: QuestionKind
    required: bool
    options: tuple[str, ...]
    ticket_type_ids: tuple[UUID, ...]


class _OfferPrice(msgspec.Struct, frozen=True):
    performance_id: UUID
    ticket_type_id: UUID
    final: Money


class _Promotion(msgspec.Struct, frozen=True):
    """A bank's, for cards that are entered on the order's page. `says`: its terms in a line."""

    name: str
    says: str


class _PaymentOption(msgspec.Struct, frozen=True):
    option_id: UUID
    label: str
    is_promise: bool
    pay_within_hours: int | None
    promotions: tuple[_Promotion, ...]


class _Paths(msgspec.Struct, frozen=True):
    event: str
    order: str
    terms: str
    privacy: str


class _Offering(msgspec.Struct, frozen=True):
    """What `frontend/shop/src/event.ts` calls a ShopEvent."""

    event_id: UUID
    title: str
    currency: str
    timezone: str
    performances: tuple[_Performance, ...]
    sectors: tuple[_Sector, ...]
    ticket_types: tuple[_TicketType, ...]
    questions: tuple[_Question, ...]
    prices: tuple[_OfferPrice, ...]
    has_codes: bool
    payment_options: tuple[_PaymentOption, ...]
    language: str
    language_prefix: str
    paths: _Paths


class CheckoutPages:
    """The same page for everybody: what a buyer chose and typed is on their device alone."""

    def __init__(self, sources: Sources, templates: Templates) -> None:
        self._sources = sources
        self._templates = templates

    def pages(self) -> list[Page]:
        """The checkout of an event."""
        return [Page(name="showCheckout", path="/e/{slug}/checkout", handle=self._show, cache=SHARED)]

    async def _show(self, request: PageRequest) -> PageAnswer:
        event = await self._sources.catalog.snapshot_by_slug(request.params["slug"])
        if event is None or not event.is_public:
            raise EventNotFound(request.params["slug"])
        # The event page says why nothing is sold.
        if event.status != EventStatus.PUBLISHED:
            return redirect(request.language.path(f"/e/{event.slug}"))
        data = as_json(await self._offering(event, request.language))
        face = await self._sources.organizers.face(event.organizer_id)
        path = f"/e/{event.slug}/checkout"
        return html(self._templates.render("checkout.html", request.language, path=path, event=event, face=face, data=data))

    async def _offering(self, event: EventSnapshot, language: Language) -> _Offering:
        now = self._sources.clock()
        performances = [one for one in event.performances.values() if one.status == PerformanceStatus.SCHEDULED and one.ends_at > now]
        ticket_types = visible_ticket_types(event, None)
        shown = {one.ticket_type_id for one in ticket_types}
        sectors = {one.sector_id for one in ticket_types}
        return _Offering(
            event_id=event.event_id,
            title=event.title,
            currency=event.currency,
            timezone=event.timezone,
            performances=tuple(_Performance(one.performance_id, one.starts_at, one.doors_at) for one in performances),
            sectors=tuple(_Sector(one.sector_id, one.name, len(one.rows)) for one in event.sectors.values() if one.sector_id in sectors),
            ticket_types=tuple(
                _TicketType(one.ticket_type_id, one.sector_id, one.name, one.description, one.per_order_max) for one in ticket_types
            ),
            questions=tuple(
                _Question(one.key, one.label, one.kind, one.required, one.options, tuple(sorted(one.ticket_type_ids)))
                for one in event.questions
                if not one.ticket_type_ids or one.ticket_type_ids & shown
            ),
            prices=await self._prices(event, performances, sorted(shown), now),
            has_codes=any(one.visibility == Visibility.CODE for one in event.ticket_types.values()),
            payment_options=await self._options(event, language),
            language=language.tag,
            language_prefix=language.prefix,
            paths=_Paths(
                event=language.path(f"/e/{event.slug}"),
                order=language.path("/o"),
                terms=language.path("/terms"),
                privacy=language.path("/privacy"),
            ),
        )

    async def _options(self, event: EventSnapshot, language: Language) -> tuple[_PaymentOption, ...]:
        """The ways to pay of the moment, with the promotions that some cards have there; none where there is nothing to choose."""
        purpose = PaymentPurpose(event_id=event.event_id, timezone=event.timezone, channel="shop")
        options = await self._sources.payments.options(event.organizer_id, event.currency, purpose)
        shown: tuple[_Promotion, ...] = ()
        if any(one.has_card_form for one in options):
            promotions = await self._sources.payments.promotions.shown(event.organizer_id, event.currency, purpose)
            shown = tuple(_Promotion(one.terms.name, terms_in_words(one, self._templates, language)) for one in promotions)
        return tuple(
            _PaymentOption(one.option_id, one.label, one.is_promise, one.pay_within_hours, shown if one.has_card_form else ())
            for one in options
        )

    async def _prices(
        self, event: EventSnapshot, performances: list[PerformanceSnapshot], ticket_type_ids: list[UUID], now: datetime
    ) -> tuple[_OfferPrice, ...]:
        """What one place of each costs. Each asked by itself: places of one quote count against one another's price phases."""
        prices = []
        for performance in performances:
            for ticket_type_id in ticket_type_ids:
                line = SelectedLine(performance.performance_id, ticket_type_id, 1)
                quote = await self._sources.pricing.quote(event, [line], at=now)
                prices.append(_OfferPrice(performance.performance_id, ticket_type_id, quote.totals.total))
        return tuple(prices)


def as_json(value: Any) -> Markup:
    """A value as JSON that may stand in a script element of data: nothing in it ends the element, whatever a text says."""
    # Not escaped as HTML: the content of a script element is taken as it stands.
    return Markup(msgspec.json.encode(value).decode().replace("<", "\\u003c"))  # noqa: S704
