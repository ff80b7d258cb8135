"""A payment that was given its account, or that none could take."""

from dataclasses import dataclass
from uuid import UUID

from alltickets.payments.connections import ConnectedAccount
from alltickets.payments.refusals import NoAccountFits, TooLateForAccount
from alltickets.payments.routing.rules.book import RouteBook
from alltickets.payments.routing.rules.decision import Decision
from alltickets.payments.routing.rules.facts import RouteFacts

__all__ = ["Routed", "Unrouted"]


@dataclass(frozen=True, slots=True)
class Routed:
    """A payment and the account it goes to; with what is kept of the decision."""

    account: ConnectedAccount
    book: RouteBook
    facts: RouteFacts
    decision: Decision

    def goes_to(self, account_id: UUID) -> bool:
        """Whether the buyer's choice holds for that account too."""
        return self.facts.choice is None or account_id in self.facts.choice


@dataclass(frozen=True, slots=True)
class Unrouted:
    """A payment that no account can take; with what is kept of the decision."""

    refusal: NoAccountFits | TooLateForAccount
    book: RouteBook
    facts: RouteFacts
    decision: Decision
