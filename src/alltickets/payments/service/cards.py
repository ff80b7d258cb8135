"""Which account takes a card: asked while its number is typed, once its beginning is known and rules may ask for it."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from alltickets.kernel.time import Clock
from alltickets.payments.connections import Connections
from alltickets.payments.port import CardForm
from alltickets.payments.refusals import NoAccountFits, TooLateForAccount
from alltickets.payments.routing.router import Router
from alltickets.payments.service.checkout import Checkout
from alltickets.payments.starting import newest_of
from alltickets.platform.database import Database, Transaction

__all__ = ["CardRoute", "Cards", "TakenElsewhere"]


@dataclass(frozen=True, slots=True)
class TakenElsewhere:
    """The card is not entered on a form of ours: the buyer goes on by this option, which they know by that label."""

    option_id: UUID
    label: str


CardRoute = CardForm | TakenElsewhere | Literal["nowhere", "unchanged"]
"""The form of the account that takes the card; or where else it is taken; or that no account takes it; or that nothing is to be decided:
no rule asks for cards, the buyer is not at a form, or a charge is under way.
"""


class Cards:
    """Use cases of the form for a card before it is sent."""

    def __init__(self, database: Database, clock: Clock, connections: Connections, router: Router, checkout: Checkout) -> None:
        self._database = database
        self._clock = clock
        self._connections = connections
        self._router = router
        self._checkout = checkout

    async def forms(self, organizer_id: UUID, reference: UUID) -> list[CardForm]:
        """The forms between which a card's beginning may decide, for the payment whose buyer is at one; none where there is no other way.

        Raises `PaymentNotFound`.
        """
        async with self._database.reading(organizer_id) as reader:
            row = await newest_of(reader, reference)
            accounts = await self._connections.of(reader)
            reached = await self._router.destinations(reader, accounts, row, self._clock())
        return [form for form in (self._checkout.form_at(account, row) for account in reached) if form is not None]

    async def route(self, tx: Transaction, reference: UUID, card_bin: str) -> CardRoute:
        """Which account takes a card that begins so. The payment goes on there, with one attempt under way as before.

        Nothing of the former attempt was sent to anybody. It is kept, so that asking for many cards leaves one attempt for each account,
        and a form that is open in another window stays good. Locks the payment until `tx` ends. Raises `PaymentNotFound`.
        """
        now = self._clock()
        row = await newest_of(tx, reference, lock=True)
        accounts = await self._connections.of(tx)
        if row.status != "created" or now >= row.expires_at or self._checkout.form_at(accounts.get(row.account_id), row) is None:
            return "unchanged"
        try:
            found = await self._router.route_card(tx, accounts, row, card_bin, now)
        except (NoAccountFits, TooLateForAccount):
            return "nowhere"
        if found is None:
            return "unchanged"
        routed, label = found
        if routed.account.gateway.capabilities.flow != "card_form":
            return TakenElsewhere(routed.account.id, label)
        step = await self._checkout.go_on_at(tx, row, routed, now)
        assert isinstance(step, CardForm), "an account of this flow has a form"
        return step
