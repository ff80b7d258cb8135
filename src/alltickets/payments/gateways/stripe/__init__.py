"""Stripe by its hosted Checkout, for organizers abroad: Stripe serves no merchants in Argentina (docs/gateways/stripe.md).

Every answer is read from the object itself: an event only says which one to look at.
"""

from alltickets.payments.gateways.stripe.provider import Stripe

__all__ = ["Stripe"]
