"""Refunds: ordered under a payment's lock, each a row with states of its own, and carried out once under one key."""
