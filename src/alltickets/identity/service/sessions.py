"""People who come and go: sign in, sign out, who am I, work for another organizer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from alltickets.identity.actors import Actor
from alltickets.identity.audit import Subject, record
from alltickets.identity.authenticator import Authenticator
from alltickets.identity.limits import forget_tries, give_back_try, spend_tries
from alltickets.identity.passwords import Passwords
from alltickets.identity.queries import (
    Account,
    Member,
    Organizer,
    OrganizerName,
    account_of_mail,
    member_of,
    organizer_of,
    organizers_of_user,
)
from alltickets.identity.refusals import NoMembership, NotSignedIn, WrongCredentials
from alltickets.identity.rules import Limits, mail_key
from alltickets.identity.service.accounts import mark_used
from alltickets.identity.sessions import SignedIn, end_session, hold_membership, start_session
from alltickets.kernel.time import Clock
from alltickets.platform.database import Database

__all__ = ["Profile", "Sessions"]


@dataclass(frozen=True)
class Profile:
    """Who is signed in, for whom, and for whom else they may work."""

    member: Member
    organizer: Organizer
    permissions: Sequence[str]
    organizers: Sequence[OrganizerName]


class Sessions:
    """Use cases of sessions."""

    def __init__(self, database: Database, clock: Clock, passwords: Passwords, limits: Limits, authenticator: Authenticator) -> None:
        self._database = database
        self._clock = clock
        self._passwords = passwords
        self._limits = limits
        self._authenticator = authenticator

    async def sign_in(self, mail: str, password: str, *, address: str) -> SignedIn:
        """Begin a session for the organizer that the person worked for last.

        An unknown mail takes the same statements and the same hashing as a known one with a wrong password, and the same answer.
        Raises `TooManyTries`, `WrongCredentials` or `NoMembership`, in this order.
        """
        key, now = mail_key(mail), self._clock()
        await spend_tries(self._database, (self._limits.sign_in_per_account, key), (self._limits.sign_in_per_address, address), now=now)
        async with self._database.reading(None) as reader:
            account = await account_of_mail(reader, key)
        is_right = await self._passwords.matches(account.password_hash if account else None, password)
        if account is None or not is_right:
            raise WrongCredentials
        await self._forgive(account, password, address=address, now=now)
        async with self._database.reading(None) as reader:
            organizers = await organizers_of_user(reader, account.user_id)
        for organizer in organizers:
            signed_in = await self._start(organizer.organizer_id, account.user_id, account.name, address=address)
            if signed_in is not None:
                return signed_in
        raise NoMembership

    async def sign_out(self, actor: Actor) -> None:
        """End the actor's session, in every process."""
        assert actor.credential_id is not None, "a session was used"
        async with self._database.transaction(actor.organizer_id) as tx:
            ended = await end_session(tx, actor.credential_id)
            if ended:
                await record(tx, actor, "session.ended", Subject("session", actor.credential_id))
        self._authenticator.forget(ended)

    async def profile(self, actor: Actor) -> Profile:
        """What a person sees of themselves. Raises `NotSignedIn` when the membership ended this moment."""
        assert actor.user_id is not None, "a person is signed in"
        async with self._database.reading(actor.organizer_id) as reader:
            member = await member_of(reader, actor.user_id)
            organizer = await organizer_of(reader)
            organizers = await organizers_of_user(reader, actor.user_id)
        if member is None or organizer is None:
            raise NotSignedIn
        return Profile(member, organizer, sorted(permission.value for permission in actor.permissions), organizers)

    async def switch(self, actor: Actor, organizer_id: UUID, *, address: str) -> SignedIn:
        """Work for another organizer: a new session there, ending when the old one would have, and the old one is over.

        Raises `NoMembership`, also for organizers that do not exist; the old session then goes on.
        """
        assert actor.user_id is not None, "a person is signed in"
        assert actor.credential_id is not None, "a session was used"
        async with self._database.reading(actor.organizer_id) as reader:
            rows = await reader.fetch_tuples(
                "SELECT expires_at FROM identity.sessions WHERE organizer_id = %(organizer_id)s AND session_id = %(session_id)s",
                session_id=actor.credential_id,
            )
        if not rows:
            raise NotSignedIn
        signed_in = await self._start(organizer_id, actor.user_id, actor.label, address=address, expires_at=rows[0][0])
        if signed_in is None:
            raise NoMembership
        await self.sign_out(actor)
        return signed_in

    async def _start(
        self, organizer_id: UUID, user_id: UUID, name: str, *, address: str, expires_at: datetime | None = None
    ) -> SignedIn | None:
        """A session for that organizer; None when the user does not belong to it."""
        now = self._clock()
        async with self._database.transaction(organizer_id) as tx:
            role = await hold_membership(tx, user_id)
            if role is None:
                return None
            signed_in = await start_session(tx, user_id=user_id, name=name, role=role, now=now, expires_at=expires_at)
            await mark_used(tx, user_id, now=now)
            await record(tx, signed_in.actor, "session.started", Subject("session", signed_in.actor.credential_id), {"address": address})
            return signed_in

    async def _forgive(self, account: Account, password: str, *, address: str, now: datetime) -> None:
        """The right password: earlier tries no longer count, and a hash of outdated costs is renewed."""
        renewed = await self._passwords.hash(password) if self._passwords.is_outdated(account.password_hash) else None
        async with self._database.transaction(None) as tx:
            await forget_tries(tx, self._limits.sign_in_per_account, account.mail)
            await give_back_try(tx, self._limits.sign_in_per_address, address, now=now)
            if renewed is not None:
                await tx.execute(
                    """
                    /* directory */
                    UPDATE identity.accounts
                       SET password_hash = %(renewed)s
                     WHERE user_id = %(user_id)s AND password_hash = %(former)s
                    """,
                    user_id=account.user_id,
                    renewed=renewed,
                    former=account.password_hash,
                )
