"""How long an order may wait for money that its buyer brings by themselves: a transfer, or cash. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from alltickets.catalog.interface import EventSnapshot, sales_end
from alltickets.orders.records import Order
from alltickets.payments.interface import Instructions, Started
from alltickets.pricing.interface import Quote

__all__ = ["Span", "longer_kept", "span_of"]

KEPT_MAX = timedelta(days=8)
"""After it was placed. Organizers choose a week at most; a buyer who chooses another way to pay does not begin anew."""


@dataclass(frozen=True, slots=True)
class Span:
    """What bounds it: until when places may be kept, and when the first of what is bought begins."""

    kept_until_max: datetime
    begins_at: datetime


def span_of(event: EventSnapshot, quote: Quote, placed_at: datetime) -> Span:
    """Never past the end of the sale of anything in the order: what was not paid for until then nobody else could buy."""
    performances = [event.performances[line.performance_id] for line in quote.lines]
    ends = [
        sales_end(performance, event.ticket_types[line.ticket_type_id]) for performance, line in zip(performances, quote.lines, strict=True)
    ]
    return Span(min(placed_at + KEPT_MAX, *ends), min(performance.starts_at for performance in performances))


def longer_kept(order: Order, started: Started) -> datetime | None:
    """Until when the order's places are kept instead, where its payment may take longer; None: they are kept long enough."""
    step = started.step
    return step.until if isinstance(step, Instructions) and step.until > order.pay_until else None
