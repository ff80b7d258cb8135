"""API keys: how an organizer's programs call."""

from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

from alltickets.identity.actors import Actor
from alltickets.identity.audit import Subject, record
from alltickets.identity.authenticator import Authenticator
from alltickets.identity.credentials import issue_credential, revoke_credentials
from alltickets.identity.queries import ApiKey, api_keys_of
from alltickets.identity.refusals import NoSuchApiKey
from alltickets.identity.rules import Permission, check_scopes
from alltickets.identity.tokens import CredentialKind, hash_of, new_token
from alltickets.kernel.ids import new_id
from alltickets.kernel.time import Clock
from alltickets.platform.database import Database
from alltickets.platform.paging import Page

__all__ = ["ApiKeys", "NewApiKey"]

_HINT_CHARACTERS = 8


@dataclass(frozen=True)
class NewApiKey:
    """A key with its token, which is shown this once."""

    api_key: ApiKey
    token: str = field(repr=False)


class ApiKeys:
    """Use cases of API keys."""

    def __init__(self, database: Database, clock: Clock, authenticator: Authenticator) -> None:
        self._database = database
        self._clock = clock
        self._authenticator = authenticator

    async def api_keys(self, actor: Actor, *, cursor: str | None, size: int) -> Page[ApiKey]:
        """The organizer's keys. Raises `CursorUnreadable`."""
        async with self._database.reading(actor.organizer_id) as reader:
            return await api_keys_of(reader, cursor=cursor, size=size)

    async def create(self, actor: Actor, name: str, scopes: Collection[Permission]) -> NewApiKey:
        """Make a key that lasts until it is revoked, whatever becomes of its maker. Raises `ScopesBeyondYours`."""
        check_scopes(actor.permissions, scopes)
        assert actor.id is not None, "a person makes keys"
        token = new_token(CredentialKind.API_KEY)
        granted = sorted({scope.value for scope in scopes})
        api_key = ApiKey(new_id(), name, granted, token[:_HINT_CHARACTERS], self._clock(), None, None)
        async with self._database.transaction(actor.organizer_id) as tx:
            await tx.execute(
                """
                INSERT INTO identity.api_keys (organizer_id, api_key_id, name, scopes, hint, created_by, created_at)
                VALUES (%(organizer_id)s, %(api_key_id)s, %(name)s, %(scopes)s, %(hint)s, %(created_by)s, %(created_at)s)
                """,
                api_key_id=api_key.api_key_id,
                name=name,
                scopes=granted,
                hint=api_key.hint,
                created_by=actor.id,
                created_at=api_key.created_at,
            )
            await issue_credential(tx, CredentialKind.API_KEY, hash_of(token), api_key.api_key_id, expires_at=None)
            detail = {"name": name, "scopes": " ".join(granted)}
            await record(tx, actor, "api_key.created", Subject("api_key", api_key.api_key_id), detail)
        return NewApiKey(api_key, token)

    async def revoke(self, actor: Actor, api_key_id: UUID) -> None:
        """End a key in every process; once more changes nothing. Raises `NoSuchApiKey`."""
        async with self._database.transaction(actor.organizer_id) as tx:
            rows = await tx.fetch_tuples(
                """
                UPDATE identity.api_keys
                   SET revoked_at = coalesce(revoked_at, %(now)s)
                 WHERE organizer_id = %(organizer_id)s AND api_key_id = %(api_key_id)s
                RETURNING name
                """,
                api_key_id=api_key_id,
                now=self._clock(),
            )
            if not rows:
                raise NoSuchApiKey(api_key_id)
            ended = await revoke_credentials(tx, [api_key_id])
            if ended:
                await record(tx, actor, "api_key.revoked", Subject("api_key", api_key_id), {"name": rows[0][0]})
        self._authenticator.forget(ended)
