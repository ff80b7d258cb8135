"""What others may use of payments.

`Payments.start` and `Payments.refund` join the caller's transaction. A payment's outcome comes as an event (`payments.events`) with the
reference that the caller gave.
"""

from alltickets.payments.parts import Part, PartKind
from alltickets.payments.port import Card, CardForm, CardMethod, DeclineReason, Instructions, Redirect
from alltickets.payments.refusals import (
    AccountInvalid,
    AccountNotFound,
    AttemptsExhausted,
    CallbackForged,
    CardNotTaken,
    FeeScheduleNotFound,
    GatewayFailed,
    GatewayUnknown,
    HintsTooMany,
    NoAccountFits,
    NothingToRefund,
    PaymentChanged,
    PaymentClosed,
    PaymentNotFound,
    RefundTooLarge,
    RoutingDraftMissing,
    RoutingInvalid,
    SettlementActImpossible,
    SettlementLineNotFound,
    SettlementReportNotFound,
    SettlementUnreadable,
)
from alltickets.payments.routing.rules.facts import PaymentPurpose
from alltickets.payments.routing.rules.offering import PaymentOption
from alltickets.payments.service import Payments
from alltickets.payments.service.accounts import AccountDetails
from alltickets.payments.service.checkout import NextStep, Started, StartPayment
from alltickets.payments.service.ledger import Ledger, Verification
from alltickets.payments.service.refunds import AskRefund, RefundStarted

__all__ = [
    "AccountDetails",
    "AccountInvalid",
    "AccountNotFound",
    "AskRefund",
    "AttemptsExhausted",
    "CallbackForged",
    "Card",
    "CardForm",
    "CardMethod",
    "CardNotTaken",
    "DeclineReason",
    "FeeScheduleNotFound",
    "GatewayFailed",
    "GatewayUnknown",
    "HintsTooMany",
    "Instructions",
    "Ledger",
    "NextStep",
    "NoAccountFits",
    "NothingToRefund",
    "Part",
    "PartKind",
    "PaymentChanged",
    "PaymentClosed",
    "PaymentNotFound",
    "PaymentOption",
    "PaymentPurpose",
    "Payments",
    "Redirect",
    "RefundStarted",
    "RefundTooLarge",
    "RoutingDraftMissing",
    "RoutingInvalid",
    "SettlementActImpossible",
    "SettlementLineNotFound",
    "SettlementReportNotFound",
    "SettlementUnreadable",
    "StartPayment",
    "Started",
    "Verification",
]
