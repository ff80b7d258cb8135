"""The use cases of marketing, by what they are about."""

from alltickets.marketing.service.framing import EMBEDDING_TOPIC, Framing, read_frame_origins
from alltickets.marketing.service.waiting_list import Call, WaitingList

__all__ = ["EMBEDDING_TOPIC", "Call", "Framing", "WaitingList", "read_frame_origins"]
