"""What others may use of payments.

`Payments.start` and `Payments.refund` join the caller's transaction. A payment's outcome comes as an event (`payments.events`) with the
reference that the caller gave.
"""

from alltickets.payments.codes import shown_code
from alltickets.payments.parts import Part, PartKind
from alltickets.payments.port import Card, CardForm, CardMethod, DeclineReason, Instructions, Purchase, PurchaseLine, Redirect
from alltickets.payments.queries import PaymentDetails
from alltickets.payments.refusals import (
    AccountInvalid,
    AccountNotFound,
    AmountDiffers,
    AttemptsExhausted,
    AwaitedPaymentNotFound,
    CallbackForged,
    CardNotTaken,
    ConnectionFailed,
    ConnectionNeedsPerson,
    ConnectionNotConfigured,
    FeeScheduleNotFound,
    GatewayFailed,
    GatewayUnknown,
    HintsTooMany,
    NoAccountFits,
    NoLayout,
    NotABankAccount,
    NothingToRefund,
    PaymentChanged,
    PaymentClosed,
    PaymentNotFound,
    ReceivedLater,
    RefundNotByHand,
    RefundNotFound,
    RefundTooLarge,
    RoutingDraftMissing,
    RoutingInvalid,
    SettlementActImpossible,
    SettlementLineNotFound,
    SettlementReportNotFound,
    SettlementUnreadable,
    TooLateForAccount,
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
    "AmountDiffers",
    "AskRefund",
    "AttemptsExhausted",
    "AwaitedPaymentNotFound",
    "CallbackForged",
    "Card",
    "CardForm",
    "CardMethod",
    "CardNotTaken",
    "ConnectionFailed",
    "ConnectionNeedsPerson",
    "ConnectionNotConfigured",
    "DeclineReason",
    "FeeScheduleNotFound",
    "GatewayFailed",
    "GatewayUnknown",
    "HintsTooMany",
    "Instructions",
    "Ledger",
    "NextStep",
    "NoAccountFits",
    "NoLayout",
    "NotABankAccount",
    "NothingToRefund",
    "Part",
    "PartKind",
    "PaymentChanged",
    "PaymentClosed",
    "PaymentDetails",
    "PaymentNotFound",
    "PaymentOption",
    "PaymentPurpose",
    "Payments",
    "Purchase",
    "PurchaseLine",
    "ReceivedLater",
    "Redirect",
    "RefundNotByHand",
    "RefundNotFound",
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
    "TooLateForAccount",
    "Verification",
    "shown_code",
]
