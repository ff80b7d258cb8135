"""An order's secret: whoever has it may see the order. Made from the ids by the key ring, so nothing of it is stored."""

import base64
import binascii
from uuid import UUID

from alltickets.orders.refusals import OrderNotFound
from alltickets.platform.secrets import KeyRing

__all__ = ["OrderSecrets"]

_CONTEXT = "order"


class OrderSecrets:
    """Makes and checks secrets of orders. A secret names the organizer too, so that an order is found without a directory."""

    def __init__(self, key_ring: KeyRing, public_url: str) -> None:
        self._key_ring = key_ring
        self._public_url = public_url

    def secret_of(self, organizer_id: UUID, order_id: UUID) -> str:
        """The order's secret; the same each time under the same key of the ring, and older ones stay good."""
        organizer = base64.urlsafe_b64encode(organizer_id.bytes).decode().rstrip("=")
        return f"{organizer}.{self._key_ring.stamp(organizer_id.bytes + order_id.bytes, _CONTEXT)}"

    def organizer_of(self, order_id: UUID, secret: str) -> UUID:
        """Whose order this is, if the secret is its. Raises `OrderNotFound`."""
        organizer_text, _, stamp = secret.partition(".")
        try:
            organizer_id = UUID(bytes=base64.b64decode(organizer_text + "==", altchars=b"-_", validate=True))
        except (binascii.Error, ValueError) as fault:
            raise OrderNotFound from fault
        if not self._key_ring.is_stamp(stamp, organizer_id.bytes + order_id.bytes, _CONTEXT):
            raise OrderNotFound
        return organizer_id

    def order_url(self, organizer_id: UUID, order_id: UUID) -> str:
        """The order's page, with what it takes to see it. The secret stands in the fragment: it reaches neither logs nor other sites."""
        return f"{self._public_url}/o/{order_id}#{self.secret_of(organizer_id, order_id)}"

    def return_url(self, organizer_id: UUID, order_id: UUID) -> str:
        """Where a gateway sends the buyer back to."""
        return self.order_url(organizer_id, order_id)
