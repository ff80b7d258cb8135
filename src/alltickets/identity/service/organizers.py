"""New organizers."""

from dataclasses import dataclass, field
from uuid import UUID

from alltickets.identity.actors import Actor, ActorKind
from alltickets.identity.audit import Subject, record
from alltickets.identity.events import OrganizerSignedUp
from alltickets.identity.limits import spend_tries
from alltickets.identity.passwords import Passwords
from alltickets.identity.queries import Account, account_of_mail, organizer_id_of_slug
from alltickets.identity.refusals import MailTaken, SlugTaken
from alltickets.identity.rules import (
    ROLE_PERMISSIONS,
    Limits,
    Role,
    check_password,
    check_regional_settings,
    mail_key,
    slug_from,
    usable_slug,
)
from alltickets.identity.service.accounts import add_account, add_membership
from alltickets.identity.sessions import SignedIn, start_session
from alltickets.kernel.ids import new_id
from alltickets.kernel.time import Clock
from alltickets.platform.database import Database, Transaction
from alltickets.platform.tenants import enrol

__all__ = ["EnsuredOrganizer", "NewOrganizer", "Organizers"]


@dataclass(frozen=True)
class NewOrganizer:
    """What is needed to begin: the organizer and its first owner. `slug` None: made from the name."""

    name: str
    owner_name: str
    owner_mail: str
    owner_password: str = field(repr=False)
    slug: str | None = None
    country: str = "AR"
    currency: str = "ARS"
    timezone: str = "America/Argentina/Buenos_Aires"
    locale: str = "es-AR"


@dataclass(frozen=True)
class EnsuredOrganizer:
    """`was_created` is False when the slug stood before; then nothing was changed."""

    organizer_id: UUID
    was_created: bool


class Organizers:
    """Use cases of new organizers."""

    def __init__(self, database: Database, clock: Clock, passwords: Passwords, limits: Limits) -> None:
        self._database = database
        self._clock = clock
        self._passwords = passwords
        self._limits = limits

    async def sign_up(self, wish: NewOrganizer, *, address: str) -> SignedIn:
        """Make an organizer and its owner, and sign the owner in.

        Raises `WeakPassword`, `UnknownRegionalSetting`, `SlugUnusable`, `TooManyTries`, `SlugTaken` or `MailTaken`, in this order.
        """
        slug = _check(wish)
        await spend_tries(self._database, (self._limits.sign_up_per_address, address), now=self._clock())
        password_hash = await self._passwords.hash(wish.owner_password)
        account = Account(new_id(), mail_key(wish.owner_mail), wish.owner_name, password_hash)
        now = self._clock()
        async with self._database.transaction(new_id()) as tx:
            await _found(tx, wish, slug)
            if not await add_account(tx, account, now=now):
                raise MailTaken
            owner = Actor(tx.organizer_id, ActorKind.USER, account.name, ROLE_PERMISSIONS[Role.OWNER], user_id=account.user_id)
            await add_membership(tx, account.user_id, Role.OWNER, now=now)
            await record(tx, owner, "organizer.signed_up", Subject("organizer", tx.organizer_id), {"slug": slug, "address": address})
            return await start_session(tx, user_id=account.user_id, name=account.name, role=Role.OWNER, now=now)

    async def ensure(self, wish: NewOrganizer, *, by: str, organizer_id: UUID | None = None) -> EnsuredOrganizer:
        """Make an organizer unless its slug stands: for the command line and demo data (`by` names which). May be repeated.

        An account that exists under the owner's mail keeps its password and becomes the owner.
        Raises `WeakPassword`, `UnknownRegionalSetting`, `SlugUnusable`.
        """
        slug = _check(wish)
        async with self._database.reading(None) as reader:
            known = await organizer_id_of_slug(reader, slug)
            account = await account_of_mail(reader, mail_key(wish.owner_mail))
        if known is not None:
            return EnsuredOrganizer(known, was_created=False)
        is_new = account is None
        if account is None:
            password_hash = await self._passwords.hash(wish.owner_password)
            account = Account(new_id(), mail_key(wish.owner_mail), wish.owner_name, password_hash)
        now = self._clock()
        async with self._database.transaction(organizer_id or new_id()) as tx:
            await _found(tx, wish, slug)
            if is_new and not await add_account(tx, account, now=now):
                raise MailTaken
            await add_membership(tx, account.user_id, Role.OWNER, now=now)
            actor = Actor.system(tx.organizer_id, by)
            await record(tx, actor, "organizer.signed_up", Subject("organizer", tx.organizer_id), {"slug": slug})
            return EnsuredOrganizer(tx.organizer_id, was_created=True)


def _check(wish: NewOrganizer) -> str:
    """The organizer's slug, once everything that needs no database was found right."""
    check_password(wish.owner_password, wish.owner_mail)
    check_regional_settings(currency=wish.currency, timezone=wish.timezone, locale=wish.locale)
    return slug_from(wish.name) if wish.slug is None else usable_slug(wish.slug)


async def _found(tx: Transaction, wish: NewOrganizer, slug: str) -> None:
    """The organizer's own rows and its event. Raises `SlugTaken`."""
    await enrol(tx)
    taken = await tx.execute(
        """
        INSERT INTO identity.slugs (slug, organizer_id, name)
        VALUES (%(slug)s, %(organizer_id)s, %(name)s)
        ON CONFLICT (slug) DO NOTHING
        """,
        slug=slug,
        name=wish.name,
    )
    if taken == 0:
        raise SlugTaken(slug)
    await tx.execute(
        """
        INSERT INTO identity.organizers (organizer_id, slug, name, country, currency, timezone, locale, created_at)
        VALUES (%(organizer_id)s, %(slug)s, %(name)s, %(country)s, %(currency)s, %(timezone)s, %(locale)s, now())
        """,
        slug=slug,
        name=wish.name,
        country=wish.country,
        currency=wish.currency,
        timezone=wish.timezone,
        locale=wish.locale,
    )
    tx.publish(
        OrganizerSignedUp(
            name=wish.name, slug=slug, country=wish.country, currency=wish.currency, timezone=wish.timezone, locale=wish.locale
        )
    )
