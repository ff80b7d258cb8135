"""The people of an organizer: invite, accept, change role, remove."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from alltickets.identity.actors import Actor, ActorKind
from alltickets.identity.audit import Subject, record
from alltickets.identity.authenticator import Authenticator
from alltickets.identity.credentials import find_credential, issue_credential, revoke_credentials
from alltickets.identity.limits import spend_tries
from alltickets.identity.passwords import Passwords
from alltickets.identity.queries import (
    Account,
    Invitation,
    Member,
    account_of_mail,
    invitations_of,
    member_of,
    members_of,
    pending_invitation,
)
from alltickets.identity.refusals import AlreadyMember, InvitationGone, MailTaken, NoSuchInvitation, NoSuchMember, WrongCredentials
from alltickets.identity.rules import ROLE_PERMISSIONS, Limits, Role, check_grant, check_owner_remains, check_password, mail_key
from alltickets.identity.service.accounts import add_account, add_membership
from alltickets.identity.sessions import SignedIn, announce_sessions_of, end_sessions_of, start_session
from alltickets.identity.tokens import CredentialKind, hash_of, new_token
from alltickets.kernel.ids import new_id
from alltickets.kernel.time import Clock
from alltickets.platform.database import Database, Transaction
from alltickets.platform.paging import Page

__all__ = ["Invited", "Members"]

INVITATION_LIFETIME = timedelta(days=7)


@dataclass(frozen=True)
class Invited:
    """An invitation with its one-time token, which exists nowhere else."""

    invitation: Invitation
    token: str = field(repr=False)


class Members:
    """Use cases of memberships."""

    def __init__(self, database: Database, clock: Clock, passwords: Passwords, limits: Limits, authenticator: Authenticator) -> None:
        self._database = database
        self._clock = clock
        self._passwords = passwords
        self._limits = limits
        self._authenticator = authenticator

    async def members(self, actor: Actor, *, cursor: str | None, size: int) -> Page[Member]:
        """Who belongs to the organizer. Raises `CursorUnreadable`."""
        async with self._database.reading(actor.organizer_id) as reader:
            return await members_of(reader, cursor=cursor, size=size)

    async def invitations(self, actor: Actor, *, cursor: str | None, size: int) -> Page[Invitation]:
        """Who is invited and can still accept. Raises `CursorUnreadable`."""
        async with self._database.reading(actor.organizer_id) as reader:
            return await invitations_of(reader, now=self._clock(), cursor=cursor, size=size)

    async def invite(self, actor: Actor, mail: str, role: Role) -> Invited:
        """Invite a person; a pending invitation of the same mail is withdrawn. Raises `RoleBeyondYours` or `AlreadyMember`."""
        assert actor.user_id is not None, "API keys never manage members"
        check_grant(actor.permissions, role)
        now, key, token = self._clock(), mail_key(mail), new_token(CredentialKind.INVITATION)
        invitation = Invitation(new_id(), key, role.value, now, now + INVITATION_LIFETIME)
        async with self._database.transaction(actor.organizer_id) as tx:
            account = await account_of_mail(tx, key)
            if account is not None and await member_of(tx, account.user_id) is not None:
                raise AlreadyMember
            await _withdraw_pending_of(tx, key)
            await _add_invitation(tx, invitation, invited_by=actor.user_id)
            await issue_credential(
                tx, CredentialKind.INVITATION, hash_of(token), invitation.invitation_id, expires_at=invitation.expires_at
            )
            subject = Subject("invitation", invitation.invitation_id)
            await record(tx, actor, "member.invited", subject, {"mail": key, "role": role.value})
        return Invited(invitation, token)

    async def withdraw(self, actor: Actor, invitation_id: UUID) -> None:
        """Make a pending invitation unusable. Raises `NoSuchInvitation`."""
        async with self._database.transaction(actor.organizer_id) as tx:
            if not await _close_invitation(tx, invitation_id, "withdrawn", now=self._clock()):
                raise NoSuchInvitation(invitation_id)
            await revoke_credentials(tx, [invitation_id])
            await record(tx, actor, "invitation.withdrawn", Subject("invitation", invitation_id))

    async def accept(self, token: str, *, name: str, password: str, address: str) -> SignedIn:
        """Become a member by a one-time token, and be signed in.

        A person without an account gets one with this name and password; one who has an account proves it with its password, so that
        holding somebody's invitation is not enough to act as them. Raises `TooManyTries`, `InvitationGone`, `WeakPassword`,
        `WrongCredentials` or `MailTaken` (an account appeared this moment).
        """
        now = self._clock()
        await spend_tries(self._database, (self._limits.code_per_address, address), now=now)
        async with self._database.reading(None) as reader:
            found = await find_credential(reader, CredentialKind.INVITATION, hash_of(token), now=now)
        if found is None:
            raise InvitationGone
        async with self._database.reading(found.organizer_id) as reader:
            pending = await pending_invitation(reader, found.subject_id, now=now)
            if pending is None:
                raise InvitationGone
            account = await account_of_mail(reader, pending.mail)
        is_new = account is None
        account = await self._prove(account, pending.mail, name, password, now=now)
        async with self._database.transaction(found.organizer_id) as tx:
            # The guarded UPDATE decides between two that hold the same token.
            if not await _close_invitation(tx, found.subject_id, "accepted", now=now):
                raise InvitationGone
            await revoke_credentials(tx, [found.subject_id])
            if is_new and not await add_account(tx, account, now=now):
                raise MailTaken
            if not await add_membership(tx, account.user_id, Role(pending.role), now=now):
                raise AlreadyMember
            role = Role(pending.role)
            actor = Actor(tx.organizer_id, ActorKind.USER, account.name, ROLE_PERMISSIONS[role], user_id=account.user_id)
            await record(tx, actor, "member.joined", Subject("user", account.user_id), {"role": role.value, "address": address})
            return await start_session(tx, user_id=account.user_id, name=account.name, role=role, now=now)

    async def change_role(self, actor: Actor, user_id: UUID, role: Role) -> Member:
        """Give a member another role, effective at once.

        Raises `NoSuchMember`, `RoleBeyondYours` (by the old role or the new one) or `LastOwner`.
        """
        async with self._database.transaction(actor.organizer_id) as tx:
            former, owners = await _lock_member(tx, user_id)
            check_grant(actor.permissions, former)
            check_grant(actor.permissions, role)
            if role is not Role.OWNER:
                check_owner_remains(owners, user_id)
            await tx.execute(
                "UPDATE identity.memberships SET role = %(role)s WHERE organizer_id = %(organizer_id)s AND user_id = %(user_id)s",
                role=role.value,
                user_id=user_id,
            )
            changed = await announce_sessions_of(tx, user_id)
            await record(tx, actor, "member.role_changed", Subject("user", user_id), {"from": former.value, "to": role.value})
            member = await member_of(tx, user_id)
        self._authenticator.forget(changed)
        assert member is not None, "its row is locked"
        return member

    async def remove(self, actor: Actor, user_id: UUID) -> None:
        """End a membership and its sessions. API keys stay: they are the organizer's, not their maker's.

        Raises `NoSuchMember`, `RoleBeyondYours` or `LastOwner`.
        """
        async with self._database.transaction(actor.organizer_id) as tx:
            role, owners = await _lock_member(tx, user_id)
            check_grant(actor.permissions, role)
            check_owner_remains(owners, user_id)
            ended = await end_sessions_of(tx, user_id)
            await tx.execute(
                "DELETE FROM identity.memberships WHERE organizer_id = %(organizer_id)s AND user_id = %(user_id)s", user_id=user_id
            )
            await tx.execute(
                "DELETE FROM identity.affiliations WHERE organizer_id = %(organizer_id)s AND user_id = %(user_id)s", user_id=user_id
            )
            await record(tx, actor, "member.removed", Subject("user", user_id), {"role": role.value})
        self._authenticator.forget(ended)

    async def _prove(self, account: Account | None, mail: str, name: str, password: str, *, now: datetime) -> Account:
        """The account that accepts: the existing one once its password is proven, else a new one."""
        if account is None:
            check_password(password, mail)
            return Account(new_id(), mail, name, await self._passwords.hash(password))
        await spend_tries(self._database, (self._limits.sign_in_per_account, mail), now=now)
        if not await self._passwords.matches(account.password_hash, password):
            raise WrongCredentials
        return account


async def _lock_member(tx: Transaction, user_id: UUID) -> tuple[Role, Sequence[UUID]]:
    """The member's role and who the owners are, locked by user id until `tx` ends. Raises `NoSuchMember`.

    All owners are locked, so that two owners who demote one another at the same time take turns and the second sees one owner left; and
    the member, so that no session begins while the membership ends.
    """
    rows = await tx.fetch_tuples(
        """
        SELECT m.user_id, m.role
          FROM identity.memberships m
         WHERE m.organizer_id = %(organizer_id)s AND (m.role = 'owner' OR m.user_id = %(user_id)s)
         ORDER BY m.user_id
           FOR UPDATE
        """,
        user_id=user_id,
    )
    roles = {member_id: Role(role) for member_id, role in rows}
    if user_id not in roles:
        raise NoSuchMember(user_id)
    return roles[user_id], [member_id for member_id, role in roles.items() if role is Role.OWNER]


async def _add_invitation(tx: Transaction, invitation: Invitation, *, invited_by: UUID) -> None:
    await tx.execute(
        """
        INSERT INTO identity.invitations (organizer_id, invitation_id, mail, role, status, invited_by, created_at, expires_at)
        VALUES (%(organizer_id)s, %(invitation_id)s, %(mail)s, %(role)s, 'pending', %(invited_by)s, %(created_at)s, %(expires_at)s)
        """,
        invitation_id=invitation.invitation_id,
        mail=invitation.mail,
        role=invitation.role,
        invited_by=invited_by,
        created_at=invitation.created_at,
        expires_at=invitation.expires_at,
    )


async def _withdraw_pending_of(tx: Transaction, mail: str) -> None:
    rows = await tx.fetch_tuples(
        """
        UPDATE identity.invitations
           SET status = 'withdrawn'
         WHERE organizer_id = %(organizer_id)s AND mail = %(mail)s AND status = 'pending'
        RETURNING invitation_id
        """,
        mail=mail,
    )
    await revoke_credentials(tx, [invitation_id for (invitation_id,) in rows])


async def _close_invitation(tx: Transaction, invitation_id: UUID, status: str, *, now: datetime) -> bool:
    """Move a pending invitation to its final state; False when it is not pending any more."""
    closed = await tx.execute(
        """
        UPDATE identity.invitations
           SET status = %(status)s
         WHERE organizer_id = %(organizer_id)s AND invitation_id = %(invitation_id)s AND status = 'pending' AND expires_at > %(now)s
        """,
        invitation_id=invitation_id,
        status=status,
        now=now,
    )
    return closed == 1
