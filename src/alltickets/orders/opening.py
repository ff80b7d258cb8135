"""Keeping orders' secrets from being tried one after the other."""

from typing import Any
from uuid import UUID

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from litestar.types import Guard

from alltickets.identity.interface import FailedTries, Limit
from alltickets.kernel.time import Clock
from alltickets.orders.refusals import OrderNotFound
from alltickets.orders.secrets import OrderSecrets
from alltickets.platform.database import Database
from alltickets.platform.http.address import AddressReader

__all__ = ["Opening", "refuse_guessing"]

WRONG_SECRETS = Limit("order_secret", 30, 900)
"""Of one address. A link that a mail program has cut off is tried a few times; nobody comes with thirty of them."""


class Opening:
    """Counts secrets that are not the order's, wherever they are shown; one per process.

    A right one is never refused, also where an address is over the limit, unlike access codes: those are words, and being answered only
    then would tell which are right. A secret is 256 bits that nobody finds by trying. So the limit guards no secret; it bounds what trying
    costs and shows that somebody does. To refuse right ones would only let one guest of a venue's network shut out all others at the door.
    """

    def __init__(self, database: Database, clock: Clock, secrets: OrderSecrets) -> None:
        self._clock = clock
        self._secrets = secrets
        self._wrong = FailedTries(database, WRONG_SECRETS)

    async def check(self, order_id: UUID, secret: str, *, address: str) -> None:
        """Count `secret` if it is not this order's: what that means is for whoever asks for the order. None at all is no try.

        Raises `TooManyTries` for a wrong one of an address that is over the limit; that costs no statement.
        """
        try:
            self._secrets.organizer_of(order_id, secret)
        except OrderNotFound:
            if secret:
                await self._wrong.count(address, now=self._clock())


def refuse_guessing(opening: Opening, addresses: AddressReader) -> Guard:
    """A guard for routers: checks the secret of every route that takes one, beside that route's own use of it."""

    async def check(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        if "secret" in handler.parsed_fn_signature.parameters:
            secret = connection.headers.get("authorization", "").removeprefix("Bearer ")
            await opening.check(connection.path_params["order_id"], secret, address=addresses.of(connection.scope))

    return check
