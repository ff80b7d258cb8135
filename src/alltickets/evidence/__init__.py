"""Evidence: what an organizer can show a buyer's bank of an order: who bought, what they were sent, who came in.

It owns no table and decides nothing: it puts together what the contexts' front doors offer, says it in the organizer's language, and hands
it to payments. It stands beside the storefront, to the right of all contexts, because doors and mails are to the right of orders.
"""
