"""Tables of payments. Rows are written by plain SQL; these declare the shape that the migration makes."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, UUID

metadata = sa.MetaData(schema="payments")

# Attempts, their history and charges name their payment without a foreign key: the check of one is planned when the table is empty, kept
# by the connection, and then walks the whole table for each row of a rush (measured: 1.4 ms a row after 5,000 payments). They are
# written in one transaction with what they name, and nothing of them is ever deleted.

_id = UUID(as_uuid=True)
_instant = sa.DateTime(timezone=True)


def one_of(column: str, words: str, *, expression: str | None = None) -> sa.CheckConstraint:
    """The column holds one of these words."""
    listed = ", ".join(f"'{word}'" for word in words.split())
    return sa.CheckConstraint(f"{expression or column} IN ({listed})", name=f"{column}_known")


_PAYMENT_STATUSES = "open processing failed expired paid partially_refunded refunded disputed charged_back"
_ATTEMPT_STATUSES = (
    "created sending awaiting_buyer pending unknown authorized capturing voiding declined expired cancelled voided error "
    "charged partially_refunded refunded disputed charged_back integrity_hold"
)
_LINE_STATES = "matched amount_differs fee_differs platform_fee_differs currency_differs missing_here duplicate not_compared unreadable"
_POSTING_KINDS = (
    "sale aside aside_ended fee fee_returned fee_settled fee_adjusted fee_adjusted_back refund_ordered refund_failed refund refund_undone "
    "dispute_opened dispute_won dispute_lost settlement withholding payout fee_passed_on rounding reversal"
)
_LEDGER_ACCOUNTS = (
    "gateway_receivable bank tax_credit fee_expense vat_input organizer_payable commission_revenue fee_recovery vat_output "
    "refund_clearing dispute_reserve chargeback_loss promo_receivable promo_expense rounding"
)
_ERROR_KINDS = (
    "declined invalid_request auth_config rate_limited unavailable_not_sent unknown_outcome duplicate not_found too_early unsupported"
)
_CHARGE_STATUSES = "pending authorized declined cancelled expired charged refunded disputed charged_back"

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("id", _id, nullable=False),
    sa.Column("gateway", sa.Text, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("settings", JSONB, nullable=False, comment="What may be shown."),
    sa.Column("credentials_sealed", sa.Text, nullable=False, comment="Sealed JSON by the key ring; never shown again."),
    sa.Column("credentials_hint", sa.Text, nullable=False, comment="The last characters, so that people can tell two keys apart."),
    sa.Column("is_enabled", sa.Boolean, nullable=False),
    sa.Column("priority", sa.Integer, nullable=False, comment="The lowest goes first where the buyer does not choose."),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("created_at", _instant, nullable=False),
    sa.Column("updated_at", _instant, nullable=False),
    sa.Column("terms", JSONB, nullable=False, server_default="{}", comment="`AccountTerms`: what it may be used for."),
    sa.Column("instalment_plans", JSONB, nullable=False, server_default="[]", comment="Of `InstalmentPlan`: what buyers are told."),
    sa.Column("environment", sa.Text, nullable=False, server_default="live", comment="Whether money moves there."),
    sa.Column("split_contracts", JSONB, nullable=False, server_default="[]", comment="Of `SplitContract`: whether its sales are divided."),
    sa.PrimaryKeyConstraint("organizer_id", "id"),
    one_of("environment", "test live"),
)

account_directory = sa.Table(
    "account_directory",
    metadata,
    sa.Column("gateway", sa.Text, nullable=False),
    sa.Column("account_id", _id, nullable=False),
    sa.Column("organizer_id", _id, nullable=False),
    sa.PrimaryKeyConstraint("gateway", "account_id"),
    comment="Directory of payment accounts: whose one a callback address names, for callbacks arrive without an organizer.",
)

payments = sa.Table(
    "payments",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("id", _id, nullable=False),
    sa.Column("reference", _id, nullable=False, comment="The caller's id of what is paid."),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("payer_email", sa.Text),
    sa.Column("return_url", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("newest_attempt_id", _id, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("kept_attempt_id", _id),
    sa.Column("kept_charge_id", _id),
    sa.Column("is_captured", sa.Boolean, nullable=False),
    sa.Column("created_at", _instant, nullable=False),
    sa.Column("updated_at", _instant, nullable=False),
    sa.Column("parts", JSONB, nullable=False, server_default="[]", comment="What the amount is made of: kinds and minor units."),
    sa.Column(
        "version", sa.Integer, nullable=False, server_default="1", comment="Grows with each change; a change names the version it rests on."
    ),
    sa.PrimaryKeyConstraint("organizer_id", "id"),
    sa.UniqueConstraint("organizer_id", "reference", name="payments_reference"),
    sa.Index("payments_created", "organizer_id", "created_at", "id"),
    sa.CheckConstraint("amount_minor > 0", name="amount_positive"),
    one_of("status", _PAYMENT_STATUSES),
)

payment_history = sa.Table(
    "payment_history",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("payment_id", _id, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("status_before", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("cause", sa.Text, nullable=False, comment="attempt: another try began; else as that of the attempt which it follows."),
    sa.Column("at", _instant, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "payment_id", "version"),
    one_of("cause", "call callback query silence person attempt"),
    comment="Append-only.",
)

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("id", _id, nullable=False, comment="Also the merchant reference and the idempotency key at the gateway."),
    sa.Column("payment_id", _id, nullable=False),
    sa.Column("account_id", _id, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False, comment="Grows with each change; a change names the version it rests on."),
    sa.Column("expires_at", _instant, nullable=False),
    sa.Column("redirect_url", sa.Text, comment="Where the gateway had to be asked for it; signed links are made again instead."),
    sa.Column("provider_reference", sa.Text),
    sa.Column("error_kind", sa.Text),
    sa.Column("error_code", sa.Text),
    sa.Column("state_since", _instant, nullable=False),
    sa.Column("queries", sa.Integer, nullable=False, comment="Since it came into its state."),
    sa.Column("absences", sa.Integer, nullable=False, comment="Answers in a row that the gateway knows of no payment."),
    sa.Column("absent_since", _instant),
    sa.Column("next_query_at", _instant, comment="None: final, or waiting for people."),
    sa.Column("needs_review", sa.Boolean, nullable=False),
    sa.Column("created_at", _instant, nullable=False),
    sa.Column("has_promotion", sa.Boolean, nullable=False, server_default="false", comment="It was charged under a promotion."),
    sa.Column("discount_minor", sa.BigInteger, nullable=False, server_default="0", comment="So much less than the payment's amount."),
    sa.Column("platform_fee_minor", sa.BigInteger, comment="What the gateway pays to the platform; None: it divides nothing."),
    sa.PrimaryKeyConstraint("organizer_id", "id"),
    sa.Index("attempts_payment", "organizer_id", "payment_id"),
    sa.Index("attempts_due", "organizer_id", "next_query_at", postgresql_where=sa.text("next_query_at IS NOT NULL")),
    sa.Index("attempts_left_to_people", "organizer_id", "id", postgresql_where=sa.text("needs_review")),
    one_of("status", _ATTEMPT_STATUSES),
)

attempt_history = sa.Table(
    "attempt_history",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("attempt_id", _id, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("status_before", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("cause", sa.Text, nullable=False),
    sa.Column("at", _instant, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "attempt_id", "version"),
    one_of("cause", "call callback query silence person"),
    comment="Append-only.",
)

charges = sa.Table(
    "charges",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("id", _id, nullable=False),
    sa.Column("attempt_id", _id, nullable=False),
    sa.Column("account_id", _id, nullable=False),
    sa.Column("provider_payment_id", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("raw_status", sa.Text, nullable=False),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("refunded_minor", sa.BigInteger, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("is_surplus", sa.Boolean, nullable=False),
    sa.Column("first_seen_at", _instant, nullable=False),
    sa.Column("updated_at", _instant, nullable=False),
    sa.Column("facts", JSONB, nullable=False, server_default="{}", comment="`ChargeFacts`: card, method, instalments, fee."),
    sa.Column("contested", JSONB, nullable=False, server_default="{}", comment="`Contested`: how much banks hold, and kept."),
    sa.Column("intent", sa.Text, comment="Of reserved money: whether it is taken or given back. Written before the call."),
    sa.PrimaryKeyConstraint("organizer_id", "id"),
    sa.UniqueConstraint("organizer_id", "account_id", "provider_payment_id", name="charges_provider_payment"),
    sa.Index("charges_attempt", "organizer_id", "attempt_id"),
    sa.Index("charges_open", "organizer_id", "attempt_id", postgresql_where=sa.text("status IN ('pending', 'authorized', 'disputed')")),
    sa.Index(
        "charges_settlement_reference",
        "organizer_id",
        "account_id",
        sa.text("(facts ->> 'settlement_reference')"),
        postgresql_where=sa.text("facts ? 'settlement_reference'"),
    ),
    sa.CheckConstraint("refunded_minor >= 0 AND refunded_minor <= amount_minor", name="refunded_within_amount"),
    one_of("status", _CHARGE_STATUSES),
    one_of("intent", "capture void"),
)

callbacks = sa.Table(
    "callbacks",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("id", _id, nullable=False),
    sa.Column("account_id", _id, nullable=False),
    sa.Column("dedupe_key", sa.Text, nullable=False, comment="The provider's id of the event, or the hash of the body."),
    sa.Column("headers", JSONB, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False, comment="The bytes as they came."),
    sa.Column("received_at", _instant, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("next_try_at", _instant),
    sa.Column("query", sa.Text, nullable=False, server_default="", comment="What stood behind the ? of its address."),
    sa.Column("is_verified", sa.Boolean, nullable=False, server_default=sa.true(), comment="Signed; what is not may only hint."),
    sa.Column("error", sa.Text, comment="Why it is not applied."),
    sa.PrimaryKeyConstraint("organizer_id", "id"),
    sa.UniqueConstraint("organizer_id", "account_id", "dedupe_key", name="callbacks_dedupe"),
    sa.Index("callbacks_due", "organizer_id", "next_try_at", postgresql_where=sa.text("next_try_at IS NOT NULL")),
    sa.Index("callbacks_left", "organizer_id", "id", postgresql_where=sa.text("error IS NOT NULL OR next_try_at IS NOT NULL")),
    one_of("state", "received applied to_fetch unknown unreadable"),
)

refunds = sa.Table(
    "refunds",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("id", _id, nullable=False, comment="Also the idempotency key at the gateway."),
    sa.Column("payment_id", _id, nullable=False),
    sa.Column("charge_id", _id, nullable=False),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("provider_refund_id", sa.Text),
    sa.Column("error_kind", sa.Text),
    sa.Column("error_code", sa.Text),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("next_try_at", _instant),
    sa.Column("needs_review", sa.Boolean, nullable=False),
    sa.Column("created_at", _instant, nullable=False),
    sa.Column("updated_at", _instant, nullable=False),
    sa.Column("waited_until", _instant, comment="It was queued, and its gateway could not have given it back before."),
    sa.Column("retry_of", _id, comment="The refund that the gateway had refused, and that this one makes again under a key of its own."),
    sa.Column("version", sa.Integer, nullable=False, server_default="1", comment="Grows with each change of state, which names it."),
    sa.Column("part_of", _id, comment="The refund with which it was asked for, where the money of that lay on several charges."),
    sa.Column("sent_at", _instant, comment="When its gateway was last called to give it back. None: never."),
    sa.Column(
        "absences", sa.Integer, nullable=False, server_default="0", comment="Answers since then that its gateway knows of no such refund."
    ),
    sa.PrimaryKeyConstraint("organizer_id", "id"),
    sa.ForeignKeyConstraint(["organizer_id", "payment_id"], ["payments.payments.organizer_id", "payments.payments.id"]),
    sa.ForeignKeyConstraint(["organizer_id", "charge_id"], ["payments.charges.organizer_id", "payments.charges.id"]),
    sa.Index("refunds_charge", "organizer_id", "charge_id"),
    sa.Index("refunds_payment", "organizer_id", "payment_id"),
    sa.Index(
        "refunds_open", "organizer_id", "charge_id", postgresql_where=sa.text("status IN ('created', 'sending', 'unknown', 'pending')")
    ),
    sa.Index("refunds_due", "organizer_id", "next_try_at", postgresql_where=sa.text("next_try_at IS NOT NULL")),
    sa.Index("refunds_part_of", "organizer_id", "part_of", postgresql_where=sa.text("part_of IS NOT NULL")),
    sa.Index("refunds_retry_of", "organizer_id", "retry_of", unique=True, postgresql_where=sa.text("retry_of IS NOT NULL")),
    sa.CheckConstraint("amount_minor > 0", name="amount_positive"),
    one_of("status", "created queued sending unknown pending succeeded failed"),
)

refund_history = sa.Table(
    "refund_history",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("refund_id", _id, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("status_before", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("cause", sa.Text, nullable=False),
    sa.Column("at", _instant, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "refund_id", "version"),
    one_of("cause", "call query person"),
    comment="Append-only.",
)

settlement_reports = sa.Table(
    "settlement_reports",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("id", _id, nullable=False),
    sa.Column("account_id", _id, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("lines", sa.Integer, nullable=False, comment="Read so far, the unreadable ones too."),
    sa.Column("lines_new", sa.Integer, nullable=False, comment="Of these, those that no earlier report had."),
    sa.Column("created_at", _instant, nullable=False),
    sa.Column("updated_at", _instant, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "id"),
    one_of("state", "importing done broken"),
)

settlement_lines = sa.Table(
    "settlement_lines",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("account_id", _id, nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False, comment="The same for lines that say the same."),
    sa.Column("repetition", sa.Integer, nullable=False, comment="Which one of equal lines of a report."),
    sa.Column("seen_report_id", _id, nullable=False, comment="The last report that had it."),
    sa.Column("report_id", _id, nullable=False),
    sa.Column("row", sa.Integer, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("source_id", sa.Text, nullable=False),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("gross_minor", sa.BigInteger, nullable=False),
    sa.Column("fee_minor", sa.BigInteger, nullable=False),
    sa.Column("taxes_minor", sa.BigInteger, nullable=False),
    sa.Column("net_minor", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("occurred_at", _instant),
    sa.Column("settles_at", _instant),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("charge_id", _id),
    sa.Column("expected_minor", sa.BigInteger, comment="What our books say, where that is another amount or fee."),
    sa.Column("fault", sa.Text, comment="Of a line that cannot be read."),
    sa.Column("settled_by", sa.Text, comment="The act that ended it; None: as it was imported."),
    sa.Column("note", sa.Text, comment="What people wrote when they settled it."),
    sa.Column("is_due", sa.Boolean, nullable=False, server_default=sa.false(), comment="To be posted to the books."),
    sa.Column("posted_at", _instant, comment="When it was."),
    sa.Column("platform_fee_minor", sa.BigInteger, nullable=False, server_default="0", comment="Paid to the platform out of it."),
    sa.PrimaryKeyConstraint("organizer_id", "account_id", "digest", "repetition"),
    sa.Index("settlement_lines_report", "organizer_id", "report_id", "row"),
    sa.Index("settlement_lines_charge", "organizer_id", "charge_id", postgresql_where=sa.text("charge_id IS NOT NULL")),
    sa.Index("settlement_lines_due", "organizer_id", "account_id", postgresql_where=sa.text("is_due")),
    one_of("kind", "payment refund dispute payout other"),
    one_of("state", _LINE_STATES),
)

report_fetches = sa.Table(
    "report_fetches",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("account_id", _id, nullable=False),
    sa.Column("begins_at", _instant, nullable=False),
    sa.Column("ends_at", _instant, nullable=False),
    sa.Column("ordered", sa.Text, comment="What names the report at the provider while it is made."),
    sa.Column("due_at", _instant, comment="When it is asked for next. None: it is through, or was given up."),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("report_id", _id, comment="As what it was taken in."),
    sa.Column("fault", sa.Text, comment="Why not."),
    sa.Column("created_at", _instant, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "account_id", "ends_at"),
    sa.Index("report_fetches_due", "organizer_id", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
    comment="Settlement reports that providers are asked for: what moved at an account in a time.",
)

breakers = sa.Table(
    "breakers",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("account_id", _id, nullable=False),
    sa.Column("failures_in_row", sa.Integer, nullable=False),
    sa.Column("window_from", _instant),
    sa.Column("calls", sa.Integer, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("opened_until", _instant, comment="None: closed."),
    sa.Column("open_seconds", sa.Integer, nullable=False),
    sa.Column("probing_until", _instant, comment="A probe is under way until then, unless it has told its outcome."),
    sa.Column("probes_well", sa.Integer, nullable=False),
    sa.Column("last_error", sa.Text),
    sa.Column("last_error_at", _instant),
    sa.Column("last_error_operation", sa.Text, comment="`Operation`: what was being done."),
    sa.Column("last_error_kind", sa.Text, comment="`GatewayErrorKind`."),
    sa.PrimaryKeyConstraint("organizer_id", "account_id"),
    one_of("last_error_operation", "start query capture void refund dispute report connect"),
    one_of("last_error_kind", _ERROR_KINDS),
)

sellers = sa.Table(
    "sellers",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("account_id", _id, nullable=False),
    sa.Column("gateway", sa.Text, nullable=False),
    sa.Column("seller_id", sa.Text, nullable=False, comment="The provider's."),
    sa.Column("nickname", sa.Text, nullable=False),
    sa.Column("is_live", sa.Boolean, nullable=False),
    sa.Column("grants", sa.Integer, nullable=False, comment="How often tokens were stored: newer ones are never replaced by older ones."),
    sa.Column("expires_at", _instant, nullable=False),
    sa.Column("renew_at", _instant, nullable=False),
    sa.Column("renew_tries", sa.Integer, nullable=False),
    sa.Column("due_at", _instant, comment="When it is renewed or looked at. None: it has ended."),
    sa.Column("revoked_at", _instant),
    sa.Column("connected_at", _instant, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "account_id"),
    sa.UniqueConstraint("organizer_id", "gateway", "seller_id", name="sellers_seller"),
    sa.Index("sellers_due", "organizer_id", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
    comment="Accounts whose seller lets the platform's application act for them; the tokens stand with the account.",
)

seller_directory = sa.Table(
    "seller_directory",
    metadata,
    sa.Column("gateway", sa.Text, nullable=False),
    sa.Column("seller_id", sa.Text, nullable=False),
    sa.Column("account_id", _id, nullable=False),
    sa.Column("organizer_id", _id, nullable=False),
    sa.PrimaryKeyConstraint("gateway", "seller_id", "account_id"),
    comment="Directory of sellers: whose accounts a notice to the platform's application is about.",
)

seller_asks = sa.Table(
    "seller_asks",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("state_digest", sa.LargeBinary, nullable=False, comment="SHA-256 of what the browser carries."),
    sa.Column("gateway", sa.Text, nullable=False),
    sa.Column("user_id", _id, nullable=False, comment="Who asked, and alone may come back."),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("verifier_sealed", sa.Text, nullable=False, comment="Of PKCE; sealed by the key ring."),
    sa.Column("expires_at", _instant, nullable=False),
    sa.Column("used_at", _instant),
    sa.PrimaryKeyConstraint("organizer_id", "state_digest"),
)

looks = sa.Table(
    "looks",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("account_id", _id, nullable=False),
    sa.Column("due_at", _instant, comment="When it goes on. None: there is no gateway to ask."),
    sa.Column("after", _id, comment="The attempt that it has come to; None: it begins."),
    sa.Column("began_at", _instant, comment="None: it is through, and the figures are those of the last round."),
    sa.Column("ended_at", _instant, comment="When the last one was through."),
    sa.Column("asked", sa.Integer, nullable=False),
    sa.Column("mended", sa.Integer, nullable=False),
    sa.Column("failed", sa.Integer, nullable=False),
    sa.Column("failures_in_row", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "account_id"),
    comment="The nightly look at what is open: how far each account's round has come.",
)

# Moves name their posting without a foreign key, for the same reason; they are written in one transaction with it.

ledger_postings = sa.Table(
    "ledger_postings",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("key", sa.Text, nullable=False, comment="The fact: it is posted once."),
    sa.Column("posting_id", _id, nullable=False, comment="Sorts by when it was posted."),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("amount_minor", sa.BigInteger, nullable=False, comment="The amount that the fact is about."),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("payment_id", _id),
    sa.Column("charge_id", _id),
    sa.Column("occurred_at", _instant, nullable=False),
    sa.Column("posted_at", _instant, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "key"),
    sa.Index("ledger_postings_payment", "organizer_id", "payment_id"),
    sa.Index("ledger_postings_occurred", "organizer_id", "occurred_at", "posting_id"),
    sa.CheckConstraint("amount_minor >= 0", name="amount_not_negative"),
    one_of("kind", _POSTING_KINDS),
    comment="Append-only: a posting is taken back by another one.",
)

ledger_moves = sa.Table(
    "ledger_moves",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("key", sa.Text, nullable=False, comment="Of its posting."),
    sa.Column("number", sa.SmallInteger, nullable=False),
    sa.Column("debit", sa.Text, nullable=False, comment="The account that the amount goes to."),
    sa.Column("credit", sa.Text, nullable=False, comment="The account that it comes from."),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "key", "number"),
    sa.CheckConstraint("amount_minor > 0", name="amount_positive"),
    sa.CheckConstraint("debit <> credit", name="accounts_differ"),
    one_of("debit", _LEDGER_ACCOUNTS, expression="split_part(debit, ':', 1)"),
    one_of("credit", _LEDGER_ACCOUNTS, expression="split_part(credit, ':', 1)"),
    comment="Append-only. Each row moves an amount from one account to another, so that it is balanced by construction.",
)

ledger_balances = sa.Table(
    "ledger_balances",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("debit_minor", sa.BigInteger, nullable=False),
    sa.Column("credit_minor", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "account", "currency"),
    comment="What ledger_moves add up to.",
)

payment_codes = sa.Table(
    "payment_codes",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("account_id", _id, nullable=False),
    sa.Column("code", sa.Text, nullable=False, comment="Without its hyphen; given out once, for late money still names it."),
    sa.Column("attempt_id", _id, nullable=False),
    sa.Column("number", sa.Text, comment="What people call what is paid, such as an order's number."),
    sa.Column("created_at", _instant, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "account_id", "code"),
    sa.UniqueConstraint("organizer_id", "attempt_id", name="payment_codes_attempt"),
    sa.Index("payment_codes_number", "organizer_id", "number"),
)

receipts = sa.Table(
    "receipts",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("id", _id, nullable=False, comment="Also the id of its charge at the account."),
    sa.Column("account_id", _id, nullable=False),
    sa.Column("attempt_id", _id, nullable=False),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("received_on", sa.Date, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("recorded_by", sa.Text, nullable=False),
    sa.Column("recorded_at", _instant, nullable=False),
    sa.Column("line_key", sa.Text, comment="The line of a statement that shows the money; None while none does."),
    sa.PrimaryKeyConstraint("organizer_id", "id"),
    sa.UniqueConstraint("organizer_id", "account_id", "line_key", name="receipts_line"),
    sa.Index("receipts_attempt", "organizer_id", "attempt_id"),
    sa.CheckConstraint("amount_minor > 0", name="amount_positive"),
    comment="Money that a person saw, or that a statement shows.",
)

statement_layouts = sa.Table(
    "statement_layouts",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("account_id", _id, nullable=False),
    sa.Column("layout", JSONB, nullable=False, comment="`Layout`: separator, columns, decimals, dates, encoding."),
    sa.Column("updated_at", _instant, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "account_id"),
)

statement_lines = sa.Table(
    "statement_lines",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("account_id", _id, nullable=False),
    sa.Column("line_key", sa.Text, nullable=False, comment="The same whenever the same movement is read again."),
    sa.Column("number", sa.Integer, nullable=False, comment="In the file that brought it, from 1."),
    sa.Column("booked_on", sa.Date, nullable=False),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("is_mended", sa.Boolean, nullable=False, comment="Its code was mistyped, and only one payment can be meant."),
    sa.Column("attempt_id", _id),
    sa.Column("code", sa.Text),
    sa.Column("imported_at", _instant, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "account_id", "line_key"),
    sa.Index("statement_lines_day", "organizer_id", "account_id", "booked_on", "line_key"),
    one_of("outcome", "matched recorded paid_again other_amount ambiguous unknown"),
    comment="Money that came in by statements of bank accounts, each line once.",
)
