"""Idempotency: a call repeated with the same key gets the first answer and does nothing more."""

import hashlib
from collections.abc import Callable

from simulators.chassis.database import Database
from simulators.chassis.errors import Refused

__all__ = ["Answers"]

KEY_LENGTH_MAX = 128


class Answers:
    """The answers given, by merchant and `Idempotency-Key`. Only what succeeded is kept: a refused call changed nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def once(self, merchant: str, key: str | None, request: bytes, decide: Callable[[], bytes]) -> tuple[bytes, bool]:
        """The answer to this request, and whether it is a repeated one; `decide` runs in the transaction that keeps it.

        request: whatever tells one call from another: path and body. Raises `Refused`: 400 without a key, 409 when the key was used
        for another request.
        """
        if not key or len(key) > KEY_LENGTH_MAX or not key.isascii() or not key.isprintable():
            raise Refused(400, "idempotency_key_required", f"Send an Idempotency-Key of 1 to {KEY_LENGTH_MAX} printable ASCII characters.")
        digest = hashlib.sha256(request).digest()
        with self._database.transaction():
            row = self._database.first(
                "SELECT request, answer FROM answers WHERE merchant = :merchant AND key = :key", merchant=merchant, key=key
            )
            if row is not None:
                if row["request"] != digest:
                    raise Refused(409, "idempotency_conflict", "This Idempotency-Key was used for another request.")
                return row["answer"], True
            answer = decide()
            self._database.execute(
                "INSERT INTO answers (merchant, key, request, answer) VALUES (:merchant, :key, :request, :answer)",
                merchant=merchant,
                key=key,
                request=digest,
                answer=answer,
            )
        return answer, False
