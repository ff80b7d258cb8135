"""Tries counted in the database, so that a limit holds however many processes serve."""

from collections import OrderedDict
from datetime import datetime, timedelta

from alltickets.identity.refusals import TooManyTries
from alltickets.identity.rules import Limit, retry_after_seconds, window_start
from alltickets.identity.tokens import hash_of
from alltickets.platform.database import Database, Transaction

__all__ = ["FailedTries", "count_try", "forget_tries", "give_back_try", "spend_tries"]

KEYS_KEPT_MAX = 10_000


class FailedTries:
    """Limits tries of which only those that fail are counted: whoever succeeds waits for nothing and takes nobody's tries.

    They are counted in the database, hence over all processes; and in this one before anything is awaited, so that tries at the same time
    do not slip through together, and whoever is known to be over the limit costs no statement.
    """

    def __init__(self, database: Database, limit: Limit) -> None:
        self._database = database
        self._limit = limit
        self._failed: OrderedDict[str, tuple[datetime, int]] = OrderedDict()

    def check(self, key: str, *, now: datetime) -> None:
        """Raise `TooManyTries` for a key that is over the limit: nobody may then say whether its next try would have failed."""
        if self._failed_in_window(key, now) > self._limit.tries_max:
            raise TooManyTries(retry_after_seconds(now, self._limit.window_seconds))

    async def count(self, key: str, *, now: datetime) -> None:
        """Count a try that failed. Raises `TooManyTries` when it was one too many."""
        self._note(key, self._failed_in_window(key, now) + 1, now)
        self.check(key, now=now)
        async with self._database.transaction(None) as tx:
            wait_seconds = await count_try(tx, self._limit, key, now=now)
        if wait_seconds:
            self._note(key, self._limit.tries_max + 1, now)
            raise TooManyTries(wait_seconds)

    def _failed_in_window(self, key: str, now: datetime) -> int:
        start, failed = self._failed.get(key, (None, 0))
        return failed if start == window_start(now, self._limit.window_seconds) else 0

    def _note(self, key: str, failed: int, now: datetime) -> None:
        self._failed[key] = window_start(now, self._limit.window_seconds), failed
        self._failed.move_to_end(key)
        while len(self._failed) > KEYS_KEPT_MAX:
            self._failed.popitem(last=False)


async def spend_tries(database: Database, *tries: tuple[Limit, str], now: datetime) -> None:
    """Count one try under each limit before it is made, so that tries at the same time cannot slip through together.

    Rows are taken in the order given: the same order everywhere, account before address. Raises `TooManyTries`.
    """
    async with database.transaction(None) as tx:
        waits = [await count_try(tx, limit, key, now=now) for limit, key in tries]
    wait_seconds = max(waits)
    if wait_seconds > 0:
        raise TooManyTries(wait_seconds)


async def count_try(tx: Transaction, limit: Limit, key: str, *, now: datetime) -> int:
    """Count one; how many seconds the caller has to wait, 0 when the try is free. The row stays locked until `tx` ends."""
    start = window_start(now, limit.window_seconds)
    [(count,)] = await tx.fetch_tuples(
        """
        /* directory */
        INSERT INTO identity.tries (scope, key_hash, window_start, count, expires_at)
        VALUES (%(scope)s, %(key_hash)s, %(window_start)s, 1, %(expires_at)s)
        ON CONFLICT (scope, key_hash, window_start) DO UPDATE SET count = least(tries.count + 1, 1000000)
        RETURNING count
        """,
        scope=limit.scope,
        key_hash=hash_of(key),
        window_start=start,
        expires_at=start + timedelta(seconds=limit.window_seconds),
    )
    return retry_after_seconds(now, limit.window_seconds) if count > limit.tries_max else 0


async def forget_tries(tx: Transaction, limit: Limit, key: str) -> None:
    """A try succeeded: the key starts afresh."""
    await tx.execute(
        """
        /* directory */
        DELETE FROM identity.tries
         WHERE scope = %(scope)s AND key_hash = %(key_hash)s
        """,
        scope=limit.scope,
        key_hash=hash_of(key),
    )


async def give_back_try(tx: Transaction, limit: Limit, key: str, *, now: datetime) -> None:
    """A try succeeded: it does not count, but those of others with the same key still do."""
    await tx.execute(
        """
        /* directory */
        UPDATE identity.tries
           SET count = count - 1
         WHERE scope = %(scope)s AND key_hash = %(key_hash)s AND window_start = %(window_start)s AND count > 0
        """,
        scope=limit.scope,
        key_hash=hash_of(key),
        window_start=window_start(now, limit.window_seconds),
    )
