"""The background work of marketing."""

from alltickets.marketing.service import WaitingList
from alltickets.platform.loops import Loop

__all__ = ["loops"]

HOUR_SECONDS = 3_600.0


def loops(waiting_list: WaitingList) -> list[Loop]:
    """call: tells those whose turn it is. forget: deletes what need not be kept.

    Places come back in many ways, by holds that end, refunds, a larger house; a look at what is left every few seconds sees all of them.
    """
    return [Loop("marketing.call", 5.0, waiting_list.call), Loop("marketing.forget", HOUR_SECONDS, waiting_list.forget)]
