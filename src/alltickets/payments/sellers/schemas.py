"""What connecting a seller says over the wire."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

__all__ = ["SellerConnectionAsk", "SellerConnectionRead"]


class SellerConnectionAsk(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A wish to connect an account with its seller's consent. An account that is reconnected keeps the label that it has."""

    gateway: Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[a-z][a-z0-9_]*$", examples=["mercadopago"])]
    label: Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$", examples=["MercadoPago"])]


class SellerConnectionRead(msgspec.Struct, kw_only=True):
    """Send the browser of who asked to `url`, and no other: only they may come back, once, until `expires_at`."""

    url: Annotated[str, Meta(examples=["https://auth.mercadopago.com/authorization?client_id=…"])]
    expires_at: datetime
