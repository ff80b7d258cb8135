"""Sellers who connect through the platform's application: asked, come back, renewed, looked at, and let go."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from prometheus_client import Counter

from alltickets.identity.interface import Actor, Subject, record
from alltickets.kernel.errors import Trouble
from alltickets.kernel.time import Clock
from alltickets.payments.account_rows import AccountRow, insert_account, put_credentials, seal_credentials
from alltickets.payments.breaker.store import forget, note_fault
from alltickets.payments.hints import HintAllowance
from alltickets.payments.port import GatewayError, Notice
from alltickets.payments.refusals import (
    AccountInvalid,
    CallbackForged,
    ConnectionFailed,
    ConnectionFailure,
    ConnectionNeedsPerson,
    ConnectionNotConfigured,
    HintsTooMany,
)
from alltickets.payments.sellers.port import Application, Grant, Profile, environment_of
from alltickets.payments.sellers.rules import ASK_LIVES, Ask, challenge_of, digest_of, next_due, renew_again_at
from alltickets.payments.sellers.store import (
    Seller,
    StoredAsk,
    accounts_of_seller,
    claim_due,
    delete_old_asks,
    keep_ask,
    mark_connected,
    mark_revoked,
    note_profile,
    postpone,
    release_ask,
    store_grant,
    suspect,
    take_ask,
)
from alltickets.payments.service.accounts import AccountsService, CheckResult
from alltickets.payments.sweeping import organizers_with_due_sellers, sweep_each
from alltickets.platform.database import Database, Transaction
from alltickets.platform.secrets import KeyRing, SecretsError

__all__ = ["Asked", "CameBack", "ConnectedSeller", "Sellers"]

LOOK_AGAIN = timedelta(minutes=15)
"""After a question that was not answered."""
STORE_AGAIN_SECONDS = (0.0, 1.0, 5.0, 15.0)
"""New tokens are the only ones there are: a database that is away for a moment must not cost a seller."""

_log = structlog.get_logger()
_grants = Counter("alltickets_payment_sellers", "Grants of sellers by what became of them", ["gateway", "outcome"])


@dataclass(frozen=True, slots=True)
class Asked:
    """Where the seller is asked, and until when they may come back."""

    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CameBack:
    """What a browser brought back from the provider. All of it is anybody's until it fits a request to connect."""

    state: str | None
    code: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class ConnectedSeller:
    """An account that takes payments now, and how its test went. is_barred: it is a test account, and buyers are not offered it."""

    account_id: UUID
    seller_id: str
    nickname: str
    is_live: bool
    is_barred: bool
    is_new: bool
    check: CheckResult


class Sellers:
    """Use cases of sellers. The provider is asked outside of transactions."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        key_ring: KeyRing,
        accounts: AccountsService,
        applications: Sequence[Application],
        *,
        public_url: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._key_ring = key_ring
        self._accounts = accounts
        self._applications: Mapping[str, Application] = {one.gateway: one for one in applications}
        self._public_url = public_url
        self._allowance = HintAllowance()

    async def ask(self, actor: Actor, gateway: str, *, label: str) -> Asked:
        """Begin: where the person who asks has to go. Raises `ConnectionNotConfigured` or `ConnectionNeedsPerson`."""
        application = self._application(gateway)
        if actor.user_id is None:
            raise ConnectionNeedsPerson
        now, ask = self._clock(), Ask()
        digest = digest_of(ask.state)
        stored = StoredAsk(
            gateway=gateway,
            user_id=actor.user_id,
            label=label,
            verifier_sealed=self._key_ring.seal(ask.verifier.encode(), _verifier_context(digest)),
            expires_at=now + ASK_LIVES,
            used_at=None,
        )
        async with self._database.transaction(actor.organizer_id) as tx:
            await delete_old_asks(tx, now)
            await keep_ask(tx, digest, stored)
        challenge = challenge_of(ask.verifier)
        url = application.consent_url(state=ask.state, challenge=challenge, return_url=self._return_url(gateway))
        return Asked(url, stored.expires_at)

    async def come_back(self, actor: Actor, gateway: str, brought: CameBack) -> ConnectedSeller:
        """The seller is back: take their grant, and connect the account, or the one that they have already, anew.

        Raises `ConnectionNotConfigured`, or `ConnectionFailed`; after that everything is as it was, and what was "unanswered" may come back
        again.
        """
        application = self._application(gateway)
        digest = digest_of(brought.state or "")
        ask = await self._take(actor, gateway, digest)
        if brought.error is not None or not brought.code:
            raise ConnectionFailed("denied")
        try:
            verifier = self._key_ring.open(ask.verifier_sealed, _verifier_context(digest)).decode()
            grant = await application.redeem(brought.code, verifier=verifier, return_url=self._return_url(gateway))
        except SecretsError as fault:
            raise ConnectionFailed("expired") from fault
        except GatewayError as error:
            failure = _failure_of(error)
            _log.warning("seller not connected", gateway=gateway, failure=failure, kind=error.kind, code=error.code)
            if failure == "unanswered":
                async with self._database.transaction(actor.organizer_id) as tx:
                    await release_ask(tx, digest)
            raise ConnectionFailed(failure) from error
        return await self._connect(actor, application, ask, grant, await _profile_of(application, grant))

    async def hear(self, gateway: str, notice: Notice) -> None:
        """A notice to the application. Whatever it says, the seller whom it names is only looked at.

        Raises `ConnectionNotConfigured`, `CallbackForged` or `HintsTooMany`.
        """
        application = self._application(gateway)
        now = self._clock()
        verdict = application.verify_notice(notice, now=now)
        if verdict == "rejected":
            raise CallbackForged
        if verdict == "unsigned" and not self._allowance.takes(UUID(int=0), now):
            raise HintsTooMany
        seller_id = application.seller_in(notice)
        if seller_id is None:
            return
        async with self._database.reading(None) as reader:
            found = await accounts_of_seller(reader, gateway, seller_id)
        for organizer_id, account_id in found:
            async with self._database.transaction(organizer_id) as tx:
                await suspect(tx, [account_id], now)

    async def sweep(self) -> int:
        """Renew the grants whose time has come, and look at the others once a day and when there is reason to; how many those were."""
        return await sweep_each(await organizers_with_due_sellers(self._database, self._clock()), self._sweep)

    async def _sweep(self, organizer_id: UUID) -> int:
        async with self._database.transaction(organizer_id) as tx:
            claimed = await claim_due(tx, self._clock())
        for seller in claimed:
            application = self._applications.get(seller.gateway)
            try:
                credentials = seller.credentials(self._key_ring)
            except SecretsError as fault:
                _log.error("tokens of a seller cannot be opened", account=str(seller.account_id), fault=str(fault))
                continue
            if application is None:
                _log.error("seller of an application that is not configured", account=str(seller.account_id), gateway=seller.gateway)
                continue
            if seller.renew_at <= self._clock():
                await self._renew(organizer_id, application, seller, credentials)
            else:
                await self._look(organizer_id, application, seller, credentials)
        return len(claimed)

    async def _renew(self, organizer_id: UUID, application: Application, seller: Seller, credentials: Mapping[str, str]) -> None:
        """The old tokens stay where they are until the new ones are stored in their place."""
        try:
            grant = await application.renew(credentials)
        except GatewayError as error:
            _log.warning("tokens not renewed", account=str(seller.account_id), kind=error.kind, code=error.code)
            _grants.labels(seller.gateway, "renewal_failed").inc()
            now, tries = self._clock(), seller.renew_tries + 1
            again_at = renew_again_at(now, tries)
            async with self._database.transaction(organizer_id) as tx:
                await postpone(tx, seller, renewed_at=again_at, tries=tries, due_at=again_at)
                text = f"The seller's tokens were not renewed: {error}"
                await note_fault(tx, seller.account_id, "connect", error.kind, text, now)
            if error.kind == "invalid_request":
                # Used up, or taken back: whether the account still works says which.
                await self._look(organizer_id, application, seller, credentials, renewed_at=again_at, tries=tries)
            return
        await self._store(organizer_id, seller, grant)

    async def _store(self, organizer_id: UUID, seller: Seller, grant: Grant) -> None:
        sealed = seal_credentials(self._key_ring, seller.account_id, grant.credentials)
        for tried, pause in enumerate(STORE_AGAIN_SECONDS, 1):
            await asyncio.sleep(pause)
            try:
                async with self._database.transaction(organizer_id) as tx:
                    stored = await store_grant(tx, seller, grant, sealed.text, now=self._clock())
            except Trouble:
                if tried == len(STORE_AGAIN_SECONDS):
                    raise
                continue
            _grants.labels(seller.gateway, "renewed" if stored else "superseded").inc()
            return

    async def _look(
        self,
        organizer_id: UUID,
        application: Application,
        seller: Seller,
        credentials: Mapping[str, str],
        *,
        renewed_at: datetime | None = None,
        tries: int = 0,
    ) -> None:
        """Whether the seller still lets us act for them; what changed is written down with when to look next."""
        renewed_at = renewed_at or seller.renew_at
        profile, error = await _asked(application, credentials)
        now = self._clock()
        is_revoked = error is not None and error.kind == "auth_config"
        due_at: datetime | None = now + LOOK_AGAIN if error is not None and not is_revoked else next_due(now, renewed_at)
        if is_revoked and now >= seller.expires_at:
            due_at = None
        async with self._database.transaction(organizer_id) as tx:
            await postpone(tx, seller, renewed_at=renewed_at, tries=tries, due_at=due_at)
            if profile is not None:
                await note_profile(tx, seller.account_id, profile)
                if await mark_revoked(tx, seller, None):
                    await forget(tx, seller.account_id)
                    await self._told(tx, seller, "restored")
            elif is_revoked and await mark_revoked(tx, seller, now):
                text = "The seller has taken back their leave, or it has ended: connect the account again."
                await note_fault(tx, seller.account_id, "connect", "auth_config", text, now)
                await self._told(tx, seller, "revoked")

    async def _told(self, tx: Transaction, seller: Seller, what: str) -> None:
        """Tell the organizer: in the audit log, and in the list of accounts."""
        _log.warning(f"seller {what}", account=str(seller.account_id), gateway=seller.gateway)
        _grants.labels(seller.gateway, what).inc()
        actor = Actor.system(tx.organizer_id, seller.gateway)
        await record(tx, actor, f"gateway_account.{what}", Subject("gateway_account", seller.account_id), {"seller": seller.seller_id})

    async def _take(self, actor: Actor, gateway: str, digest: bytes) -> StoredAsk:
        """The request to connect, which is used up by this. Raises `ConnectionFailed`."""
        if actor.user_id is None:
            raise ConnectionFailed("unknown")
        now = self._clock()
        async with self._database.transaction(actor.organizer_id) as tx:
            ask, is_taken = await take_ask(tx, digest, gateway=gateway, user_id=actor.user_id, now=now)
        if ask is None or ask.user_id != actor.user_id or ask.gateway != gateway:
            raise ConnectionFailed("unknown")
        if not is_taken:
            raise ConnectionFailed("expired" if ask.expires_at <= now else "used")
        return ask

    async def _connect(
        self, actor: Actor, application: Application, ask: StoredAsk, grant: Grant, profile: Profile | None
    ) -> ConnectedSeller:
        if profile is not None and not profile.is_fit:
            raise ConnectionFailed("unfit")
        now, environment = self._clock(), environment_of(grant, profile)
        async with self._database.transaction(actor.organizer_id) as tx:
            account_id, is_new = await mark_connected(tx, ask.gateway, grant, profile, now=now)
            sealed = seal_credentials(self._key_ring, account_id, grant.credentials)
            if is_new:
                row = AccountRow(account_id, ask.gateway, ask.label, application.currency, {}, sealed, environment)
                await insert_account(tx, row, now)
            else:
                if profile is not None:
                    await note_profile(tx, account_id, profile)
                # As long as nobody knows who they are, what was found out of them before counts.
                told = None if profile is None and grant.is_live else environment
                try:
                    environment = await put_credentials(tx, account_id, sealed, told, now)
                except AccountInvalid as fault:
                    raise ConnectionFailed("other_environment") from fault
            action = "gateway_account.connected" if is_new else "gateway_account.reconnected"
            detail = {"gateway": ask.gateway, "seller": grant.seller_id, "environment": environment}
            await record(tx, actor, action, Subject("gateway_account", account_id), detail)
        _grants.labels(ask.gateway, "connected" if is_new else "reconnected").inc()
        return ConnectedSeller(
            account_id=account_id,
            seller_id=grant.seller_id,
            nickname="" if profile is None else profile.nickname,
            is_live=environment == "live",
            is_barred=self._accounts.bars(environment),
            is_new=is_new,
            check=await self._accounts.check(actor.organizer_id, account_id),
        )

    def _application(self, gateway: str) -> Application:
        application = self._applications.get(gateway)
        if application is None:
            raise ConnectionNotConfigured(gateway)
        return application

    def _return_url(self, gateway: str) -> str:
        return f"{self._public_url}/api/organizer/payments/connections/{gateway}/return"


async def _profile_of(application: Application, grant: Grant) -> Profile | None:
    """Who the seller is; None where that cannot be told now: what they gave us is worth more than their name."""
    profile, error = await _asked(application, grant.credentials)
    if error is not None:
        _log.warning("seller without a name", gateway=application.gateway, kind=error.kind, code=error.code)
    return profile


async def _asked(application: Application, credentials: Mapping[str, str]) -> tuple[Profile | None, GatewayError | None]:
    try:
        return await application.profile(credentials), None
    except GatewayError as error:
        return None, error


def _failure_of(error: GatewayError) -> ConnectionFailure:
    if error.kind == "invalid_request":
        return "code_refused"
    return "misconfigured" if error.kind == "auth_config" else "unanswered"


def _verifier_context(digest: bytes) -> str:
    return f"payments.seller_asks/{digest.hex()}/verifier"
