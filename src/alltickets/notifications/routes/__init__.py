"""HTTP of notifications: buyers who ask for mail, organizers who look after it, and the mailbox of a development machine."""

from alltickets.notifications.routes.development import development_router
from alltickets.notifications.routes.organizer import organizer_router
from alltickets.notifications.routes.shop import shop_router

__all__ = ["development_router", "organizer_router", "shop_router"]
