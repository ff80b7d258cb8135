"""What others may use of marketing: the composition root its use cases, whoever writes mail what it is about, pages what may be wished."""

from alltickets.marketing.records import WaitingEntry, read_waiting_entries
from alltickets.marketing.refusals import NoSuchWaitingEntry, WishInvalid
from alltickets.marketing.rules import PLACES_MAX, Wish
from alltickets.marketing.service import Call, WaitingList

__all__ = ["PLACES_MAX", "Call", "NoSuchWaitingEntry", "WaitingEntry", "WaitingList", "Wish", "WishInvalid", "read_waiting_entries"]
