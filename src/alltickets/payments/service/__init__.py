"""The use cases of payments. Every transaction of the context begins here, and no network call is made inside one."""

from collections.abc import Sequence
from uuid import UUID

from alltickets.identity.interface import Actor
from alltickets.kernel.errors import Refusal
from alltickets.kernel.time import Clock
from alltickets.payments.connections import Connections
from alltickets.payments.instalments.rules import CfteaYear
from alltickets.payments.listing import PaymentFilter, PaymentSummary, list_payments
from alltickets.payments.port import Card, Provider, Purchase
from alltickets.payments.queries import Aftermath, PaymentDetails, RefundDetails, aftermath_of, payment_of, refunds_of
from alltickets.payments.routing.router import Router
from alltickets.payments.routing.rules.facts import PaymentPurpose
from alltickets.payments.routing.rules.offering import PaymentOption
from alltickets.payments.sellers.port import Application
from alltickets.payments.service.accounts import AccountsService
from alltickets.payments.service.cards import CardDesk, CardRoute, Cards
from alltickets.payments.service.checkout import NOTHING_TOLD, Checkout, NextStep, Started, StartPayment, Told
from alltickets.payments.service.confirming import Confirming
from alltickets.payments.service.disputes import Disputes
from alltickets.payments.service.fees import FeesService
from alltickets.payments.service.flags import Flags
from alltickets.payments.service.giving_back import GivingBack
from alltickets.payments.service.inbox import Inbox
from alltickets.payments.service.ledger import Ledger
from alltickets.payments.service.nightly import Nightly
from alltickets.payments.service.poller import Poller
from alltickets.payments.service.promotions import Promotions
from alltickets.payments.service.reconciliation import Reconciliation
from alltickets.payments.service.refunds import AskRefund, Refunds, RefundStarted
from alltickets.payments.service.reports import Reports
from alltickets.payments.service.reservations import Reservations
from alltickets.payments.service.routing import RoutingService
from alltickets.payments.service.sellers import Sellers
from alltickets.payments.service.settling import Settling
from alltickets.payments.service.simulations import Simulations
from alltickets.payments.service.statements import Statements
from alltickets.platform.database import Database, Reader, Transaction
from alltickets.platform.paging import Page
from alltickets.platform.secrets import KeyRing

__all__ = [
    "FEE_TAX_BASIS_POINTS",
    "AccountsService",
    "Cards",
    "Checkout",
    "FeesService",
    "Inbox",
    "Ledger",
    "Payments",
    "Poller",
    "Promotions",
    "Refunds",
    "RoutingService",
    "Simulations",
]

FEE_TAX_BASIS_POINTS = 2_100
"""IVA in Argentina."""


class Payments:
    """All of payments, built once per process: what other contexts call, and the use cases behind it.

    accounts: connect gateways. sellers: connect them with the seller's consent.
    checkout: start payments. cards: which account takes one. inbox: take callbacks. poller: ask instead of waiting.
    flags: what somebody has to look at. giving_back: what did not fit.
    nightly: at everything open. refunds: give back. reservations: take what is reserved, or let it go.
    reconciliation: hold settlement reports against our books. reports: fetch them.
    ledger: the books. settling: what settlement reports say goes into them.
    confirming: what people see come, and give back, where there is no gateway. statements: what their bank says.
    promotions: of banks, for cards.
    routing: decide which account. fees: what that costs. simulations: what would have happened otherwise.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        key_ring: KeyRing,
        providers: Sequence[Provider],
        *,
        public_url: str,
        test_accounts_sell: bool = True,
        fee_tax_basis_points: int = FEE_TAX_BASIS_POINTS,
        cftea_year: CfteaYear = "months",
        applications: Sequence[Application] = (),
    ) -> None:
        """`public_url` is where gateways reach us, without a slash at the end; `fee_tax_basis_points` the tax inside their fees.

        test_accounts_sell: buyers are offered accounts at which no money moves, too.
        applications: the platform's at providers, through which sellers connect.
        """
        connections = Connections(providers, key_ring, test_accounts_sell=test_accounts_sell)
        self.accounts = AccountsService(database, clock, key_ring, connections)
        self.sellers = Sellers(database, clock, key_ring, self.accounts, applications, public_url=public_url)
        router = Router()
        self.promotions = Promotions(database, clock)
        self.checkout = Checkout(database, clock, connections, router, self.promotions, public_url=public_url)
        self.cards = Cards(database, clock, connections, router, self.checkout, cftea_year=cftea_year)
        self.inbox = Inbox(database, clock, connections)
        self.reservations = Reservations(database, clock)
        self.poller = Poller(database, clock, connections, self.reservations)
        self.nightly = Nightly(database, clock, connections, self.reservations)
        self.refunds = Refunds(database, clock, connections)
        self.flags = Flags(database, clock)
        self.giving_back = GivingBack(database, clock)
        self.reconciliation = Reconciliation(database, clock, connections)
        self.reports = Reports(database, clock, connections, self.reconciliation)
        self.ledger = Ledger(database, fee_tax_basis_points=fee_tax_basis_points)
        self.settling = Settling(database, clock, self.ledger)
        self.confirming = Confirming(database, clock, connections)
        self.statements = Statements(database, clock, connections)
        self.disputes = Disputes(database, clock, connections)
        self.routing = RoutingService(database, clock, connections, router)
        self.fees = FeesService(database, connections)
        self.simulations = Simulations(database, connections)
        self._database = database

    async def start(self, tx: Transaction, requests: Sequence[StartPayment]) -> list[Started | Refusal]:
        """See `Checkout.start`: in the caller's transaction, an outcome for each request."""
        return await self.checkout.start(tx, requests)

    async def begin(self, organizer_id: UUID, attempt_id: UUID, purchase: Purchase | None = None) -> NextStep:
        """See `Checkout.begin`: after the commit, for an attempt whose step is "needs_call"."""
        return await self.checkout.begin(organizer_id, attempt_id, purchase)

    async def charge_card(
        self, organizer_id: UUID, reference: UUID, attempt_id: UUID, card: Card, purchase: Purchase, *, told: Told = NOTHING_TOLD
    ) -> NextStep:
        """See `Checkout.charge_card`: for an attempt whose step is a `CardForm`."""
        return await self.checkout.charge_card(organizer_id, reference, attempt_id, card, purchase, told=told)

    async def route_card(self, tx: Transaction, reference: UUID, card_bin: str) -> CardRoute:
        """See `Cards.route`: in the caller's transaction, for a card of which the beginning is typed."""
        return await self.cards.route(tx, reference, card_bin)

    async def card_desk(self, organizer_id: UUID, reference: UUID) -> CardDesk:
        """See `Cards.desk`: what stands around the form for a card."""
        return await self.cards.desk(organizer_id, reference)

    async def resume(self, organizer_id: UUID, reference: UUID, purchase: Purchase | None = None) -> NextStep:
        """See `Checkout.resume`: for a buyer who comes back."""
        return await self.checkout.resume(organizer_id, reference, purchase)

    async def step_of(self, reader: Reader, reference: UUID) -> NextStep:
        """See `Checkout.step_of`: what comes next, nobody asked."""
        return await self.checkout.step_of(reader, reference)

    async def decline_of(self, organizer_id: UUID, reference: UUID) -> str | None:
        """See `Checkout.decline_of`: why the newest attempt was declined."""
        return await self.checkout.decline_of(organizer_id, reference)

    async def aftermath(self, organizer_id: UUID, reference: UUID) -> Aftermath:
        """What the buyer has to know of money that was set aside, goes back, or was taken back by their bank."""
        async with self._database.reading(organizer_id) as reader:
            return await aftermath_of(reader, reference)

    async def refund(self, tx: Transaction, requests: Sequence[AskRefund]) -> list[RefundStarted | Refusal]:
        """See `Refunds.order`: in the caller's transaction, an outcome for each request."""
        return await self.refunds.order(tx, requests)

    async def refunds_of(self, reader: Reader, reference: UUID) -> list[RefundDetails]:
        """What was given back, is on its way, or was refused: oldest first, money that was paid twice included."""
        return await refunds_of(reader, reference)

    async def options(self, organizer_id: UUID, currency: str, purpose: PaymentPurpose) -> list[PaymentOption]:
        """See `RoutingService.options`: what a buyer may choose from."""
        return await self.routing.options(organizer_id, currency, purpose)

    async def details(self, organizer_id: UUID, reference: UUID) -> PaymentDetails:
        """A payment with everything that happened to it, for people. Raises `PaymentNotFound`."""
        async with self._database.reading(organizer_id) as reader:
            return await payment_of(reader, reference)

    async def query(self, actor: Actor, reference: UUID) -> PaymentDetails:
        """See `Poller.ask_for`: the gateways asked now, and how the payment stands then."""
        await self.poller.ask_for(actor, reference)
        return await self.details(actor.organizer_id, reference)

    async def page(self, organizer_id: UUID, wanted: PaymentFilter, *, cursor: str | None, size: int) -> Page[PaymentSummary]:
        """The organizer's payments, newest first. Raises `CursorUnreadable`."""
        async with self._database.reading(organizer_id) as reader:
            return await list_payments(reader, wanted, cursor=cursor, size=size)

    async def drained(self) -> None:
        """Return once every accepted callback is stored: part of a graceful shutdown."""
        await self.inbox.drained()
