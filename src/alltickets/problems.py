"""The one table of problems: how each refusal looks from outside. docs/problems.md is generated from it.

In order of precedence: what is wrong with the request itself, who may call, what is not there, what the state of things forbids, trouble.
400 and 422 are about the request only; 409 is about state.
"""

from alltickets.access import interface as access
from alltickets.catalog import interface as catalog
from alltickets.identity import interface as identity
from alltickets.inventory import interface as inventory
from alltickets.marketing import interface as marketing
from alltickets.notifications import interface as notifications
from alltickets.orders import interface as orders
from alltickets.payments import interface as payments
from alltickets.platform.coalescer import Overloaded
from alltickets.platform.database import Unstorable
from alltickets.platform.http.problems import (
    InvalidBody,
    MalformedBody,
    NoSuchPath,
    NotAllowedHere,
    PayloadTooLarge,
    Problems,
    ProblemType,
)
from alltickets.platform.paging import CursorUnreadable
from alltickets.pricing import interface as pricing
from alltickets.tickets import interface as tickets

__all__ = ["PROBLEMS"]

PROBLEMS = Problems(
    [
        # the request itself
        ProblemType(NoSuchPath, "no-such-path", 404, "Nothing at this address"),
        ProblemType(NotAllowedHere, "method-not-allowed", 405, "Method not allowed"),
        ProblemType(PayloadTooLarge, "payload-too-large", 413, "Body too large"),
        ProblemType(MalformedBody, "malformed-body", 400, "Unreadable body"),
        ProblemType(InvalidBody, "invalid-request", 422, "Request does not fit"),
        ProblemType(Unstorable, "unstorable-text", 422, "Text cannot be stored"),
        ProblemType(CursorUnreadable, "cursor-unreadable", 422, "Unreadable cursor"),
        # identity: who may call
        ProblemType(identity.NotSignedIn, "not-signed-in", 401, "Not signed in"),
        ProblemType(identity.CrossSiteRequest, "cross-site-request", 403, "Sent by another site"),
        ProblemType(identity.NotPermitted, "not-permitted", 403, "Not permitted"),
        # identity: signing up and in
        ProblemType(identity.WeakPassword, "weak-password", 422, "Password too easy to guess"),
        ProblemType(identity.UnknownRegionalSetting, "unknown-regional-setting", 422, "Unknown regional setting"),
        ProblemType(identity.SlugUnusable, "slug-unusable", 422, "Unusable short name"),
        ProblemType(identity.TooManyTries, "too-many-tries", 429, "Too many tries"),
        ProblemType(identity.WrongCredentials, "wrong-credentials", 401, "Wrong credentials"),
        ProblemType(identity.NoMembership, "no-membership", 403, "Not a member of that organizer"),
        ProblemType(identity.SlugTaken, "slug-taken", 409, "Short name taken"),
        ProblemType(identity.MailTaken, "mail-taken", 409, "Mail taken"),
        # identity: members, keys, devices
        ProblemType(identity.NoSuchMember, "no-such-member", 404, "No such member"),
        ProblemType(identity.NoSuchInvitation, "no-such-invitation", 404, "No such invitation"),
        ProblemType(identity.NoSuchApiKey, "no-such-api-key", 404, "No such API key"),
        ProblemType(identity.NoSuchDevice, "no-such-device", 404, "No such device"),
        ProblemType(identity.InvitationGone, "invitation-gone", 410, "Invitation cannot be used"),
        ProblemType(identity.PairingCodeGone, "pairing-code-gone", 410, "Pairing code cannot be used"),
        ProblemType(identity.RoleBeyondYours, "role-beyond-yours", 403, "Role beyond yours"),
        ProblemType(identity.ScopesBeyondYours, "scopes-beyond-yours", 403, "Scopes beyond yours"),
        ProblemType(identity.AlreadyMember, "already-member", 409, "Already a member"),
        ProblemType(identity.LastOwner, "last-owner", 409, "Last owner"),
        # catalog
        ProblemType(catalog.EventNotFound, "event-not-found", 404, "No such event"),
        ProblemType(catalog.VenueNotFound, "venue-not-found", 404, "No such venue"),
        ProblemType(catalog.PerformanceNotFound, "performance-not-found", 404, "No such performance"),
        ProblemType(catalog.SectorNotFound, "sector-not-found", 404, "No such sector"),
        ProblemType(catalog.TicketTypeNotFound, "ticket-type-not-found", 404, "No such ticket type"),
        ProblemType(catalog.QuestionNotFound, "question-not-found", 404, "No such question"),
        ProblemType(catalog.PictureNotFound, "picture-not-found", 404, "No such picture"),
        ProblemType(catalog.AccessCodeNeeded, "access-code-needed", 403, "Access code needed"),
        ProblemType(catalog.InvalidDetails, "invalid-details", 422, "Details do not fit together"),
        ProblemType(catalog.PictureRefused, "picture-refused", 422, "Not a picture that can be shown"),
        ProblemType(catalog.TooManyParts, "too-many-parts", 409, "Too many parts"),
        ProblemType(catalog.VersionConflict, "version-conflict", 409, "Changed meanwhile"),
        ProblemType(catalog.EventSlugTaken, "event-slug-taken", 409, "Address taken"),
        ProblemType(catalog.KeyTaken, "key-taken", 409, "Key taken"),
        ProblemType(catalog.IllegalMove, "illegal-move", 409, "Not possible in this state"),
        ProblemType(catalog.NotPublishable, "not-publishable", 409, "Cannot be published yet"),
        ProblemType(catalog.NotDeletable, "not-deletable", 409, "Cannot be deleted"),
        ProblemType(catalog.NotOnSale, "not-on-sale", 409, "Not on sale"),
        # prices
        ProblemType(pricing.EmptySelection, "empty-selection", 422, "Nothing selected"),
        ProblemType(pricing.TooManyLines, "too-many-lines", 422, "Too many lines"),
        ProblemType(pricing.QuantityRefused, "quantity-refused", 422, "No such quantity"),
        ProblemType(pricing.SeatsMismatched, "seats-mismatched", 422, "Seats do not match places"),
        # stock
        ProblemType(inventory.PoolNotFound, "pool-not-found", 404, "No such pool"),
        ProblemType(inventory.CapacityTaken, "capacity-taken", 409, "Capacity is taken"),
        ProblemType(inventory.HoldConflict, "hold-conflict", 409, "Hold id used for something else"),
        ProblemType(inventory.HoldGone, "hold-gone", 409, "Time ran out"),
        ProblemType(inventory.StockNotReady, "stock-not-ready", 503, "Stock is being opened"),
        ProblemType(inventory.TooManyHolds, "too-many-holds", 429, "Too many open purchases"),
        ProblemType(inventory.SeatsTaken, "seats-taken", 409, "Seats are taken"),
        ProblemType(inventory.SoldOut, "sold-out", 409, "Not enough left"),
        # orders
        ProblemType(orders.SelectionInvalid, "selection-invalid", 422, "Selection does not fit"),
        ProblemType(orders.OrderNotFound, "order-not-found", 404, "No such order"),
        ProblemType(orders.OrderConflict, "order-conflict", 409, "Order id used for something else"),
        ProblemType(orders.RefundConflict, "refund-conflict", 409, "Another refund has this id"),
        ProblemType(orders.HoldTaken, "hold-taken", 409, "Ordered already"),
        ProblemType(orders.HoldersInvalid, "holders-invalid", 422, "Data of buyer or holders missing or wrong"),
        ProblemType(orders.LimitExceeded, "limit-exceeded", 409, "Over the limit"),
        ProblemType(orders.OrderNotOpen, "order-not-open", 409, "Not possible in this state of the order"),
        ProblemType(orders.NoValidTickets, "no-valid-tickets", 409, "No valid ticket"),
        ProblemType(orders.TicketNotChangeable, "ticket-not-changeable", 409, "Ticket cannot be changed"),
        ProblemType(orders.TicketChanged, "ticket-changed", 409, "Ticket changed meanwhile"),
        ProblemType(orders.WithdrawalNotFound, "withdrawal-not-found", 404, "No such withdrawal"),
        ProblemType(orders.WithdrawalIsSettled, "withdrawal-settled", 409, "Answered before"),
        # payments
        ProblemType(payments.GatewayUnknown, "gateway-unknown", 404, "No such gateway"),
        ProblemType(payments.AccountNotFound, "gateway-account-not-found", 404, "No such gateway account"),
        ProblemType(payments.AccountInvalid, "gateway-account-invalid", 422, "Gateway account cannot be connected"),
        ProblemType(payments.CardNotTaken, "card-not-taken", 422, "Card or instalments not offered"),
        ProblemType(payments.FeeScheduleNotFound, "fee-schedule-not-found", 404, "No such line of the commission tables"),
        ProblemType(payments.PromotionInvalid, "promotion-invalid", 422, "Not a promotion that could hold"),
        ProblemType(payments.PromotionNotFound, "promotion-not-found", 404, "No such promotion"),
        ProblemType(payments.InstalmentsChanged, "instalments-changed", 409, "Instalments cost more by now"),
        ProblemType(payments.PromotionOver, "promotion-over", 409, "Promotion does not hold"),
        ProblemType(payments.RoutingInvalid, "routing-invalid", 422, "Routing does not fit together"),
        ProblemType(payments.CallbackForged, "callback-forged", 401, "Signature does not fit"),
        ProblemType(payments.ConnectionNotConfigured, "connection-not-configured", 409, "Connection is not configured"),
        ProblemType(payments.ConnectionNeedsPerson, "connection-needs-person", 403, "A person has to ask"),
        ProblemType(payments.ConnectionFailed, "connection-failed", 409, "Seller was not connected"),
        ProblemType(payments.GatewayFailed, "gateway-failed", 424, "The gateway gave no answer"),
        ProblemType(payments.QueryFailed, "query-failed", 424, "The gateway did not say"),
        ProblemType(payments.SettlementUnreadable, "settlement-unreadable", 422, "No settlement report"),
        ProblemType(payments.SettlementReportNotFound, "settlement-report-not-found", 404, "No such settlement report"),
        ProblemType(payments.SettlementLineNotFound, "settlement-line-not-found", 404, "No such settlement line"),
        ProblemType(payments.SettlementActImpossible, "settlement-act-impossible", 409, "Not for this line"),
        ProblemType(payments.HintsTooMany, "hints-too-many", 429, "Too many unsigned notices"),
        ProblemType(payments.PaymentNotFound, "payment-not-found", 404, "No such payment"),
        ProblemType(payments.AwaitedPaymentNotFound, "awaited-payment-not-found", 404, "No such payment by transfer or in cash"),
        ProblemType(payments.CallbackNotFound, "callback-not-found", 404, "No such callback"),
        ProblemType(payments.FlagNotFound, "payment-flag-not-found", 404, "No such flag"),
        ProblemType(payments.DisputeNotFound, "dispute-not-found", 404, "No such dispute"),
        ProblemType(payments.RefundNotFound, "refund-not-found", 404, "No such refund"),
        ProblemType(payments.ReceivedLater, "received-later", 422, "Day still to come"),
        ProblemType(payments.NoAccountFits, "no-payment-account", 409, "No payment method available"),
        ProblemType(payments.OptionGone, "payment-option-gone", 409, "Payment option not available"),
        ProblemType(payments.TooLateForAccount, "too-late-for-account", 409, "Too little time left to pay this way"),
        ProblemType(payments.RoutingDraftMissing, "routing-draft-missing", 409, "No draft to activate"),
        ProblemType(payments.PaymentChanged, "payment-changed", 409, "Payment of another amount"),
        ProblemType(payments.PaymentClosed, "payment-closed", 409, "Payment is closed"),
        ProblemType(payments.AttemptsExhausted, "attempts-exhausted", 409, "Tried too often"),
        ProblemType(payments.NothingToRefund, "nothing-to-refund", 409, "Nothing to give back"),
        ProblemType(payments.RefundTooLarge, "refund-too-large", 409, "More than was paid"),
        ProblemType(payments.RefundRefused, "refund-refused", 409, "Refused by the gateway"),
        ProblemType(payments.RefundOver, "refund-over", 409, "Given back already"),
        ProblemType(payments.RefundWholeOnly, "refund-whole-only", 409, "Not in parts"),
        ProblemType(payments.RefundNotByHand, "refund-not-by-hand", 409, "A gateway gives it back"),
        ProblemType(payments.DisputeNotOpen, "dispute-not-open", 409, "Not possible in this state of the dispute"),
        ProblemType(payments.DisputeOverdue, "dispute-overdue", 409, "Deadline is over"),
        ProblemType(payments.DisputeBeingAnswered, "dispute-being-answered", 409, "Evidence is on its way"),
        ProblemType(payments.DisputeNotByHand, "dispute-not-by-hand", 409, "The gateway tells of its disputes"),
        ProblemType(payments.DisputeTooLarge, "dispute-too-large", 409, "More than there is of the payment"),
        ProblemType(payments.AmountDiffers, "amount-differs", 409, "Another amount was asked for"),
        ProblemType(payments.NotABankAccount, "not-a-bank-account", 409, "Account without bank statements"),
        ProblemType(payments.NoLayout, "no-statement-layout", 409, "Statements not described yet"),
        # tickets
        ProblemType(tickets.NoSuchTicket, "ticket-not-found", 404, "No such ticket"),
        ProblemType(tickets.TicketIsRevoked, "ticket-revoked", 409, "Ticket is revoked"),
        ProblemType(tickets.ReplacedTooOften, "replaced-too-often", 409, "Replaced too often"),
        # access
        ProblemType(access.NoSuchCheckpoint, "checkpoint-not-found", 404, "No such checkpoint"),
        ProblemType(access.CheckpointInvalid, "checkpoint-invalid", 422, "Checkpoint does not fit its event"),
        ProblemType(access.ScanConflict, "scan-conflict", 409, "Scan id used for something else"),
        # marketing
        ProblemType(marketing.NoSuchWaitingEntry, "waiting-entry-not-found", 404, "No such entry of a waiting list"),
        ProblemType(marketing.OriginRefused, "origin-refused", 422, "Not a site that may frame tickets"),
        ProblemType(marketing.WishInvalid, "wish-invalid", 422, "Wish for places does not fit"),
        # notifications
        ProblemType(notifications.NothingToSend, "nothing-to-send", 409, "Nothing to send"),
        # trouble
        ProblemType(Overloaded, "overloaded", 503, "Too busy right now"),
    ]
)
