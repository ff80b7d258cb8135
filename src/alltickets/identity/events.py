"""What identity publishes."""

from alltickets.platform.outbox import Event

__all__ = ["OrganizerSignedUp"]


class OrganizerSignedUp(Event, frozen=True, kw_only=True):
    """A new organizer exists, with the regional defaults that its events start from."""

    name: str
    slug: str
    country: str
    currency: str
    timezone: str
    locale: str
