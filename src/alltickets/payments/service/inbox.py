"""The inbox of callbacks: verified, stored as they came, answered; then applied in batches.

Order of arrival is meaningless and repetition harmless, so a callback needs no care beyond not being lost. What names a payment that we
do not know (it may have beaten our own commit) is kept and tried again at 1, 5 and 30 minutes; what only hints is fetched.

Some providers do not sign all that they send. Such a notice may be anybody's: it never says anything by itself, is worth one
question a minute about what it names, and a process takes only so many of an account.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

import structlog
from prometheus_client import Counter

from alltickets.identity.interface import Actor, Subject, record
from alltickets.kernel.ids import new_id
from alltickets.kernel.time import Clock
from alltickets.payments.applying import Report, apply_reports
from alltickets.payments.asking import PERSON_WAITS_SECONDS_MAX, answered_within
from alltickets.payments.breaker.store import note_failure
from alltickets.payments.callbacks.store import CallbackState, CallbackSummary, InState, list_callbacks, read_callback
from alltickets.payments.connections import Accounts, ConnectedAccount, Connections
from alltickets.payments.events import CallbacksReceived
from alltickets.payments.hints import HintAllowance
from alltickets.payments.port import Callback, GatewayError, Hint, Notice
from alltickets.payments.refunds.came_back import look_at_refunds_again
from alltickets.payments.refusals import AccountNotFound, CallbackForged, CallbackNotFound, HintsTooMany
from alltickets.payments.schedule import LOOK_AGAIN_SECONDS, next_callback_try, next_try
from alltickets.payments.sweeping import organizers_with_due_callbacks, sweep_each
from alltickets.platform.cache import Snapshots
from alltickets.platform.coalescer import Coalescer
from alltickets.platform.database import Database, Transaction, rows_as_json
from alltickets.platform.outbox import Recorded
from alltickets.platform.paging import Page

__all__ = ["Inbox"]

APPLIED_AT_ONCE_MAX = 1_000
"""A transaction stays short after a long pause too: the rest is left to the loop."""
CLAIMED_MAX = 500
ERROR_LENGTH_MAX = 500

_log = structlog.get_logger()
_callbacks = Counter("alltickets_payment_callbacks", "Callbacks by what was made of them", ["gateway", "outcome"])


@dataclass(frozen=True, slots=True)
class _Received:
    id: UUID
    account_id: UUID
    dedupe_key: str
    is_verified: bool
    headers: Mapping[str, str]
    query: str
    body: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class _Stored:
    id: UUID
    account_id: UUID
    is_verified: bool
    headers: dict[str, str]
    query: str
    body: bytes
    state: CallbackState
    tries: int
    received_at: datetime

    @property
    def notice(self) -> Notice:
        return Notice(headers=self.headers, query=self.query, body=self.body)


@dataclass(slots=True)
class _Outcome:
    state: CallbackState
    next_try_at: datetime | None = None
    error: str | None = None


class Inbox:
    """Use cases of callbacks."""

    def __init__(
        self, database: Database, clock: Clock, connections: Connections, *, applied_at_once_max: int = APPLIED_AT_ONCE_MAX
    ) -> None:
        self._database = database
        self._clock = clock
        self._connections = connections
        self._applied_at_once_max = applied_at_once_max
        self._allowance = HintAllowance()
        self._addressees: Snapshots[tuple[str, UUID], tuple[UUID, ConnectedAccount]] = Snapshots(self._load_addressee)
        self._coalescer: Coalescer[UUID, _Received, None] = Coalescer("callbacks", self._store)

    async def receive(self, gateway: str, account_id: UUID, notice: Notice) -> None:
        """Verify and store a callback; on return it is durable and will be applied.

        Raises `AccountNotFound`, `CallbackForged` or `HintsTooMany` (nothing is kept), or `Overloaded`.
        """
        key = (gateway, account_id)
        addressee = self._addressees.peek(key) or (await self._addressees.get(key) if self._connections.knows(gateway) else None)
        if addressee is None:
            raise AccountNotFound
        organizer_id, account = addressee
        now = self._clock()
        verdict = account.gateway.verify_callback(notice, now=now)
        if verdict == "rejected":
            _callbacks.labels(gateway, "forged").inc()
            raise CallbackForged
        if verdict == "unsigned" and not self._allowance.takes(account_id, now):
            _callbacks.labels(gateway, "too_many").inc()
            raise HintsTooMany
        callback_headers = self._connections.provider(gateway).callback_headers
        received = _Received(
            id=new_id(),
            account_id=account_id,
            dedupe_key=_dedupe_key(account, notice, now, is_verified=verdict == "verified"),
            is_verified=verdict == "verified",
            headers={name: notice.headers[name] for name in callback_headers if name in notice.headers},
            query=notice.query,
            body=notice.body,
            received_at=now,
        )
        await self._coalescer.submit(organizer_id, received)
        _callbacks.labels(gateway, "received" if verdict == "verified" else "hint").inc()

    async def drained(self) -> None:
        """Return once everything accepted is stored."""
        await self._coalescer.drained()

    async def apply_received(self, tx: Transaction, recorded: Sequence[Recorded]) -> None:
        """Apply the callbacks that events speak of, in the transaction that moves the reader's cursor."""
        ids = [id_ for one in recorded if isinstance(one.event, CallbacksReceived) for id_ in one.event.callback_ids]
        await self._apply(tx, ids[: self._applied_at_once_max])
        if len(ids) > self._applied_at_once_max:
            await tx.execute(
                """
                UPDATE payments.callbacks
                   SET next_try_at = %(now)s
                 WHERE organizer_id = %(organizer_id)s AND id = ANY(%(ids)s) AND state = 'received'
                """,
                ids=ids[self._applied_at_once_max :],
                now=self._clock(),
            )

    async def sweep(self) -> int:
        """Try again, or fetch for, the callbacks that are due; how many those were. The gateway is asked outside of transactions."""
        return await sweep_each(await organizers_with_due_callbacks(self._database, self._clock()), self._sweep)

    async def page(self, organizer_id: UUID, *, in_state: InState | None, cursor: str | None, size: int) -> Page[CallbackSummary]:
        """The organizer's callbacks, newest first. Raises `CursorUnreadable`."""
        async with self._database.reading(organizer_id) as reader:
            return await list_callbacks(reader, in_state=in_state, cursor=cursor, size=size)

    async def replay(self, actor: Actor, callback_id: UUID) -> CallbackSummary:
        """Apply a stored callback again, whatever was made of it, because somebody wants it, who is recorded; how it stands then.

        A gateway that has to be asked is waited for as long as a person waits; then the loop asks it. Raises `CallbackNotFound`.
        """
        organizer_id = actor.organizer_id
        async with self._database.transaction(organizer_id) as tx:
            again = await _take_again(tx, callback_id, self._clock())
            if again is None:
                raise CallbackNotFound
            await record(tx, actor, "callback.replayed", Subject("callback", callback_id), {"account_id": str(again.account_id)})
            accounts = await self._connections.of(tx)
        async with self._database.transaction(organizer_id) as tx:
            await self._apply(tx, [callback_id])
            applied = await read_callback(tx, callback_id)
        if applied is not None and applied.state == "to_fetch":
            await self._fetch(organizer_id, accounts, again, seconds_max=PERSON_WAITS_SECONDS_MAX)
            async with self._database.reading(organizer_id) as reader:
                applied = await read_callback(reader, callback_id)
        if applied is None:
            raise CallbackNotFound
        return applied

    async def _sweep(self, organizer_id: UUID) -> int:
        async with self._database.transaction(organizer_id) as tx:
            claimed = await _claim(tx, self._clock())
            accounts = await self._connections.of(tx)
        # Another transaction: whoever applies locks payments before callbacks, and the claim has locked callbacks.
        async with self._database.transaction(organizer_id) as tx:
            await self._apply(tx, [one.id for one in claimed if one.state != "to_fetch"])
        for one in claimed:
            if one.state == "to_fetch":
                await self._fetch(organizer_id, accounts, one)
        return len(claimed)

    async def _load_addressee(self, key: tuple[str, UUID]) -> tuple[tuple[UUID, ConnectedAccount] | None, object]:
        gateway, account_id = key
        async with self._database.reading(None) as reader:
            found = await reader.fetch_tuples(
                """
                SELECT organizer_id /* directory */
                  FROM payments.account_directory
                 WHERE gateway = %(gateway)s AND account_id = %(account_id)s
                """,
                gateway=gateway,
                account_id=account_id,
            )
        if not found:
            return None, None
        [(organizer_id,)] = found
        async with self._database.reading(organizer_id) as reader:
            account = (await self._connections.of(reader)).get(account_id)
        return (organizer_id, account), None

    async def _store(self, organizer_id: UUID, requests: Sequence[_Received]) -> list[Exception | None]:
        """One transaction for all callbacks that arrived together. What was stored before, by its key, is not stored again."""
        async with self._database.transaction(organizer_id) as tx:
            rows = await tx.fetch_tuples(
                """
                INSERT INTO payments.callbacks (organizer_id, id, account_id, dedupe_key, is_verified, headers, query, body, received_at,
                                                state, tries)
                SELECT o.organizer_id, x.id, x.account_id, x.dedupe_key, x.is_verified, x.headers, x.query, decode(x.body, 'base64'),
                       x.received_at, 'received', 0
                  FROM platform.organizers o,
                       json_to_recordset(%(rows)s::json)
                           AS x(id uuid, account_id uuid, dedupe_key text, is_verified boolean, headers jsonb, query text, body text,
                                received_at timestamptz)
                 WHERE o.organizer_id = %(organizer_id)s
                ON CONFLICT (organizer_id, account_id, dedupe_key) DO NOTHING
                RETURNING id
                """,
                rows=rows_as_json(requests),
            )
            if rows:
                tx.publish(CallbacksReceived(callback_ids=tuple(callback_id for (callback_id,) in rows)))
        return [None] * len(requests)

    async def _apply(self, tx: Transaction, callback_ids: Sequence[UUID]) -> None:
        """Apply stored callbacks that carry their payments; mark the others for what they need. Three statements round `apply_reports`."""
        if not callback_ids:
            return
        stored = await tx.fetch_all(
            _Stored,
            """
            SELECT id, account_id, is_verified, headers, query, body, state, tries, received_at
              FROM payments.callbacks
             WHERE organizer_id = %(organizer_id)s AND id = ANY(%(ids)s) AND state IN ('received', 'unknown')
             ORDER BY id
            """,
            ids=list(callback_ids),
        )
        if not stored:
            return
        now = self._clock()
        accounts = await self._connections.of(tx)
        outcomes: dict[UUID, _Outcome] = {}
        reports: list[tuple[_Stored, Report]] = []
        for one in stored:
            outcomes[one.id], found = _read(accounts, one, now)
            reports += [(one, report) for report in found]
        known = await apply_reports(tx, [report for _, report in reports], cause="callback", now=now) if reports else []
        for (one, _), is_known in zip(reports, known, strict=True):
            if not is_known:
                outcomes[one.id] = _unknown(one, now)
        await _mark(tx, outcomes)

    async def _fetch(self, organizer_id: UUID, accounts: Accounts, one: _Stored, *, seconds_max: float | None = None) -> None:
        """Ask the gateway about what a callback hints at, and apply its answer; after a failure ask again later, for a day."""
        try:
            gateway = accounts.gateway_of(one.account_id)
            hints = gateway.parse_callback(one.notice).hints
            async with answered_within(seconds_max):
                payments = [payment for hint in hints for payment in await gateway.fetch(hint)]
        except GatewayError as error:
            _log.warning("callback not fetched", callback=str(one.id), kind=error.kind, code=error.code)
            now = self._clock()
            again_at = next_try(one.tries, since=one.received_at, now=now)
            async with self._database.transaction(organizer_id) as tx:
                outcome = _unknown(one, now, error) if error.kind == "not_found" else _Outcome("to_fetch", again_at, _text_of(error))
                await _mark(tx, {one.id: outcome})
                await note_failure(tx, one.account_id, "query", error, now)
            return
        now = self._clock()
        async with self._database.transaction(organizer_id) as tx:
            known = await apply_reports(tx, [Report(one.account_id, payment) for payment in payments], cause="query", now=now)
            came_back = [hint.provider_refund_id for hint in hints if hint.provider_refund_id is not None]
            await look_at_refunds_again(tx, one.account_id, came_back, now=now)
            await _mark(tx, {one.id: _Outcome("applied") if all(known) else _unknown(one, now)})


def _dedupe_key(account: ConnectedAccount, notice: Notice, now: datetime, *, is_verified: bool) -> str:
    digest = sha256(notice.query.encode() + b"\n" + notice.body).hexdigest()
    if not is_verified:
        # It says the same each time, whatever happened: once a minute it is a new one.
        return f"{digest}/{int(now.timestamp()) // 60}"
    try:
        return account.gateway.parse_callback(notice).event_id or digest
    except GatewayError:
        return digest


def _read(accounts: Accounts, one: _Stored, now: datetime) -> tuple[_Outcome, list[Report]]:
    """What is to be done with a stored callback, and what it reports where it carries that itself."""
    try:
        gateway = accounts.gateway_of(one.account_id)
        callback: Callback = gateway.parse_callback(one.notice)
    except GatewayError as error:
        _log.warning("callback unreadable", callback=str(one.id), kind=error.kind)
        # An account that cannot be opened today may be mended tomorrow; bytes that make no sense never will.
        return (_unknown(one, now, error) if error.kind == "auth_config" else _Outcome("unreadable", error=_text_of(error))), []
    if one.is_verified and gateway.capabilities.news == "callback" and all(_is_complete(hint) for hint in callback.hints):
        return _Outcome("applied"), [Report(one.account_id, hint.payment) for hint in callback.hints if hint.payment is not None]
    return _Outcome("to_fetch", now), []


def _is_complete(hint: Hint) -> bool:
    return hint.payment is not None


def _unknown(one: _Stored, now: datetime, error: GatewayError | None = None) -> _Outcome:
    """A callback whose payment is not known here: kept for people, tried again a few times."""
    _log.warning("callback of an unknown payment", callback=str(one.id), tries=one.tries + 1)
    told = "It names no payment that is known here." if error is None else _text_of(error)
    return _Outcome("unknown", next_callback_try(one.tries + 1, now), told)


async def _take_again(tx: Transaction, callback_id: UUID, now: datetime) -> _Stored | None:
    """A callback as it was when it came; the loop takes it over if this process dies."""
    found = await tx.fetch_all(
        _Stored,
        """
        UPDATE payments.callbacks
           SET state = 'received', next_try_at = %(again_at)s
         WHERE organizer_id = %(organizer_id)s AND id = %(id)s
        RETURNING id, account_id, is_verified, headers, query, body, state, tries, received_at
        """,
        id=callback_id,
        again_at=now + timedelta(seconds=LOOK_AGAIN_SECONDS),
    )
    return found[0] if found else None


async def _claim(tx: Transaction, now: datetime) -> list[_Stored]:
    """Take callbacks that are due, for a minute: another process leaves them alone, and takes them over if this one dies."""
    return await tx.fetch_all(
        _Stored,
        """
        UPDATE payments.callbacks c
           SET next_try_at = %(again_at)s, tries = c.tries + 1
         WHERE c.organizer_id = %(organizer_id)s
           AND c.id IN (SELECT d.id
                          FROM payments.callbacks d
                         WHERE d.organizer_id = %(organizer_id)s AND d.next_try_at <= %(now)s
                         ORDER BY d.next_try_at
                         LIMIT %(limit)s
                           FOR UPDATE SKIP LOCKED)
        RETURNING c.id, c.account_id, c.is_verified, c.headers, c.query, c.body, c.state, c.tries, c.received_at
        """,
        now=now,
        again_at=now + timedelta(seconds=LOOK_AGAIN_SECONDS),
        limit=CLAIMED_MAX,
    )


async def _mark(tx: Transaction, outcomes: Mapping[UUID, _Outcome]) -> None:
    await tx.execute(
        """
        UPDATE payments.callbacks c
           SET state = x.state, next_try_at = x.next_try_at, error = x.error
          FROM json_to_recordset(%(rows)s::json) AS x(id uuid, state text, next_try_at timestamptz, error text)
         WHERE c.organizer_id = %(organizer_id)s AND c.id = x.id AND c.state <> 'applied'
        """,
        rows=rows_as_json(
            [{"id": id_, "state": one.state, "next_try_at": one.next_try_at, "error": one.error} for id_, one in outcomes.items()]
        ),
    )


def _text_of(error: GatewayError) -> str:
    # It may quote a provider, and a NUL, which PostgreSQL does not take, must not hold up the others.
    return str(error)[:ERROR_LENGTH_MAX].replace("\x00", "")
