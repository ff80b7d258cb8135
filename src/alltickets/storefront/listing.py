"""The list of events: search by words, city, dates and price, a page after the other by key, wholly without JavaScript."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from alltickets.catalog.interface import EventSearch, EventSnapshot
from alltickets.kernel.money import Money, exponent_of
from alltickets.storefront.event.pages import EventPages, poster_hash
from alltickets.storefront.event.view import EventView, SaleState, lowest_price
from alltickets.storefront.pages import SHARED, Page, PageAnswer, PageRequest, html
from alltickets.storefront.sources import Sources
from alltickets.storefront.templates import Templates

__all__ = ["Asked", "Card", "listing_page"]

CARDS = 24
BATCHES_MAX = 8
"""A price is no column of the list: so many pages of it are looked through for those that fit."""
HOME_ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
TEXT_MAX = 100


@dataclass(frozen=True)
class Asked:
    """What a visitor looks for. What is not understood is not looked for."""

    text: str
    city: str
    from_day: date | None
    to_day: date | None
    price_max: Decimal | None
    cursor: str | None

    @staticmethod
    def of(query: dict[str, str]) -> "Asked":
        """What a query says."""
        return Asked(
            text=query.get("q", "").replace("\0", "").strip()[:TEXT_MAX],
            city=query.get("city", "").replace("\0", "").strip()[:TEXT_MAX],
            from_day=_day(query.get("from", "")),
            to_day=_day(query.get("to", "")),
            price_max=_price(query.get("price", "")),
            cursor=query.get("after") or None,
        )

    @property
    def search(self) -> EventSearch:
        """For the catalog. Days are those of the home zone, and the last one counts whole."""
        return EventSearch(
            text=self.text,
            city=self.city or None,
            from_at=_midnight(self.from_day) if self.from_day else None,
            until_at=_midnight(self.to_day + timedelta(days=1)) if self.to_day else None,
        )

    def url(self, path: str, after: str | None) -> str:
        """The same search, from a cursor on."""
        fields = {
            "q": self.text,
            "city": self.city,
            "from": self.from_day,
            "to": self.to_day,
            "price": self.price_max,
            "after": after,
        }
        given = {name: value for name, value in fields.items() if value not in ("", None)}
        return f"{path}?{urlencode(given)}" if given else path

    def takes(self, price: Money | None) -> bool:
        """Whether an event of that lowest price is looked for."""
        if self.price_max is None:
            return True
        return price is not None and price.minor <= self.price_max.scaleb(exponent_of(price.currency))


@dataclass(frozen=True)
class Card:
    """An event in the list."""

    event: EventSnapshot
    generated_poster: str
    state: SaleState
    starts_at: datetime
    count: int
    price: Money | None


def listing_page(sources: Sources, events: EventPages, templates: Templates) -> Page:
    """The list, at `/`."""

    async def show(request: PageRequest) -> PageAnswer:
        asked = Asked.of(request.query)
        cards, after = await _cards(sources, events, asked)
        path = request.language.path("/")
        body = templates.render(
            "listing.html",
            request.language,
            path="/",
            asked=asked,
            cities=await sources.catalog_service.shop.cities(),
            cards=cards,
            is_whole=not request.query_string,
            is_first=asked.cursor is None,
            first_url=asked.url(path, None),
            next_url=asked.url(path, after) if after else None,
        )
        return html(body)

    return Page(name="listEvents", path="/", handle=show, cache=SHARED)


async def _cards(sources: Sources, events: EventPages, asked: Asked) -> tuple[list[Card], str | None]:
    """The events of a page, and where the next one begins. Raises `CursorUnreadable`."""
    cards: list[Card] = []
    cursor = asked.cursor
    for _ in range(BATCHES_MAX):
        page = await sources.catalog_service.shop.page(cursor=cursor, size=CARDS, search=asked.search)
        cursor = page.next
        for listed in page.items:
            event = await sources.catalog.snapshot(listed.event_id)
            if event is not None and event.is_public:
                card = _card(await events.view(event))
                if asked.takes(card.price):
                    cards.append(card)
        # A page of the list is taken whole, so that the cursor is where it ended: without a price there is only one.
        if cursor is None or len(cards) >= CARDS // 2:
            break
    return cards, cursor


def _card(view: EventView) -> Card:
    event = view.event
    return Card(
        event=event,
        generated_poster=f"/e/{event.slug}/poster/{poster_hash(event)}.svg",
        state=view.state,
        starts_at=view.performances[0].starts_at,
        count=len(view.performances),
        price=lowest_price(view),
    )


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year < 2200 else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), HOME_ZONE)


def _price(text: str) -> Decimal | None:
    try:
        price = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return None
    return price if price.is_finite() and 0 <= price <= 100_000_000 else None
