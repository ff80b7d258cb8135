"""What others read of an event: search engines (schema.org), and addresses to share it."""

import json
from typing import Any
from urllib.parse import quote, urlencode

from markupsafe import Markup

from alltickets.catalog.interface import EventSnapshot, VenueSnapshot
from alltickets.kernel.money import exponent_of
from alltickets.storefront.event.view import EventView, OfferView, PerformanceView, SaleState

__all__ = ["mail_url", "map_url", "place_of", "plain_summary", "structured_data", "whatsapp_url"]

SUMMARY_MAX = 160
_SCHEMA = "https://schema.org/"
_AVAILABILITY = {
    SaleState.ON_SALE: "InStock",
    SaleState.FEW: "LimitedAvailability",
    SaleState.NOT_YET: "PreOrder",
    SaleState.SOLD_OUT: "SoldOut",
}


def plain_summary(event: EventSnapshot) -> str:
    """The event in a sentence: its summary, or how its description begins."""
    text = " ".join((event.summary or event.description).split())
    if len(text) <= SUMMARY_MAX:
        return text
    return text[: SUMMARY_MAX - 1].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"


def structured_data(view: EventView, *, page_url: str, picture_url: str) -> Markup:
    """The event for search engines, one entry per performance, as the content of a data block."""
    entries = [_entry(view, performance, page_url, picture_url) for performance in view.performances]
    text = json.dumps(entries[0] if len(entries) == 1 else entries, ensure_ascii=False, separators=(",", ":"))
    # Inside a script element nothing is escaped as HTML is, and only `<` could end it.
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704


def place_of(venue: VenueSnapshot) -> str:
    """The venue in one line."""
    return ", ".join(part for part in (venue.name, venue.address, venue.city) if part)


def map_url(venue: VenueSnapshot) -> str:
    """Where a telephone opens its map, and a computer one in the browser."""
    return f"https://www.google.com/maps/search/?{urlencode({'api': '1', 'query': place_of(venue)})}"


def whatsapp_url(text: str) -> str:
    """Where a message with this text is sent to somebody."""
    return f"https://wa.me/?{urlencode({'text': text})}"


def mail_url(subject: str, text: str) -> str:
    """A mail with this subject and text, to be addressed."""
    return f"mailto:?subject={quote(subject)}&body={quote(text)}"


def _entry(view: EventView, performance: PerformanceView, page_url: str, picture_url: str) -> dict[str, Any]:
    event, venue = view.event, view.event.venue
    status = {SaleState.CANCELLED: "EventCancelled", SaleState.POSTPONED: "EventPostponed"}.get(view.state, "EventScheduled")
    if performance.state == SaleState.CANCELLED:
        status = "EventCancelled"
    entry: dict[str, Any] = {
        "@context": _SCHEMA,
        "@type": "Event",
        "name": event.title,
        "description": plain_summary(event),
        "startDate": performance.starts_at.isoformat(),
        "endDate": performance.ends_at.isoformat(),
        "eventStatus": _SCHEMA + status,
        "eventAttendanceMode": f"{_SCHEMA}OfflineEventAttendanceMode",
        "url": page_url,
        "image": [picture_url],
        "offers": [_offer(offer, page_url) for offer in performance.offers if offer.price is not None and offer.state in _AVAILABILITY],
    }
    if performance.doors_at is not None:
        entry["doorTime"] = performance.doors_at.isoformat()
    if venue is not None:
        address = {"@type": "PostalAddress", "streetAddress": venue.address, "addressLocality": venue.city}
        entry["location"] = {"@type": "Place", "name": venue.name, "address": address}
    if view.face.name:
        entry["organizer"] = {"@type": "Organization", "name": view.face.name}
    return entry


def _offer(offer: OfferView, page_url: str) -> dict[str, Any]:
    assert offer.price is not None
    exponent = exponent_of(offer.price.currency)
    whole, cents = divmod(offer.price.minor, 10**exponent)
    entry: dict[str, Any] = {
        "@type": "Offer",
        "name": offer.name,
        "price": f"{whole}.{cents:0{exponent}d}" if exponent else str(whole),
        "priceCurrency": offer.price.currency,
        "availability": _SCHEMA + _AVAILABILITY[offer.state],
        "url": page_url,
    }
    if offer.opens_at is not None:
        entry["validFrom"] = offer.opens_at.isoformat()
    return entry
