"""Who calls: from a request's headers to an actor, without a query for callers seen within the last second."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from alltickets.identity.actors import Actor, ActorKind, DeviceActor
from alltickets.identity.cookies import SessionCookie
from alltickets.identity.credentials import TOPIC, find_credential
from alltickets.identity.rules import ROLE_PERMISSIONS, Role, is_session_live, permissions_of_key
from alltickets.identity.tokens import CredentialKind, hash_of
from alltickets.kernel.time import Clock
from alltickets.platform.cache import Snapshots
from alltickets.platform.database import Database
from alltickets.platform.notify import Listener

__all__ = ["Authenticator"]

SEEN_EVERY = timedelta(seconds=60)
"""How exact `last_seen_at` and `last_used_at` are: a write a minute, not one a request."""

_BEARER = b"bearer "
_TOKEN_LENGTH_MAX = 100
_BEARER_KINDS = {"atk_": CredentialKind.API_KEY, "atd_": CredentialKind.DEVICE}

_Key = tuple[CredentialKind, bytes]


class _Session(NamedTuple):
    user_id: UUID
    name: str
    role: str
    last_seen_at: datetime
    expires_at: datetime


class _ApiKey(NamedTuple):
    name: str
    scopes: list[str]
    last_used_at: datetime | None


class _Device(NamedTuple):
    name: str
    event_id: UUID | None
    last_seen_at: datetime | None


class Authenticator:
    """Resolves a session cookie, or `Authorization: Bearer atk_… | atd_…`, for Litestar's guards and the hot lane alike.

    What a token stands for is remembered by its hash for at most a second; `forget` and announcements drop it at once.
    """

    def __init__(self, database: Database, clock: Clock, cookie: SessionCookie) -> None:
        self._database = database
        self._clock = clock
        self._cookie_name = cookie.name.encode()
        self._actors: Snapshots[_Key, Actor | DeviceActor] = Snapshots(self._load)

    def follow(self, listener: Listener) -> None:
        """Hear of credentials that other processes revoked."""
        for kind in (CredentialKind.SESSION, CredentialKind.API_KEY, CredentialKind.DEVICE):
            self._actors.follow(listener, TOPIC, lambda key, kind=kind: (kind, bytes.fromhex(key)))  # type: ignore[misc]

    async def authenticate(self, headers: Iterable[tuple[bytes, bytes]]) -> Actor | DeviceActor | None:
        """The caller by an ASGI scope's headers; None without credentials that are valid now. A bearer token goes before the cookie.

        Raises `DatabaseUnavailable` when it has to look and cannot.
        """
        found = self._credential_in(headers)
        if found is None:
            return None
        kind, token = found
        key = (kind, hash_of(token))
        return self._actors.peek(key) or await self._actors.get(key)

    def forget(self, hashes: Sequence[bytes]) -> None:
        """Look these credentials up again at their next use, in this process."""
        for token_hash in hashes:
            for kind in CredentialKind:
                self._actors.drop((kind, token_hash))

    def _credential_in(self, headers: Iterable[tuple[bytes, bytes]]) -> tuple[CredentialKind, str] | None:
        token: str | None = None
        for name, value in headers:
            if name == b"authorization":
                if value[: len(_BEARER)].lower() != _BEARER or len(value) > _TOKEN_LENGTH_MAX:
                    return None
                bearer = value[len(_BEARER) :].decode("latin-1").strip()
                kind = _BEARER_KINDS.get(bearer[:4])
                return None if kind is None else (kind, bearer)
            if name == b"cookie" and token is None:
                token = self._session_in(value)
        return None if token is None else (CredentialKind.SESSION, token)

    def _session_in(self, cookies: bytes) -> str | None:
        for cookie in cookies.split(b";"):
            name, _, value = cookie.strip().partition(b"=")
            if name == self._cookie_name and len(value) <= _TOKEN_LENGTH_MAX:
                return value.decode("latin-1")
        return None

    async def _load(self, key: _Key) -> tuple[Actor | DeviceActor | None, None]:
        kind, token_hash = key
        now = self._clock()
        async with self._database.reading(None) as reader:
            found = await find_credential(reader, kind, token_hash, now=now)
        if found is None:
            return None, None
        if kind is CredentialKind.SESSION:
            return await self._user(found.organizer_id, found.subject_id, now), None
        if kind is CredentialKind.API_KEY:
            return await self._api_key(found.organizer_id, found.subject_id, now), None
        return await self._device(found.organizer_id, found.subject_id, now), None

    async def _user(self, organizer_id: UUID, session_id: UUID, now: datetime) -> Actor | None:
        async with self._database.reading(organizer_id) as reader:
            row = await reader.fetch_first(
                _Session,
                """
                SELECT s.user_id, a.name, m.role, s.last_seen_at, s.expires_at
                  FROM identity.sessions s
                  JOIN identity.memberships m
                    ON m.organizer_id = s.organizer_id AND m.user_id = s.user_id
                  JOIN identity.accounts a
                    ON a.user_id = s.user_id
                 WHERE s.organizer_id = %(organizer_id)s AND s.session_id = %(session_id)s
                """,
                session_id=session_id,
            )
        if row is None or not is_session_live(seen_at=row.last_seen_at, expires_at=row.expires_at, now=now):
            return None
        if now - row.last_seen_at >= SEEN_EVERY:
            async with self._database.transaction(organizer_id) as tx:
                await tx.execute(
                    """
                    UPDATE identity.sessions
                       SET last_seen_at = %(now)s
                     WHERE organizer_id = %(organizer_id)s AND session_id = %(session_id)s AND last_seen_at < %(now)s
                    """,
                    session_id=session_id,
                    now=now,
                )
        permissions = ROLE_PERMISSIONS[Role(row.role)]
        return Actor(organizer_id, ActorKind.USER, row.name, permissions, user_id=row.user_id, credential_id=session_id)

    async def _api_key(self, organizer_id: UUID, api_key_id: UUID, now: datetime) -> Actor | None:
        async with self._database.reading(organizer_id) as reader:
            row = await reader.fetch_first(
                _ApiKey,
                """
                SELECT k.name, k.scopes, k.last_used_at
                  FROM identity.api_keys k
                 WHERE k.organizer_id = %(organizer_id)s AND k.api_key_id = %(api_key_id)s AND k.revoked_at IS NULL
                """,
                api_key_id=api_key_id,
            )
        if row is None:
            return None
        if row.last_used_at is None or now - row.last_used_at >= SEEN_EVERY:
            async with self._database.transaction(organizer_id) as tx:
                await tx.execute(
                    """
                    UPDATE identity.api_keys
                       SET last_used_at = %(now)s
                     WHERE organizer_id = %(organizer_id)s AND api_key_id = %(api_key_id)s
                       AND (last_used_at IS NULL OR last_used_at < %(now)s)
                    """,
                    api_key_id=api_key_id,
                    now=now,
                )
        return Actor(organizer_id, ActorKind.API_KEY, row.name, permissions_of_key(row.scopes), credential_id=api_key_id)

    async def _device(self, organizer_id: UUID, device_id: UUID, now: datetime) -> DeviceActor | None:
        async with self._database.reading(organizer_id) as reader:
            row = await reader.fetch_first(
                _Device,
                """
                SELECT d.name, d.event_id, d.last_seen_at
                  FROM identity.devices d
                 WHERE d.organizer_id = %(organizer_id)s AND d.device_id = %(device_id)s AND d.status = 'paired'
                """,
                device_id=device_id,
            )
        if row is None:
            return None
        if row.last_seen_at is None or now - row.last_seen_at >= SEEN_EVERY:
            async with self._database.transaction(organizer_id) as tx:
                await tx.execute(
                    """
                    UPDATE identity.devices
                       SET last_seen_at = %(now)s
                     WHERE organizer_id = %(organizer_id)s AND device_id = %(device_id)s
                       AND (last_seen_at IS NULL OR last_seen_at < %(now)s)
                    """,
                    device_id=device_id,
                    now=now,
                )
        return DeviceActor(organizer_id, device_id, row.event_id, row.name)
