"""What payments refuses, and why.

Refusal
├── AccountInvalid        what was entered cannot be an account of that gateway
├── GatewayUnknown        no gateway has that name
├── AccountNotFound       no such account of this organizer, or at that callback address
├── NoAccountFits         no connected account can take this payment
│   └── OptionGone        but there is another way to pay than the chosen one
├── TooLateForAccount     the chosen account needs more time than there is
├── AttemptsExhausted     this payment was tried too often
├── CardNotTaken          the payment's form does not offer such a card or so many instalments
├── InstalmentsChanged    the buyer was told less than so many instalments cost by now
├── PaymentClosed         it is paid, or was given back: it cannot be paid again
├── PromotionInvalid      what was entered is no promotion
├── PromotionNotFound     no such promotion of this organizer
├── PromotionOver         what the buyer was shown does not hold for this card, or not any more
├── RoutingInvalid        a policy, a commission table or an account's terms do not fit together
├── RoutingDraftMissing   there is no draft that could be activated
├── FeeScheduleNotFound   no such line of the commission tables
├── PaymentNotFound       nothing was ever to be paid under this reference
├── PaymentChanged        the reference stands for another amount
├── NothingToRefund       no money was taken, or all of it was given back
├── RefundTooLarge        more than what is left
├── RefundWholeOnly       a part, of what its gateway gives back as a whole
├── AwaitedPaymentNotFound  no payment by transfer or in cash has that id
├── AmountDiffers         the money that somebody saw is not what was asked for
├── ReceivedLater         money that comes another day was not seen
├── RefundNotFound        no such refund
├── RefundRefused         its gateway refused it before: it is made again, not ordered again
├── RefundOver            the money was given back: nothing is to be made again
├── RefundNotByHand       a gateway gives it back
├── FlagNotFound          no such flag
├── DisputeNotFound       no such dispute
├── DisputeNotOpen        the bank is deciding, or has decided
├── DisputeOverdue        evidence was taken until a day that is over
├── DisputeBeingAnswered  evidence is just being handed in
├── DisputeNotByHand      the gateway tells of its disputes itself
├── DisputeTooLarge       more than there is of the payment
├── NotABankAccount       only transfers stand on statements
├── NoLayout              nobody has described the bank's statements
├── ConnectionNotConfigured  the platform has no application at that gateway
├── ConnectionNeedsPerson  a program cannot agree to anything
├── ConnectionFailed      a seller came back, and nothing was connected
└── CallbackForged        the signature is not the provider's
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from alltickets.kernel.errors import Refusal

__all__ = [
    "AccountInvalid",
    "AccountNotFound",
    "AmountDiffers",
    "AttemptsExhausted",
    "AwaitedPaymentNotFound",
    "CallbackForged",
    "CallbackNotFound",
    "CardNotTaken",
    "ConnectionFailed",
    "ConnectionFailure",
    "ConnectionNeedsPerson",
    "ConnectionNotConfigured",
    "DisputeBeingAnswered",
    "DisputeNotByHand",
    "DisputeNotFound",
    "DisputeNotOpen",
    "DisputeOverdue",
    "DisputeTooLarge",
    "FeeScheduleNotFound",
    "FlagNotFound",
    "GatewayFailed",
    "GatewayUnknown",
    "HintsTooMany",
    "InstalmentsChanged",
    "NoAccountFits",
    "NoLayout",
    "NotABankAccount",
    "NothingToRefund",
    "OptionGone",
    "OptionInstead",
    "PaymentChanged",
    "PaymentClosed",
    "PaymentNotFound",
    "PromotionInvalid",
    "PromotionNotFound",
    "PromotionOver",
    "QueryFailed",
    "ReceivedLater",
    "RefundNotByHand",
    "RefundNotFound",
    "RefundOver",
    "RefundRefused",
    "RefundTooLarge",
    "RefundWholeOnly",
    "RoutingDraftMissing",
    "RoutingInvalid",
    "SettlementActImpossible",
    "SettlementLineNotFound",
    "SettlementReportNotFound",
    "SettlementUnreadable",
    "TooLateForAccount",
]


@dataclass(eq=False)
class AccountInvalid(Refusal):
    """`faults` names each setting or credential with what is wrong with it."""

    faults: tuple[str, ...]

    def __str__(self) -> str:
        return f"The account cannot be connected: {'; '.join(self.faults)}. Nothing was stored."


@dataclass(eq=False)
class GatewayUnknown(Refusal):
    """`gateway` is none of `known`."""

    gateway: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        return f"There is no gateway {self.gateway!r}; there are {', '.join(self.known)}."


@dataclass(eq=False)
class AccountNotFound(Refusal):
    """Also said of another organizer's account."""

    def __str__(self) -> str:
        return "There is no such gateway account. The list of accounts shows the ones that are connected."


@dataclass(eq=False)
class NoAccountFits(Refusal):
    """No account is connected, switched on and able to take `currency`, or the chosen one is not."""

    currency: str

    def __str__(self) -> str:
        return f"No payment method of this organizer takes {self.currency} at present. Choose another one, or ask the organizer."


@dataclass(frozen=True, slots=True)
class OptionInstead:
    """A way to pay that is open. pay_within_hours: where buyers bring the money by themselves, so long are places kept."""

    option_id: UUID
    label: str
    pay_within_hours: int | None


@dataclass(eq=False)
class OptionGone(NoAccountFits):
    """The chosen option, called `label` as long as there is one of its id, takes no payment; `options` do, first choice first."""

    label: str | None
    options: tuple[OptionInstead, ...]

    def __str__(self) -> str:
        gone = "That payment option is" if self.label is None else f"{self.label!r} is"
        return f"{gone} not available at present. Nothing was charged; choose one of: {', '.join(one.label for one in self.options)}."


@dataclass(eq=False)
class AttemptsExhausted(Refusal):
    """A payment may be tried `attempts_max` times."""

    attempts_max: int

    def __str__(self) -> str:
        return f"This payment was tried {self.attempts_max} times. Start again with a new order."


@dataclass(eq=False)
class CardNotTaken(Refusal):
    """Nothing was charged, and the token is still good."""

    def __str__(self) -> str:
        return "This payment takes no such card, or not in so many instalments. Nothing was charged; choose of what its form offers."


@dataclass(eq=False)
class PaymentClosed(Refusal):
    """`payment_status` says how the payment ended."""

    payment_status: str

    def __str__(self) -> str:
        return f"This payment is {self.payment_status.replace('_', ' ')} and cannot be paid again."


@dataclass(eq=False)
class RoutingInvalid(Refusal):
    """`faults` names everything that is wrong with it, and where."""

    faults: tuple[str, ...]

    def __str__(self) -> str:
        return f"This cannot decide where payments go: {'; '.join(self.faults)}. Nothing was changed."


@dataclass(eq=False)
class RoutingDraftMissing(Refusal):
    """Nobody has written one since the last activation."""

    def __str__(self) -> str:
        return "There is no draft of this policy. Write one first; what is in force stays in force."


@dataclass(eq=False)
class FeeScheduleNotFound(Refusal):
    """Also said of another organizer's."""

    def __str__(self) -> str:
        return "There is no such line in the commission tables."


@dataclass(eq=False)
class PaymentNotFound(Refusal):
    """Also said of another organizer's payment."""

    def __str__(self) -> str:
        return "There is no such payment."


@dataclass(eq=False)
class PaymentChanged(Refusal):
    """A reference stands for one amount for ever."""

    reference: UUID

    def __str__(self) -> str:
        return f"A payment of another amount was started for {self.reference}. Use a new reference."


@dataclass(eq=False)
class NothingToRefund(Refusal):
    """No charge of this payment holds money that is not being given back already."""

    def __str__(self) -> str:
        return "There is no money of this payment left to give back."


@dataclass(eq=False)
class RefundTooLarge(Refusal):
    """`refundable_minor` is what is neither given back nor on its way."""

    refundable_minor: int
    currency: str

    def __str__(self) -> str:
        return f"At most {self.refundable_minor} minor units of {self.currency} can still be given back."


@dataclass(eq=False)
class RefundWholeOnly(Refusal):
    """A part was asked for, and the gateway of this account gives back a payment as a whole."""

    def __str__(self) -> str:
        return "This payment can be given back as a whole only, never in parts."


@dataclass(eq=False)
class GatewayFailed(Refusal):
    """The gateway was asked because somebody wanted it, and did not give an answer to go on with. `fault` is a sentence."""

    fault: str

    def __str__(self) -> str:
        return f"{self.fault} Nothing was changed; try again later, and look at the account's connection test."


@dataclass(eq=False)
class QueryFailed(Refusal):
    """A gateway was asked about a payment because somebody wanted it, and did not say. `fault` is a sentence."""

    fault: str

    def __str__(self) -> str:
        return f"{self.fault} What others said of the payment is kept; ask again later, and look at the account's connection test."


@dataclass(eq=False)
class CallbackNotFound(Refusal):
    """Also said of another organizer's callback."""

    def __str__(self) -> str:
        return "There is no such callback. The list of callbacks shows the ones that there are."


@dataclass(eq=False)
class FlagNotFound(Refusal):
    """Also said of another organizer's flag."""

    def __str__(self) -> str:
        return "There is no such flag. The list of flags shows the ones that there are."


@dataclass(eq=False)
class DisputeNotFound(Refusal):
    """Also said of another organizer's dispute."""

    def __str__(self) -> str:
        return "There is no such dispute. The list of disputes shows the ones that there are."


@dataclass(eq=False)
class DisputeNotOpen(Refusal):
    """It is in `standing`, in which nobody takes evidence, or nothing can be said of it any more."""

    standing: str

    def __str__(self) -> str:
        return f"The dispute is {self.standing}; nothing was changed. Evidence is taken while a dispute needs a response."


@dataclass(eq=False)
class DisputeOverdue(Refusal):
    """Evidence was taken until `due_at`."""

    due_at: datetime

    def __str__(self) -> str:
        return f"Evidence was taken until {self.due_at.isoformat(timespec='minutes')}. Nothing was sent; ask the gateway by its own pages."


@dataclass(eq=False)
class DisputeBeingAnswered(Refusal):
    """Somebody pressed the button a moment ago."""

    def __str__(self) -> str:
        return "Evidence for this dispute is being handed in at this moment. Read the dispute again in a minute."


@dataclass(eq=False)
class DisputeNotByHand(Refusal):
    """Only where the gateway tells nothing do people record disputes and how they end."""

    def __str__(self) -> str:
        return "This account's gateway tells of disputes, and how they end, itself. Nothing was changed."


@dataclass(eq=False)
class DisputeTooLarge(Refusal):
    """Of the payment there are `left_minor` that nobody gave back and no bank asks for."""

    left_minor: int
    currency: str

    def __str__(self) -> str:
        return f"A bank can ask for {self.left_minor} {self.currency} (minor units) of this payment at most. Nothing was recorded."


@dataclass(eq=False)
class SettlementUnreadable(Refusal):
    """The file as a whole: `fault` says what is wrong and what to do. Lines that make no sense by themselves are kept and listed."""

    fault: str

    def __str__(self) -> str:
        return f"{self.fault} Nothing more of the file was taken in."


@dataclass(eq=False)
class SettlementReportNotFound(Refusal):
    """Also said of another organizer's report."""

    def __str__(self) -> str:
        return "There is no such settlement report."


@dataclass(eq=False)
class SettlementLineNotFound(Refusal):
    """Also said of another organizer's line."""

    def __str__(self) -> str:
        return "There is no such line of a settlement report."


@dataclass(eq=False)
class SettlementActImpossible(Refusal):
    """`state` is the line's."""

    act: str
    state: str

    def __str__(self) -> str:
        state, act = self.state.replace("_", " "), self.act.replace("_", " ")
        return f"A line that is {state} cannot be settled by {act}. Look at what is proposed for it."


@dataclass(eq=False)
class TooLateForAccount(Refusal):
    """What is paid for begins, or its sale ends, before money could come by `label`."""

    label: str

    def __str__(self) -> str:
        return f"There is too little time left to pay by {self.label}. Nothing was changed; choose another way to pay."


@dataclass(eq=False)
class AwaitedPaymentNotFound(Refusal):
    """Also said of another organizer's, and of what is paid through a gateway."""

    def __str__(self) -> str:
        return "There is no such payment by transfer or in cash. The list of awaited payments finds them by code or number."


@dataclass(eq=False)
class AmountDiffers(Refusal):
    """`asked_minor` is to be paid, `seen_minor` was said to have come."""

    asked_minor: int
    seen_minor: int
    currency: str

    def __str__(self) -> str:
        return (
            f"{self.asked_minor} minor units of {self.currency} were asked for, and you entered {self.seen_minor}. Nothing was recorded. "
            "Confirm once the whole amount has come, be it in parts, or give back what came."
        )


@dataclass(eq=False)
class ReceivedLater(Refusal):
    """`received_on` is still to come."""

    received_on: date

    def __str__(self) -> str:
        return f"{self.received_on} is still to come. Nothing was recorded; enter the day on which the money came."


@dataclass(eq=False)
class RefundNotFound(Refusal):
    """Also said of another organizer's refund."""

    def __str__(self) -> str:
        return "There is no such refund. The list of refunds shows the ones that are given back by hand."


@dataclass(eq=False)
class RefundRefused(Refusal):
    """The id names a refund that its gateway has refused."""

    def __str__(self) -> str:
        return "The gateway refused this refund before. Nothing was ordered now; have the refund made again instead."


@dataclass(eq=False)
class RefundOver(Refusal):
    """It was made."""

    def __str__(self) -> str:
        return "This money was given back. Nothing was sent again."


@dataclass(eq=False)
class RefundNotByHand(Refusal):
    """Its account has a gateway."""

    def __str__(self) -> str:
        return "The gateway gives this money back, and tells by itself when it has. Nothing was recorded."


@dataclass(eq=False)
class PromotionInvalid(Refusal):
    """`faults` names everything about it that cannot be meant."""

    faults: tuple[str, ...]

    def __str__(self) -> str:
        return f"This is no promotion that could hold: {'; '.join(self.faults)}. Nothing was stored."


@dataclass(eq=False)
class PromotionNotFound(Refusal):
    """Also said of another organizer's."""

    def __str__(self) -> str:
        return "There is no such promotion. The list of promotions shows what there is."


@dataclass(eq=False)
class PromotionOver(Refusal):
    """Its time or its budget is over, or the card is another bank's."""

    def __str__(self) -> str:
        return "The promotion does not hold for this card, or not any more. Nothing was charged; look at the amount and pay again."


@dataclass(eq=False)
class InstalmentsChanged(Refusal):
    """What so many instalments cost was stated anew since, or holds for another card."""

    def __str__(self) -> str:
        return "These instalments cost more by now than you were told. Nothing was charged; look at the total and pay again."


@dataclass(eq=False)
class NotABankAccount(Refusal):
    """Cash and gateways have no statements of a bank."""

    def __str__(self) -> str:
        return "This account takes no transfers, so it has no bank statements. Choose the account that transfers go to."


@dataclass(eq=False)
class NoLayout(Refusal):
    """Banks write their statements each in their own way."""

    def __str__(self) -> str:
        return "Describe first how the bank writes its statements: which columns, which separator, which dates."


@dataclass(eq=False)
class ConnectionNotConfigured(Refusal):
    """`gateway` has no application of the platform's, or none can be had there."""

    gateway: str

    def __str__(self) -> str:
        return (
            f"Connecting {self.gateway!r} with the seller's consent is not configured in this installation. Nothing was asked; connect an "
            "account with credentials of your own, or ask whoever runs the installation."
        )


@dataclass(eq=False)
class ConnectionNeedsPerson(Refusal):
    """The seller agrees at the gateway, in the browser of who asked."""

    def __str__(self) -> str:
        return "A person has to ask for this and come back in the same browser: an API key cannot. Nothing was asked."


ConnectionFailure = Literal[
    "denied",  # the seller said no
    "unknown",  # nobody asked for it, or somebody else did
    "used",  # it has come to its end before
    "expired",
    "code_refused",  # the gateway does not take the code
    "unanswered",  # the gateway did not answer: the same address may be tried again
    "unfit",  # the seller sells where this gateway's accounts take no payments
    "misconfigured",  # the gateway does not accept the platform's application
    "other_environment",  # the account has payments, and these tokens would ask about them where they never happened
]

_CONNECTION_FAILURES: Mapping[ConnectionFailure, str] = {
    "denied": "The seller did not agree.",
    "unknown": "You did not ask for this connection.",
    "used": "This connection was used already.",
    "expired": "The connection was asked for too long ago.",
    "code_refused": "The gateway does not take the code that it gave.",
    "unanswered": "The gateway did not answer; try the same address again.",
    "unfit": "The seller's account is of another country.",
    "misconfigured": "The gateway does not accept the platform's application; tell whoever runs the installation.",
    "other_environment": "The account has payments of its other environment.",
}


@dataclass(eq=False)
class ConnectionFailed(Refusal):
    """What was connected before stays as it was."""

    failure: ConnectionFailure

    def __str__(self) -> str:
        return f"{_CONNECTION_FAILURES[self.failure]} Nothing was changed; ask for a new connection."


@dataclass(eq=False)
class HintsTooMany(Refusal):
    """Unsigned notices only: signed ones are never counted."""

    def __str__(self) -> str:
        return "Too many unsigned notices came for this account. Nothing was kept; what they speak of is asked about anyway."


@dataclass(eq=False)
class CallbackForged(Refusal):
    """Nothing of it is kept."""

    def __str__(self) -> str:
        return "The signature does not fit the body, or is too old. Nothing was kept; check the secret of the account."
