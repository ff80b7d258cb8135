"""Pricing: what a selection costs, and why.

It owns price phases of ticket types and the charge policy of each event, and makes quotes of them: pure, explained, to the cent. It
publishes nothing and listens to nobody; it reads events from catalog, and from inventory how much of a pool is taken.
"""
