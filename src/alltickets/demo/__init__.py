"""Demo data: three invented organizers with an event each, on sale and ready to be entered.

A club night with price phases, a theatre run with numbered seats and holder questions, a stadium of 50,000 places whose sale opened today.
Where Stripe is simulated a fourth one is there, abroad and in dollars.
Everything goes through the use cases of the contexts, as an organizer's own doing would.
"""

from alltickets.demo.seeding import SeededShow, Summary, fill, seed

__all__ = ["SeededShow", "Summary", "fill", "seed"]
