"""Idempotency keys: status and body of the first execution are kept and repeated, whatever they were, a 500 too."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from simulators.chassis.database import Database
from simulators.stripe.behaviour import Behaviours
from simulators.stripe.errors import ApiError

__all__ = ["Answer", "Keys"]

KEY_LENGTH_MAX = 255
KEPT_SECONDS = 86_400


@dataclass(frozen=True)
class Answer:
    """What a call is answered with."""

    status: int
    body: bytes
    is_replayed: bool = False


class Keys:
    """The keys that were used. A call that was refused before its execution began leaves no trace."""

    def __init__(self, database: Database, behaviours: Behaviours) -> None:
        self._database = database
        self._behaviours = behaviours
        # What the last process was carrying out when it ended was rolled back with it.
        database.execute("DELETE FROM idempotency WHERE status IS NULL")

    async def once(self, owner: str, key: str | None, request: bytes, act: Callable[[], object]) -> Answer:
        """The answer to this request; `act` runs once for a key, and its refusals are answers too.

        Raises `ApiError`: 400 for a key that is too long or was used with other parameters, 409 while its first call still runs.
        """
        if key is None:
            return self._carry_out(act)
        if not 0 < len(key) <= KEY_LENGTH_MAX:
            raise ApiError(message=f"Idempotency keys have at most {KEY_LENGTH_MAX} characters.", type="invalid_request_error")
        digest = hashlib.sha256(request).digest()
        now = self._behaviours.time()
        self._database.execute("DELETE FROM idempotency WHERE created < :before", before=now - KEPT_SECONDS)
        row = self._database.first("SELECT * FROM idempotency WHERE owner = :owner AND key = :key", owner=owner, key=key)
        if row is not None:
            return _replayed(key, digest, row["request"], row["status"], row["answer"])
        self._database.execute(
            "INSERT INTO idempotency (owner, key, request, created) VALUES (:owner, :key, :request, :now)",
            owner=owner,
            key=key,
            request=digest,
            now=now,
        )
        if self._behaviours.now.processing_ms:
            await asyncio.sleep(self._behaviours.now.processing_ms / 1000)
        with self._database.transaction():
            answer = self._carry_out(act)
            self._database.execute(
                "UPDATE idempotency SET status = :status, answer = :answer WHERE owner = :owner AND key = :key",
                status=answer.status,
                answer=answer.body,
                owner=owner,
                key=key,
            )
        return answer

    def _carry_out(self, act: Callable[[], object]) -> Answer:
        try:
            with self._database.transaction():
                answer = Answer(200, msgspec.json.encode(act()))
        except ApiError as refusal:
            answer = Answer(refusal.status, msgspec.json.encode(refusal.body))
        if self._behaviours.take_failure():
            failure = ApiError(status=500, type="api_error", message="An unknown error occurred.")
            answer = Answer(failure.status, msgspec.json.encode(failure.body))
        return answer


def _replayed(key: str, digest: bytes, request: bytes, status: int | None, answer: bytes) -> Answer:
    if request != digest:
        message = f"Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '{key}'."  # noqa: E501
        raise ApiError(type="idempotency_error", message=message)
    if status is None:
        message = f"There is currently another in-progress request using this Idempotent Key ({key})."
        raise ApiError(status=409, type="idempotency_error", code="idempotency_key_in_use", message=message)
    return Answer(status, answer, is_replayed=True)
