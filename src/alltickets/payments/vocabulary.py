"""The words of the gateway port: what a payment, a gateway, a refusal and a dispute can be. `port.py` speaks them."""

from typing import Literal

__all__ = [
    "AccountEnvironment",
    "DeclineReason",
    "DisputeFlow",
    "DisputeReason",
    "DisputeState",
    "EarlyRefunds",
    "Flow",
    "Funds",
    "GatewayErrorKind",
    "GatewayStatus",
    "Idempotency",
    "Instalments",
    "InstructionKind",
    "News",
    "PaymentMethod",
    "Settlements",
    "Verdict",
]

AccountEnvironment = Literal["test", "live"]
"""At a "test" account no money moves, whatever it says."""

GatewayStatus = Literal[
    "pending",  # the provider has a payment and has not decided: cash ticket, review, 3-D Secure
    "authorized",  # the money is reserved, not taken
    "declined",
    "cancelled",  # by the buyer or by us, before any money moved
    "expired",
    "charged",  # the money is taken; part of it may have been given back since (`refunded_minor`)
    "refunded",  # all of it was given back
    "disputed",  # the buyer's bank asks for it back
    "charged_back",  # and got it
]

GatewayErrorKind = Literal[
    "declined",  # a final no to this payment or refund
    "invalid_request",  # the provider does not understand us: our bug
    "auth_config",  # the credentials are wrong or revoked
    "rate_limited",  # not processed; again after `retry_after_seconds`
    "unavailable_not_sent",  # certainly nothing reached the provider; the same call may be repeated
    "unknown_outcome",  # something may have happened: ask before anything is repeated
    "duplicate",  # the provider has this key or reference already: ask for the original
    "not_found",  # what was named does not exist there
    "too_early",  # not carried out, and may be after `retry_after_seconds`: the money of a refund has not arrived where it would come from
    "unsupported",  # the provider cannot do this
]

PaymentMethod = Literal["credit_card", "debit_card", "prepaid_card", "wallet", "bank_transfer", "cash", "other"]

Flow = Literal[
    "redirect",  # the buyer pays on a page of the provider's
    "card_form",  # our page has the form, the browser makes a token of the card at the provider, and we charge the token
    "offline",  # the buyer pays by themselves, with a code, and a person says that the money came: there is no provider to ask
]

Idempotency = Literal[
    "header",  # repeated under its key it is carried out once, and answered as it was
    "query",  # it has no key: what became of it is asked by our reference before anything is repeated
    "none",  # it has no key and needs none: repeated it does no harm
]
"""How a call whose answer was lost is kept from being carried out twice."""

News = Literal[
    "callback",  # a verified callback carries the whole payment and is applied as it is
    "hint",  # a callback says that something changed, and the payment is fetched
    "polling",  # it never calls: it is asked
    "person",  # there is nobody to ask either: people record what they see
]
"""How one learns of a payment. Whatever calls, everything that can be asked is asked as well."""

Funds = Literal[
    "organizer",  # all of it on the organizer's own account at the provider
    "split",  # divided there between the organizer and the platform, where `Creation.platform_fee` says so; else as above
]
"""Who is paid what a buyer pays."""

Instalments = Literal[
    "none",  # all is paid at once
    "page",  # chosen on the provider's page
    "form",  # chosen on ours, with the card
]

EarlyRefunds = Literal[
    "same",  # given back as it is later
    "annulled",  # of the whole nothing is left on the buyer's statement; a part goes back as it does later
    "pending",  # taken up, and pending there until the account has the money
    "refused",  # refused until the account has the money: it waits here (`too_early`)
]
"""What becomes of a refund that is asked for before the provider has paid the money out."""

Settlements = Literal[
    "fetched",  # it makes a file of what moved when it is asked for one
    "file",  # people download one from its pages
    "none",  # nothing is settled by anybody
]
"""How one learns what was paid out and kept."""

InstructionKind = Literal["holder", "cuit", "bank", "cbu", "alias", "place", "opening"]

DeclineReason = Literal[
    "no_funds",  # or over a limit: another card, or fewer instalments
    "card_data",  # number, expiry or code are wrong, or the card has expired
    "card_kind",  # it is not the kind of card that the buyer chose
    "installments",  # not in so many
    "call_bank",  # the bank wants to be asked first
    "card_refused",  # a plain no: another card, and never this one again by itself
    "try_later",  # bank or brand are not reachable
    "not_accepted",  # the account is not set up for this card: people have to look
    "suspected_fraud",
]
"""Why a card was declined, in our words, so that the buyer can be told what to do."""

DisputeFlow = Literal[
    "answered",  # the gateway tells of disputes, and takes evidence
    "told",  # it tells of them; evidence goes in by its own pages
    "by_hand",  # it tells by letter alone: a person records them
    "none",  # nobody can ask for the money back: it came by transfer or in cash
]

DisputeState = Literal[
    "needs_response",  # evidence is wanted, by a day
    "under_review",  # the bank decides
    "won",  # it left us the money, or gave it back
    "lost",  # it kept it
    "closed",  # nothing came of it: an inquiry that ended, or money that was given back
]

DisputeReason = Literal[
    "fraud",  # the card's owner says that they did not buy
    "unrecognized",  # they do not know what it was for
    "not_received",
    "not_as_described",
    "duplicate",
    "refund_missing",  # money was promised back
    "processing",  # a fault of how the card was charged
    "other",
]
"""Why a buyer's bank asks, in our words."""

Verdict = Literal[
    "verified",  # signed by the provider
    "unsigned",  # of a kind that the provider does not sign: worth asking about, never worth believing
    "rejected",  # forged, touched or old
]
