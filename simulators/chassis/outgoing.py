"""Callbacks on their way out: a queue in the database, so that a restart forgets none."""

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from msgspec import Struct

from simulators.chassis.database import Database
from simulators.chassis.faults import FaultSwitch, NoticeDials
from simulators.chassis.times import rfc3339

__all__ = ["About", "Callback", "CallbackReport", "CallbackState", "Outgoing", "Sent", "Signing", "TryReport"]

SHUFFLE_SECONDS = 3.0
"""How long a shuffled callback waits to be overtaken by the payment's next change."""

CallbackState = Literal["waiting", "delivered", "given_up", "lost"]


Signing = Literal["right", "forged", "none"]


@dataclass(frozen=True)
class About:
    """What a callback is of, for whoever looks at the queue. sequence: 0 where the provider does not count."""

    payment: str
    merchant: str
    reference: str
    status: str
    sequence: int = 0


@dataclass(frozen=True)
class Callback:
    """One callback to send now. copies: how many at once; tries: how many were made before."""

    id: str
    merchant: str
    url: str
    body: bytes
    copies: int
    signing: Signing
    tries: int


@dataclass(frozen=True)
class Sent:
    """How one copy fared: the status of the answer, or the error when there was none."""

    at: float
    answer: int | None
    error: str | None
    took_ms: int

    @property
    def is_accepted(self) -> bool:
        """Whether the receiver answered 2xx in time."""
        return self.answer is not None and 200 <= self.answer < 300


class TryReport(Struct, frozen=True):
    """One copy of one try, as `/admin/callbacks` shows it."""

    number: int
    sent_at: str
    answer: int | None
    error: str | None
    took_ms: int


class CallbackReport(Struct, frozen=True):
    """One callback with all that became of it."""

    id: str
    payment: str
    merchant: str
    reference: str
    status: str
    sequence: int
    url: str
    state: CallbackState
    copies: int
    forged: bool
    due_at: str | None
    tries: list[TryReport]


class Outgoing:
    """The queue. `woken` is set when there may be something new to do."""

    def __init__(self, database: Database, switch: FaultSwitch) -> None:
        self._database = database
        self._switch = switch
        self.woken = asyncio.Event()
        # What the last process was sending when it ended is to be sent again.
        database.execute("UPDATE callbacks SET sending = 0 WHERE sending = 1")

    def wake(self) -> None:
        """Tell the sender to look; to be called once the change is committed."""
        self.woken.set()

    def shuffles(self, dials: NoticeDials) -> bool:
        """Whether a payment of these dials has its callbacks sent out of order, now."""
        return dials.shuffle or self._switch.now.callbacks.shuffle

    def tell(self, event_id: str, about: About, url: str, body: bytes, dials: NoticeDials, *, wait_for_next_seconds: float = 0.0) -> None:
        """Queue the callback of a change, in the transaction of that change.

        Shuffled, it overtakes the payment's waiting one, or else waits itself to be overtaken: at least so long as is known that
        the next change will take.
        """
        faults = self._switch.now.callbacks
        due_at = time.time() + max(dials.delay_ms, faults.delay_ms) / 1000
        lost = dials.lose or faults.lose
        if self.shuffles(dials) and not lost and not self._overtake(about.payment, event_id):
            due_at += wait_for_next_seconds + SHUFFLE_SECONDS
        signing: Signing = "forged" if dials.forge_signature else "none" if dials.omit_signature else "right"
        self._database.execute(
            "INSERT INTO callbacks (id, payment, merchant, reference, status, sequence, url, body, copies, signing, state, due_at) "
            "VALUES (:id, :payment, :merchant, :reference, :status, :sequence, :url, :body, :copies, :signing, :state, :due_at)",
            id=event_id,
            payment=about.payment,
            merchant=about.merchant,
            reference=about.reference,
            status=about.status,
            sequence=about.sequence,
            url=url,
            body=body,
            copies=max(dials.repeat, faults.repeat),
            signing=signing,
            state="lost" if lost else "waiting",
            due_at=None if lost else due_at,
        )

    def take_due(self, count_max: int) -> list[Callback]:
        """What to send now, the longest due first. Nobody gets them again before they are recorded."""
        rows = self._database.all(
            "UPDATE callbacks SET sending = 1 WHERE number IN (SELECT number FROM callbacks WHERE state = 'waiting' AND sending = 0 "
            "AND due_at IS NOT NULL AND due_at <= :now ORDER BY due_at LIMIT :count_max) "
            "RETURNING id, merchant, url, body, copies, signing, tries, due_at",
            now=time.time(),
            count_max=count_max,
        )
        return [_callback(row) for row in sorted(rows, key=lambda row: float(row["due_at"]))]

    def next_due_at(self) -> float | None:
        """When the next one is due (unix), None when none waits for its time."""
        row = self._database.first(
            "SELECT due_at FROM callbacks WHERE state = 'waiting' AND sending = 0 AND due_at IS NOT NULL ORDER BY due_at LIMIT 1"
        )
        return None if row is None else float(row["due_at"])

    def record(self, callback: Callback, sent: Sequence[Sent], retry_seconds: Sequence[float]) -> None:
        """Note a try, decide about the next one, and let go the callback that waited for this one to pass."""
        number = callback.tries + 1
        state: CallbackState = "waiting"
        due_at: float | None = None
        if any(one.is_accepted for one in sent):
            state = "delivered"
        elif number > len(retry_seconds):
            state = "given_up"
        else:
            due_at = time.time() + retry_seconds[number - 1]
        with self._database.transaction():
            for copy, one in enumerate(sent, start=1):
                self._database.execute(
                    "INSERT INTO callback_tries (callback, try, copy, sent_at, answer, error, took_ms) "
                    "VALUES (:callback, :number, :copy, :sent_at, :answer, :error, :took_ms)",
                    callback=callback.id,
                    number=number,
                    copy=copy,
                    sent_at=rfc3339(one.at),
                    answer=one.answer,
                    error=one.error,
                    took_ms=one.took_ms,
                )
            self._database.execute(
                "UPDATE callbacks SET state = :state, tries = :number, due_at = :due_at, sending = 0 WHERE id = :id",
                state=state,
                number=number,
                due_at=due_at,
                id=callback.id,
            )
            self._database.execute(
                "UPDATE callbacks SET due_at = :now, after_id = NULL WHERE after_id = :id AND state = 'waiting'",
                now=time.time(),
                id=callback.id,
            )
        self.wake()

    def report(
        self, *, payment: str | None = None, reference: str | None = None, state: str | None = None, count_max: int = 200
    ) -> list[CallbackReport]:
        """The newest callbacks, newest first, with their tries; each condition that is not None narrows them."""
        rows = self._database.all(
            "SELECT * FROM callbacks WHERE (:payment IS NULL OR payment = :payment) AND (:reference IS NULL OR reference = :reference) "
            "AND (:state IS NULL OR state = :state) ORDER BY number DESC LIMIT :count_max",
            payment=payment,
            reference=reference,
            state=state,
            count_max=count_max,
        )
        return [_report(row, self._tries_of(row["id"])) for row in rows]

    def _tries_of(self, callback_id: str) -> list[TryReport]:
        rows = self._database.all("SELECT * FROM callback_tries WHERE callback = :id ORDER BY try, copy", id=callback_id)
        return [TryReport(row["try"], row["sent_at"], row["answer"], row["error"], row["took_ms"]) for row in rows]

    def _overtake(self, payment_id: str, event_id: str) -> bool:
        """Put the payment's untried callbacks behind that event; whether there were any."""
        return bool(
            self._database.execute(
                "UPDATE callbacks SET due_at = NULL, after_id = :event WHERE payment = :payment AND state = 'waiting' AND tries = 0",
                payment=payment_id,
                event=event_id,
            )
        )


def _callback(row: sqlite3.Row) -> Callback:
    return Callback(row["id"], row["merchant"], row["url"], row["body"], row["copies"], row["signing"], row["tries"])


def _report(row: sqlite3.Row, tries: list[TryReport]) -> CallbackReport:
    return CallbackReport(
        id=row["id"],
        payment=row["payment"],
        merchant=row["merchant"],
        reference=row["reference"],
        status=row["status"],
        sequence=row["sequence"],
        url=row["url"],
        state=row["state"],
        copies=row["copies"],
        forged=row["signing"] == "forged",
        due_at=None if row["due_at"] is None else rfc3339(row["due_at"]),
        tries=tries,
    )
