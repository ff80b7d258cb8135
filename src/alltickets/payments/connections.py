"""Connected accounts, kept in the process: unsealing credentials costs more than a whole payment should."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import structlog

from alltickets.payments.breaker.rules import CLOSED, Breaker, state_of
from alltickets.payments.instalments.rules import InstalmentPlan
from alltickets.payments.parts import Part
from alltickets.payments.port import AccountEnvironment, CardForm, Creation, Gateway, GatewayError, Instructions, Provider, Redirect
from alltickets.payments.refusals import AccountInvalid, AccountNotFound, GatewayUnknown
from alltickets.payments.routing.rules.facts import AccountTerms
from alltickets.payments.schedule import ABSENT_FOR_MIN
from alltickets.payments.splitting import SplitContract, platform_fee_minor
from alltickets.platform.database import Reader
from alltickets.platform.secrets import KeyRing, SecretsError

__all__ = ["Accounts", "ConnectedAccount", "Connections", "sealing_context"]

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ConnectedAccount:
    """An account ready for work. is_enabled: it may take new payments, being switched on and not revoked by its seller.

    is_barred: no money moves there, and this installation sells nothing for that.
    """

    id: UUID
    provider: str
    label: str
    currency: str
    is_enabled: bool
    gateway: Gateway
    priority: int
    terms: AccountTerms
    breaker: Breaker = CLOSED
    is_barred: bool = False
    plans: tuple[InstalmentPlan, ...] = ()
    """What instalments with interest cost there."""
    splits: tuple[SplitContract, ...] = ()
    """Whether and since when what is sold there is divided."""

    @property
    def divides(self) -> bool:
        """Whether the gateway pays the platform's fee to the platform, where a contract says so."""
        return self.gateway.capabilities.funds == "split"

    def platform_fee_minor(self, parts: Sequence[Part], at: datetime) -> int | None:
        """What the gateway is asked to pay to the platform of a sale of these parts; None where it divides nothing."""
        return platform_fee_minor(self.splits, parts, at.astimezone(UTC).date()) if self.divides else None

    def sign(self, creation: Creation) -> Redirect | CardForm | Instructions:
        """What the gateway signs, within the account's terms: a form offers no card, and no number of instalments, that they leave out."""
        step = self.gateway.sign(creation)
        if not isinstance(step, CardForm):
            return step
        most = self.terms.instalments_max
        offered = [
            one if most is None else msgspec.structs.replace(one, installments=tuple(count for count in one.installments if count <= most))
            for one in step.methods
            if not self.terms.methods or one.kind in self.terms.methods
        ]
        return msgspec.structs.replace(step, methods=tuple(one for one in offered if one.installments))

    @property
    def is_offline(self) -> bool:
        """Whether there is no gateway to ask: people record what they see."""
        return self.gateway.capabilities.news == "person"


@dataclass(slots=True)
class _Row:
    id: UUID
    gateway: str
    label: str
    currency: str
    settings: dict[str, str]
    credentials_sealed: str
    is_enabled: bool
    priority: int
    terms: dict[str, Any]
    instalment_plans: list[dict[str, Any]]
    split_contracts: list[dict[str, Any]]
    environment: AccountEnvironment
    version: int
    routing_version: int
    failures_in_row: int | None
    opened_until: datetime | None
    probing_until: datetime | None

    @property
    def breaker(self) -> Breaker:
        """As far as whoever wants to call has to know it."""
        return Breaker(failures_in_row=self.failures_in_row or 0, opened_until=self.opened_until, probing_until=self.probing_until)


def sealing_context(account_id: UUID) -> str:
    """What credentials are bound to: those of one account cannot be passed off as another's."""
    return f"payments.accounts/{account_id}/credentials"


class Connections:
    """Opens accounts and keeps them open until they change."""

    def __init__(self, providers: Sequence[Provider], key_ring: KeyRing, *, test_accounts_sell: bool = True) -> None:
        self._providers = {provider.name: provider for provider in providers}
        self._key_ring = key_ring
        self._test_accounts_sell = test_accounts_sell
        self._open: dict[UUID, tuple[int, ConnectedAccount | None]] = {}

    def provider(self, name: str) -> Provider:
        """The provider of that name. Raises `GatewayUnknown`."""
        provider = self._providers.get(name)
        if provider is None:
            raise GatewayUnknown(name, tuple(sorted(self._providers)))
        return provider

    def knows(self, name: str) -> bool:
        """Whether there is a provider of that name."""
        return name in self._providers

    def bars(self, environment: AccountEnvironment) -> bool:
        """Whether buyers are offered no account of this kind."""
        return environment == "test" and not self._test_accounts_sell

    async def of(self, reader: Reader) -> "Accounts":
        """The accounts of the reader's organizer, first choice first, and how often its routing has changed. One statement."""
        rows = await reader.fetch_all(
            _Row,
            """
            SELECT a.id, a.gateway, a.label, a.currency, a.settings, a.credentials_sealed,
                   a.is_enabled AND r.revoked_at IS NULL AS is_enabled, a.priority, a.terms, a.instalment_plans, a.split_contracts,
                   a.environment, a.version,
                   b.failures_in_row, b.opened_until, b.probing_until, coalesce(s.version, 0) AS routing_version
              FROM payments.accounts a
              LEFT JOIN payments.routing_states s
                ON s.organizer_id = a.organizer_id
              LEFT JOIN payments.sellers r
                ON r.organizer_id = a.organizer_id AND r.account_id = a.id
              LEFT JOIN payments.breakers b
                ON b.organizer_id = a.organizer_id AND b.account_id = a.id
             WHERE a.organizer_id = %(organizer_id)s
             ORDER BY a.priority, a.id
            """,
        )
        connected = [(self._connect(row), row.breaker) for row in rows]
        by_id = {account.id: _with(account, breaker) for account, breaker in connected if account is not None}
        return Accounts(by_id, version=tuple((row.id, row.version, row.routing_version) for row in rows))

    def _connect(self, row: _Row) -> ConnectedAccount | None:
        kept = self._open.get(row.id)
        if kept is not None and kept[0] == row.version:
            return kept[1]
        try:
            account = self._opened(row)
        except (SecretsError, AccountInvalid, GatewayUnknown) as fault:
            # One account that cannot be opened must not take the organizer's others with it. Said once, not with every payment.
            _log.error("gateway account cannot be opened", account=str(row.id), gateway=row.gateway, fault=str(fault))
            account = None
        self._open[row.id] = (row.version, account)
        return account

    def _opened(self, row: _Row) -> ConnectedAccount:
        opened = self._key_ring.open(row.credentials_sealed, sealing_context(row.id))
        credentials = msgspec.json.decode(opened, type=dict[str, str])
        gateway = self.provider(row.gateway).connect(row.settings, credentials)
        terms = msgspec.convert(row.terms, AccountTerms)
        plans = msgspec.convert(row.instalment_plans, tuple[InstalmentPlan, ...])
        return ConnectedAccount(
            row.id,
            row.gateway,
            row.label,
            row.currency,
            row.is_enabled,
            gateway,
            row.priority,
            terms,
            # Either says it: the row what was found out of the account, the gateway what its keys and settings tell by themselves.
            is_barred=self.bars(row.environment) or self.bars(gateway.environment),
            plans=plans,
            splits=msgspec.convert(row.split_contracts, tuple[SplitContract, ...]),
        )


def _with(account: ConnectedAccount, breaker: Breaker) -> ConnectedAccount:
    return account if breaker.is_clean else replace(account, breaker=breaker)


class Accounts:
    """The accounts of one organizer, as they stood a moment ago. `version` differs when any of them, or its routing, has changed."""

    def __init__(self, by_id: Mapping[UUID, ConnectedAccount], *, version: object = ()) -> None:
        self._by_id = by_id
        self.version = version

    @property
    def all(self) -> tuple[ConnectedAccount, ...]:
        """Every account that can be opened, first choice first."""
        return tuple(self._by_id.values())

    def get(self, account_id: UUID) -> ConnectedAccount:
        """That account, switched on or not. Raises `AccountNotFound`."""
        account = self._by_id.get(account_id)
        if account is None:
            raise AccountNotFound
        return account

    def find(self, account_id: UUID) -> ConnectedAccount | None:
        """That account; None where it cannot be opened."""
        return self._by_id.get(account_id)

    def alike(self, account_id: UUID) -> tuple[UUID, ...]:
        """The other accounts with which a buyer who chose that one does the same; none where they bring the money by themselves."""
        one = self.get(account_id)
        if one.is_offline:
            return ()
        flow = one.gateway.capabilities.flow
        return tuple(other.id for other in self.all if other.id != account_id and other.gateway.capabilities.flow == flow)

    def patience_hours(self, account_ids: Sequence[UUID]) -> int | None:
        """How long places are kept where each of these waits for the money: as long as the least patient one does."""
        patience = [self.get(one).gateway.capabilities.patience for one in account_ids]
        return min((one.hours for one in patience if one is not None), default=None) if None not in patience else None

    def is_offline(self, account_id: UUID) -> bool:
        """Whether that account has no gateway that could be asked: what people recorded is all there is to know."""
        account = self._by_id.get(account_id)
        return account is not None and account.is_offline

    def refunds_parts(self, account_id: UUID) -> bool:
        """Whether that account's gateway gives parts of a payment back; one that cannot be opened now may, once it can."""
        account = self._by_id.get(account_id)
        return account is None or account.gateway.capabilities.partial_refunds

    def makes_reports(self, account_id: UUID) -> bool:
        """Whether that account's gateway makes settlement reports when it is asked."""
        account = self._by_id.get(account_id)
        return account is not None and account.gateway.capabilities.settlements == "fetched"

    def gateway_of(self, account_id: UUID) -> Gateway:
        """That account's gateway. Raises `GatewayError` of kind "auth_config" where it cannot be opened: people put that right."""
        account = self._by_id.get(account_id)
        if account is None:
            raise GatewayError(f"The account {account_id} cannot be opened.", kind="auth_config")
        return account.gateway

    def absent_for_min(self, account_id: UUID) -> timedelta:
        """For how long that account's gateway must know of no payment until it is believed."""
        account = self._by_id.get(account_id)
        return ABSENT_FOR_MIN if account is None else timedelta(seconds=account.gateway.capabilities.absent_seconds_min)

    def failing(self, now: datetime) -> tuple[UUID, ...]:
        """The accounts whose breaker is open: they do not answer at present."""
        return tuple(account.id for account in self._by_id.values() if state_of(account.breaker, now) == "open")
