"""Passwords: argon2id, off the event loop, a bounded number at a time."""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

import argon2

from alltickets.platform.coalescer import Overloaded

__all__ = ["Passwords"]

Result = TypeVar("Result")

# 46 MiB, two passes, one lane: above the OWASP minimum for argon2id (46 MiB, one pass), about 60 ms of one core.
_HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=47_104, parallelism=1)


class Passwords:
    """Hashes and verifies passwords.

    hasher: its costs; tests take cheap ones.
    threads_max: hashes at the same time in this process, which bounds what sign-ins can take from a sale: a core and 46 MiB each.
    waiting_max: hashes waiting for a thread before `Overloaded` is raised.
    """

    def __init__(self, hasher: argon2.PasswordHasher = _HASHER, *, threads_max: int = 2, waiting_max: int = 64) -> None:
        self._hasher = hasher
        self._threads = ThreadPoolExecutor(threads_max, thread_name_prefix="argon2")
        self._accepted_max = threads_max + waiting_max
        self._accepted = 0
        self._decoy = _decoy_of(hasher)

    async def hash(self, password: str) -> str:
        """The encoded argon2id hash, with its own salt and costs in it."""
        return await self._run(lambda: self._hasher.hash(password))

    async def matches(self, encoded: str | None, password: str) -> bool:
        """Whether the password is the one that was hashed. None, for an unknown account, takes as long and is False."""
        return await self._run(lambda: self._verify(encoded or self._decoy, password)) and encoded is not None

    def is_outdated(self, encoded: str) -> bool:
        """Whether it was hashed with other costs than today's, and is to be hashed again at the next sign-in."""
        return self._hasher.check_needs_rehash(encoded)

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _verify(self, encoded: str, password: str) -> bool:
        try:
            return self._hasher.verify(encoded, password)
        except argon2.exceptions.VerifyMismatchError:
            return False

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._accepted >= self._accepted_max:
            raise Overloaded
        self._accepted += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._accepted -= 1


@cache
def _decoy_of(hasher: argon2.PasswordHasher) -> str:
    """A hash of a password that nobody has, for accounts that nobody has; one for a process."""
    return hasher.hash(secrets.token_urlsafe(16))
