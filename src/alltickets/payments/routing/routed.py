"""A payment that was given its account."""

from dataclasses import dataclass
from uuid import UUID

from alltickets.payments.connections import ConnectedAccount
from alltickets.payments.routing.rules.book import RouteBook
from alltickets.payments.routing.rules.decision import Decision
from alltickets.payments.routing.rules.facts import RouteFacts

__all__ = ["Routed"]


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
