"""Which account takes a card: asked while its number is typed, once its beginning is known and rules may ask for it."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from alltickets.kernel.time import Clock
from alltickets.payments.connections import Connections
from alltickets.payments.instalments.rules import CfteaYear, Financed, InstalmentPlan, financed, holding_on
from alltickets.payments.port import CardForm
from alltickets.payments.routing.routed import Unrouted
from alltickets.payments.routing.router import Router
from alltickets.payments.service.checkout import Checkout
from alltickets.payments.starting import newest_of
from alltickets.platform.database import Database, Transaction

__all__ = ["CardDesk", "CardRoute", "Cards", "TakenElsewhere"]


@dataclass(frozen=True, slots=True)
class TakenElsewhere:
    """The card is not entered on a form of ours: the buyer goes on by this option, which they know by that label."""

    option_id: UUID
    label: str


CardRoute = CardForm | TakenElsewhere | Literal["nowhere", "unchanged"]
"""The form of the account that takes the card; or where else it is taken; or that no account takes it; or that nothing is to be decided:
no rule asks for cards, the buyer is not at a form, or a charge is under way.
"""


@dataclass(frozen=True, slots=True)
class CardDesk:
    """What stands around a form for a card.

    asks_for_card: the card's beginning may bring the payment to another account; to one of `forms`, or elsewhere.
    plans: what instalments with interest cost, as far as it is stated: of those that hold for a card the first of its number counts.
    account_id: whose form it is.
    """

    account_id: UUID
    forms: tuple[CardForm, ...]
    asks_for_card: bool
    plans: tuple[Financed, ...]


class Cards:
    """Use cases of the form for a card before it is sent."""

    def __init__(
        self, database: Database, clock: Clock, connections: Connections, router: Router, checkout: Checkout, *, cftea_year: CfteaYear
    ) -> None:
        self._database = database
        self._clock = clock
        self._connections = connections
        self._router = router
        self._checkout = checkout
        self._cftea_year = cftea_year

    async def desk(self, organizer_id: UUID, reference: UUID) -> CardDesk:
        """What stands around the form that the buyer of a payment is at. Raises `PaymentNotFound`."""
        now = self._clock()
        async with self._database.reading(organizer_id) as reader:
            row = await newest_of(reader, reference)
            accounts = await self._connections.of(reader)
            account = accounts.get(row.account_id)
            reached = await self._router.destinations(reader, accounts, row, now)
            on = await self._router.day_of(reader, row, now) if account.plans else None
        form = self._checkout.form_at(account, row)
        plans = [] if on is None or form is None else [one for one in holding_on(account.plans, on) if _is_offered(one, form)]
        return CardDesk(
            account_id=account.id,
            forms=tuple(one for one in (self._checkout.form_at(other, row) for other in reached) if one is not None),
            asks_for_card=bool(reached),
            plans=tuple(financed(one, row.amount, self._cftea_year) for one in plans),
        )

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
        found = await self._router.route_card(tx, accounts, row, card_bin, now)
        if found is None:
            return "unchanged"
        if isinstance(found, Unrouted):
            await self._router.keep_unfollowed(tx, [found], now)
            return "nowhere"
        routed, label = found
        if routed.account.gateway.capabilities.flow != "card_form":
            await self._router.keep_unfollowed(tx, [routed], now)
            return TakenElsewhere(routed.account.id, label)
        step = await self._checkout.go_on_at(tx, row, routed, now)
        assert isinstance(step, CardForm), "an account of this flow has a form"
        return step


def _is_offered(plan: InstalmentPlan, form: CardForm) -> bool:
    """Whether some card may be paid so on the form."""
    return any(plan.count in one.installments and (not plan.methods or one.method in plan.methods) for one in form.methods)
