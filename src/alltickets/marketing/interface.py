"""What others may use of marketing: the composition root its use cases, whoever writes mail what it is about, pages what may be wished
and who may frame them.
"""

from alltickets.marketing.records import WaitingEntry, read_waiting_entries
from alltickets.marketing.refusals import NoSuchWaitingEntry, OriginRefused, WishInvalid
from alltickets.marketing.rules.waiting import PLACES_MAX, Wish
from alltickets.marketing.service import EMBEDDING_TOPIC, Call, Framing, WaitingList, read_frame_origins

__all__ = [
    "EMBEDDING_TOPIC",
    "PLACES_MAX",
    "Call",
    "Framing",
    "NoSuchWaitingEntry",
    "OriginRefused",
    "WaitingEntry",
    "WaitingList",
    "Wish",
    "WishInvalid",
    "read_frame_origins",
    "read_waiting_entries",
]
