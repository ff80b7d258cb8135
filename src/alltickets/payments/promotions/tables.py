"""Tables of promotions, in the schema of payments."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, UUID

from alltickets.payments.tables import metadata, one_of

_id = UUID(as_uuid=True)
_instant = sa.DateTime(timezone=True)

promotions = sa.Table(
    "promotions",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("promotion_id", _id, nullable=False),
    sa.Column("terms", JSONB, nullable=False, comment="`PromotionTerms`."),
    sa.Column("budget_minor", sa.BigInteger, comment="Of the terms; None: there is none."),
    sa.Column("revision", sa.Integer, nullable=False, comment="Grows with each change; a change names what it rests on."),
    sa.Column("spent_minor", sa.BigInteger, nullable=False, comment="Counted against the budget, of charges under way too."),
    sa.Column("created_at", _instant, nullable=False),
    sa.Column("ended_at", _instant),
    sa.Column("agreed_revision", sa.Integer, comment="Of the terms to which the platform agreed; None: to none yet."),
    sa.Column(
        "agreed_budget_minor", sa.BigInteger, nullable=False, server_default="0", comment="In total, what the platform agreed to bear."
    ),
    sa.Column("agreed_spent_minor", sa.BigInteger, nullable=False, server_default="0", comment="Counted against that, likewise."),
    sa.PrimaryKeyConstraint("organizer_id", "promotion_id"),
    sa.CheckConstraint("agreed_spent_minor >= 0 AND agreed_spent_minor <= agreed_budget_minor", name="within_agreed_budget"),
    sa.CheckConstraint("spent_minor >= 0 AND spent_minor <= budget_minor", name="within_budget"),
)

promotion_uses = sa.Table(
    "promotion_uses",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("attempt_id", _id, nullable=False),
    sa.Column("promotion_id", _id, nullable=False),
    sa.Column("name", sa.Text, nullable=False, comment="As the buyer was told it."),
    sa.Column("bank", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("card_bin", sa.Text, nullable=False, comment="The first digits of the card that it was told for."),
    sa.Column("instalments", sa.Integer, nullable=False),
    sa.Column("discount_minor", sa.BigInteger, nullable=False),
    sa.Column("bank_minor", sa.BigInteger, nullable=False, comment="What of the discount the bank bears."),
    sa.Column(
        "platform_minor", sa.BigInteger, nullable=False, server_default="0", comment="What the platform bears; the organizer the rest."
    ),
    sa.Column("counted_minor", sa.BigInteger, nullable=False, comment="Against the budget."),
    sa.Column("reserved_at", _instant, nullable=False),
    sa.Column("settled_at", _instant),
    sa.PrimaryKeyConstraint("organizer_id", "attempt_id"),
    sa.CheckConstraint("bank_minor >= 0 AND bank_minor <= discount_minor", name="bank_bears_a_share"),
    sa.CheckConstraint("platform_minor >= 0 AND bank_minor + platform_minor <= discount_minor", name="platform_bears_a_share"),
    one_of("status", "reserved released used mismatched"),
)
