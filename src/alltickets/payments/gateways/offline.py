"""Bank transfer and cash at the box office: gateways without a provider. The buyer pays with a code, and a person who sees it says so.

Nobody outside can be asked and nobody calls back: what people recorded is all that is known, and stands in our own books
(`service/confirming.py`, `service/statements.py`). The two are one thing but for what the buyer is told and how long it may take.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from alltickets.kernel.money import CURRENCY_EXPONENTS
from alltickets.payments.port import (
    AccountEnvironment,
    Callback,
    Capabilities,
    Creation,
    DisputeAnswer,
    Final,
    GatewayError,
    GatewayPayment,
    Hint,
    InstructionKind,
    InstructionLine,
    Instructions,
    Notice,
    Patience,
    Pending,
    Redirect,
    RefundOrder,
    RefundResult,
    SettlementFile,
    SettlementOrdered,
    Verdict,
)
from alltickets.payments.refusals import AccountInvalid

__all__ = ["OFFLINE", "Cash", "OfflineGateway", "Transfer"]

OFFLINE = Capabilities(
    flow="offline",
    create_needs_call=False,
    create_idempotency="none",
    # Nothing is carried out here, however often it is asked for: a person gives the money back once.
    refund_idempotency="none",
    news="person",
    funds="organizer",
    instalments="none",
    partial_refunds=True,
    early_refunds="same",
    settlements="none",
    disputes="none",
    expires_in_seconds_min=0,
    currencies=tuple(sorted(CURRENCY_EXPONENTS)),
)

HOURS_MAX = 168
"""A week: what nobody has paid for is not kept from others for longer."""
HOURS_BEFORE_MAX = 720
VALUE_LENGTH_MAX = 120

_CBU_WEIGHTS = (7, 1, 3, 9, 7, 1, 3), (3, 9, 7, 1, 3, 9, 7, 1, 3, 9, 7, 1, 3)
_CUIT_WEIGHTS = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
_alias = re.compile(r"[A-Za-z0-9.-]{6,20}")
_line = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class _Way:
    """What an account of this way of paying is asked for."""

    method: Literal["bank_transfer", "cash"]
    lines: Mapping[InstructionKind, Callable[[str], str | None]]
    """What the buyer reads, in this order, and what may be wrong with each."""
    required: tuple[InstructionKind, ...]
    one_of: tuple[InstructionKind, ...]
    """Of which the buyer needs one at least."""
    hours: int
    hours_before: int
    """Unless the organizer says otherwise."""


class _Offline:
    """A way of paying that needs no provider."""

    name: str
    callback_headers: tuple[str, ...] = ()
    way: _Way

    def connect(self, settings: Mapping[str, str], credentials: Mapping[str, str]) -> "OfflineGateway":
        """settings: what the buyer is told, `hours` that places are kept for, `hours_before` the show by which they must be paid."""
        faults = [f"settings: {name} is not known" for name in settings if name not in (*self.way.lines, "hours", "hours_before")]
        faults += [f"credentials: {name} is not known, there are none" for name in credentials]
        told = {kind: settings.get(kind, "").strip() for kind in self.way.lines}
        faults += [f"settings: {kind} is missing" for kind in self.way.required if not told[kind]]
        for kind, find_fault in self.way.lines.items():
            fault = (_fault_of_line(told[kind]) or find_fault(told[kind])) if told[kind] else None
            faults += [] if fault is None else [f"settings: {kind} {fault}"]
        if self.way.one_of and not any(told[kind] for kind in self.way.one_of):
            faults.append(f"settings: {' or '.join(self.way.one_of)} is missing")
        hours, hours_before = settings.get("hours", str(self.way.hours)), settings.get("hours_before", str(self.way.hours_before))
        faults += _faults_of_number("hours", hours, 1, HOURS_MAX) + _faults_of_number("hours_before", hours_before, 0, HOURS_BEFORE_MAX)
        if faults:
            raise AccountInvalid(tuple(faults))
        lines = tuple(InstructionLine(kind, value) for kind, value in told.items() if value)
        patience = Patience(hours=int(hours), hours_before=int(hours_before))
        return OfflineGateway(self.way.method, lines, msgspec.structs.replace(OFFLINE, patience=patience))


class OfflineGateway:
    """An organizer's bank account, or its box office: what people bring there is always money."""

    environment: AccountEnvironment = "live"

    def __init__(self, method: Literal["bank_transfer", "cash"], lines: tuple[InstructionLine, ...], capabilities: Capabilities) -> None:
        self._method = method
        self._lines = lines
        self.capabilities = capabilities

    def sign(self, creation: Creation) -> Instructions:
        """How to pay, the same each time while the organizer leaves the account as it is."""
        assert creation.code is not None, "whoever starts a payment on an offline account gives it a code"
        return Instructions(method=self._method, code=creation.code, amount=creation.amount, until=creation.expires_at, lines=self._lines)

    async def create(self, creation: Creation) -> Redirect | Final | Pending:  # noqa: ARG002
        """Refused: `sign` says all there is to say."""
        raise _nobody()

    async def expire(self, provider_reference: str) -> None:  # noqa: ARG002
        """Never called: it has no pages."""
        raise _nobody()

    async def query(self, reference: str) -> list[GatewayPayment]:  # noqa: ARG002
        """Refused: what there is to know of a payment was recorded here, and to say "none" would deny what people have seen."""
        raise _nobody()

    async def fetch(self, hint: Hint) -> list[GatewayPayment]:  # noqa: ARG002
        """Refused likewise."""
        raise _nobody()

    async def capture(self, payment: GatewayPayment) -> GatewayPayment:  # noqa: ARG002
        """Refused: nothing is reserved."""
        raise _nobody()

    async def void(self, payment: GatewayPayment) -> GatewayPayment:  # noqa: ARG002
        """Refused likewise."""
        raise _nobody()

    async def refund(self, order: RefundOrder) -> RefundResult:  # noqa: ARG002
        """Left to a person, who notes it (`Refunds.settle_by_hand`)."""
        return RefundResult(status="pending")

    async def query_refund(self, order: RefundOrder) -> RefundResult | None:  # noqa: ARG002
        """None: nothing was sent to anybody."""
        return None

    async def answer_dispute(self, answer: DisputeAnswer) -> None:  # noqa: ARG002
        """Refused: nobody can dispute it."""
        raise _nobody()

    async def settlement(self, begins_at: datetime, ends_at: datetime, *, ordered: str | None) -> SettlementFile | SettlementOrdered:  # noqa: ARG002
        """Refused: a bank's statement says what came."""
        raise _nobody()

    async def check(self) -> None:
        """What can be wrong with the account was told when it was connected."""

    def verify_callback(self, notice: Notice, *, now: datetime) -> Verdict:  # noqa: ARG002
        """Whoever calls back, nobody was asked to."""
        return "rejected"

    def parse_callback(self, notice: Notice) -> Callback:  # noqa: ARG002
        """Refused: there are none."""
        raise _nobody("invalid_request")


class Transfer(_Offline):
    """A transfer to the organizer's bank account, named by CBU (or CVU) or by alias."""

    name = "transfer"

    def __init__(self) -> None:
        self.way = _Way(
            method="bank_transfer",
            lines={"holder": _fine, "cuit": _fault_of_cuit, "bank": _fine, "cbu": _fault_of_cbu, "alias": _fault_of_alias},
            required=("holder",),
            one_of=("cbu", "alias"),
            hours=48,
            hours_before=24,
        )


class Cash(_Offline):
    """Cash at the organizer's box office."""

    name = "cash"

    def __init__(self) -> None:
        self.way = _Way(
            method="cash", lines={"place": _fine, "opening": _fine}, required=("place", "opening"), one_of=(), hours=24, hours_before=2
        )


def _nobody(kind: Literal["unsupported", "invalid_request"] = "unsupported") -> GatewayError:
    return GatewayError("There is nobody to ask about a transfer or cash: people record what they see.", kind=kind)


def _fine(_: str) -> None:
    return None


def _fault_of_line(value: str) -> str | None:
    if len(value) > VALUE_LENGTH_MAX:
        return f"is longer than {VALUE_LENGTH_MAX} characters"
    return None if _line.fullmatch(value) else "must be one line of text"


def _faults_of_number(name: str, value: str, low: int, high: int) -> list[str]:
    is_good = value.isascii() and value.isdigit() and len(value) <= 4 and low <= int(value) <= high
    return [] if is_good else [f"settings: {name} must be a whole number from {low} to {high}"]


def _fault_of_alias(alias: str) -> str | None:
    return None if _alias.fullmatch(alias) else "must be 6 to 20 letters, digits, dots or hyphens"


def _fault_of_cbu(cbu: str) -> str | None:
    """Twenty-two digits in two blocks, each with a check digit at its end (BCRA, Comunicación A 2622); a CVU is made the same way."""
    if not re.fullmatch(r"[0-9]{22}", cbu):
        return "must have 22 digits and nothing else"
    for block, weights in zip((cbu[:8], cbu[8:]), _CBU_WEIGHTS, strict=True):
        if (-_weighted(block, weights)) % 10 != int(block[-1]):
            return "is mistyped: its check digit does not fit"
    return None


def _fault_of_cuit(cuit: str) -> str | None:
    """Eleven digits, the last of which checks the others modulo 11 (AFIP); written with hyphens or without."""
    digits = cuit.replace("-", "")
    if not re.fullmatch(r"[0-9]{11}", digits):
        return "must have 11 digits, as in 30-12345678-1"
    check = (-_weighted(digits, _CUIT_WEIGHTS)) % 11
    return None if check == int(digits[-1]) else "is mistyped: its check digit does not fit"


def _weighted(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))
