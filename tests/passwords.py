"""Passwords as cheap as argon2id gets. What they cost in production, `identity.passwords` says."""

import argon2

from alltickets.identity.interface import Passwords

__all__ = ["cheap_passwords"]

_CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def cheap_passwords() -> Passwords:
    """For organizers who only have to be there."""
    return Passwords(_CHEAP)
