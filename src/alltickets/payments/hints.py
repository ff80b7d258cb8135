"""How many unsigned notices a process takes for an account: each costs a question to the gateway, and anybody can send them."""

from datetime import datetime
from uuid import UUID

__all__ = ["HINTS_A_MINUTE_MAX", "HintAllowance"]

HINTS_A_MINUTE_MAX = 30
"""In each web process, for nobody else is asked while a notice waits for its answer: of so many processes an account takes so many times
that, which bounds the questions as well. The poller finds whatever is turned away, so this costs time and never a payment."""


class HintAllowance:
    """Counts per account and minute; what was counted in an earlier minute is forgotten."""

    def __init__(self) -> None:
        self._minute = 0
        self._counts: dict[UUID, int] = {}

    def takes(self, account_id: UUID, now: datetime) -> bool:
        """Whether one more is taken now; it is counted if so."""
        minute = int(now.timestamp()) // 60
        if minute != self._minute:
            self._minute, self._counts = minute, {}
        count = self._counts.get(account_id, 0)
        if count >= HINTS_A_MINUTE_MAX:
            return False
        self._counts[account_id] = count + 1
        return True
