"""The use cases of marketing, by what they are about."""

from alltickets.marketing.service.waiting_list import Call, WaitingList

__all__ = ["Call", "WaitingList"]
