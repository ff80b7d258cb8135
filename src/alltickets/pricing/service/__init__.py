"""The use cases of pricing: quotes, and what organizers decide about prices."""

from alltickets.pricing.service.price_lists import PriceLists
from alltickets.pricing.service.quotes import Pricing

__all__ = ["PriceLists", "Pricing"]
