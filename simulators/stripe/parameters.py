"""The parameters of each call that is simulated: a part of the official ones, to which a test holds them."""

from simulators.stripe.shapes import Fields, Flag, Metadata, Moment, OneOf, Rows, Shape, Text, Whole

__all__ = [
    "CALLS",
    "CANCEL_INTENT",
    "CAPTURE_INTENT",
    "CLOSE_DISPUTE",
    "CREATE_ENDPOINT",
    "CREATE_REFUND",
    "CREATE_SESSION",
    "EVENT_TYPES",
    "EXPIRE_SESSION",
    "LIST_BALANCE_TRANSACTIONS",
    "LIST_CHARGES",
    "LIST_DISPUTES",
    "LIST_ENDPOINTS",
    "LIST_EVENTS",
    "LIST_LINE_ITEMS",
    "LIST_PAYOUTS",
    "LIST_REFUNDS",
    "LIST_SESSIONS",
    "RETRIEVE",
    "SEARCH_INTENTS",
    "UPDATE_DISPUTE",
    "UPDATE_ENDPOINT",
]

EVENT_TYPES = (
    "*",
    "charge.captured",
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.updated",
    "charge.failed",
    "charge.refunded",
    "charge.succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "checkout.session.expired",
    "payment_intent.amount_capturable_updated",
    "payment_intent.canceled",
    "payment_intent.created",
    "payment_intent.payment_failed",
    "payment_intent.processing",
    "payment_intent.requires_action",
    "payment_intent.succeeded",
    "payout.paid",
    "refund.created",
    "refund.failed",
    "refund.updated",
)
"""What is told here. There are many more."""
LOCALES = ("auto", "de", "en", "en-GB", "es", "es-419", "fr", "it", "pt", "pt-BR")
_EVIDENCE = (
    "access_activity_log",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "uncategorized_text",
)
"""What is told in words. Evidence that is a file is not simulated."""

_EXPAND: dict[str, Shape] = {"expand": Rows(Text(200), 20)}
_PAGE: dict[str, Shape] = {**_EXPAND, "limit": Whole(1, 100), "starting_after": Text(), "ending_before": Text()}
_CREATED: dict[str, Shape] = {"created": Fields({"gt": Moment(), "gte": Moment(), "lt": Moment(), "lte": Moment()})}

_PRODUCT = Fields(
    {"name": Text(), "description": Text(), "images": Rows(Text(2_048), 8), "metadata": Metadata()},
    required=("name",),
)
_LINE_ITEM = Fields(
    {
        "price_data": Fields(
            {"currency": Text(3), "unit_amount": Whole(), "product_data": _PRODUCT},
            required=("currency", "unit_amount", "product_data"),
        ),
        "quantity": Whole(1, 999_999),
    },
    required=("price_data", "quantity"),
)
_INTENT_DATA = Fields(
    {
        "capture_method": OneOf(("automatic", "automatic_async", "manual")),
        "description": Text(1_000),
        "metadata": Metadata(),
        "receipt_email": Text(800),
        "statement_descriptor_suffix": Text(22),
    }
)

CREATE_SESSION = Fields(
    {
        **_EXPAND,
        "mode": OneOf(("payment",)),
        "ui_mode": OneOf(("hosted",)),
        "line_items": Rows(_LINE_ITEM),
        "success_url": Text(),
        "cancel_url": Text(),
        "client_reference_id": Text(200),
        "customer_email": Text(800),
        "expires_at": Moment(),
        "locale": OneOf(LOCALES),
        "metadata": Metadata(),
        "payment_intent_data": _INTENT_DATA,
        "payment_method_types": Rows(OneOf(("card", "us_bank_account"))),
        "submit_type": OneOf(("auto", "book", "donate", "pay")),
    },
    required=("mode", "line_items", "success_url"),
)
EXPIRE_SESSION = Fields(_EXPAND)
LIST_SESSIONS = Fields({**_PAGE, **_CREATED, "payment_intent": Text(), "status": OneOf(("open", "complete", "expired"))})
LIST_LINE_ITEMS = Fields(_PAGE)
RETRIEVE = Fields(_EXPAND)
SEARCH_INTENTS = Fields({**_EXPAND, "query": Text(), "limit": Whole(1, 100), "page": Text()}, required=("query",))
CAPTURE_INTENT = Fields({**_EXPAND, "amount_to_capture": Whole(1), "metadata": Metadata()})
CANCEL_INTENT = Fields(
    {**_EXPAND, "cancellation_reason": OneOf(("abandoned", "duplicate", "fraudulent", "requested_by_customer"))},
)
LIST_CHARGES = Fields({**_PAGE, **_CREATED, "payment_intent": Text()})
LIST_BALANCE_TRANSACTIONS = Fields({**_PAGE, **_CREATED, "payout": Text(), "source": Text(), "type": Text(), "currency": Text(3)})
CREATE_REFUND = Fields(
    {
        **_EXPAND,
        "amount": Whole(1),
        "charge": Text(),
        "payment_intent": Text(),
        "metadata": Metadata(),
        "reason": OneOf(("duplicate", "fraudulent", "requested_by_customer")),
    }
)
LIST_REFUNDS = Fields({**_PAGE, **_CREATED, "charge": Text(), "payment_intent": Text()})
LIST_DISPUTES = Fields({**_PAGE, **_CREATED, "charge": Text(), "payment_intent": Text()})
UPDATE_DISPUTE = Fields(
    {**_EXPAND, "evidence": Fields({name: Text(20_000) for name in _EVIDENCE}), "metadata": Metadata(), "submit": Flag()}
)
CLOSE_DISPUTE = Fields(_EXPAND)
LIST_EVENTS = Fields({**_PAGE, **_CREATED, "type": Text(), "types": Rows(Text(), 20), "delivery_success": Flag()})
LIST_PAYOUTS = Fields({**_PAGE, **_CREATED, "status": Text()})
CREATE_ENDPOINT = Fields(
    {**_EXPAND, "url": Text(), "enabled_events": Rows(OneOf(EVENT_TYPES)), "description": Text(), "metadata": Metadata()},
    required=("url", "enabled_events"),
)
UPDATE_ENDPOINT = Fields(
    {
        **_EXPAND,
        "url": Text(),
        "enabled_events": Rows(OneOf(EVENT_TYPES)),
        "description": Text(),
        "metadata": Metadata(),
        "disabled": Flag(),
    }
)
LIST_ENDPOINTS = Fields(_PAGE)

CALLS: dict[str, Fields] = {
    "checkout.SessionService.CreateParams": CREATE_SESSION,
    "checkout.SessionService.ExpireParams": EXPIRE_SESSION,
    "checkout.SessionService.ListParams": LIST_SESSIONS,
    "checkout.SessionLineItemService.ListParams": LIST_LINE_ITEMS,
    "checkout.SessionService.RetrieveParams": RETRIEVE,
    "PaymentIntentService.SearchParams": SEARCH_INTENTS,
    "PaymentIntentService.CaptureParams": CAPTURE_INTENT,
    "PaymentIntentService.CancelParams": CANCEL_INTENT,
    "PaymentIntentService.RetrieveParams": RETRIEVE,
    "ChargeService.ListParams": LIST_CHARGES,
    "BalanceTransactionService.ListParams": LIST_BALANCE_TRANSACTIONS,
    "RefundService.CreateParams": CREATE_REFUND,
    "RefundService.ListParams": LIST_REFUNDS,
    "DisputeService.ListParams": LIST_DISPUTES,
    "DisputeService.UpdateParams": UPDATE_DISPUTE,
    "DisputeService.CloseParams": CLOSE_DISPUTE,
    "EventService.ListParams": LIST_EVENTS,
    "PayoutService.ListParams": LIST_PAYOUTS,
    "WebhookEndpointService.CreateParams": CREATE_ENDPOINT,
    "WebhookEndpointService.UpdateParams": UPDATE_ENDPOINT,
    "WebhookEndpointService.ListParams": LIST_ENDPOINTS,
}
"""By the names that the official Python client gives them."""
