"""What the pages send: the buyer's choice with the dials of a test, and a seller's consent."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from simulators.chassis.faults import Copies, DelayMs

__all__ = ["ChangeForm", "ConsentForm", "PayForm"]

Word = Annotated[str, Meta(max_length=80, pattern=r"^[^\x00-\x1f\x7f]*\Z")]


class PayForm(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The checkout's form.

    submission: made by the page once; the same one twice is one payment (a double click, a reload).
    review_seconds: a payment that is left under review is approved after that.
    report_amount_minor: the payment has that amount instead of what was asked.
    """

    pref_id: Annotated[str, Meta(max_length=80)]
    method: Literal["card", "account_money", "rapipago", "pagofacil", "none"] = "card"
    card_number: Word = ""
    cardholder: Word = ""
    expiration: Word = ""
    security_code: Word = ""
    document: Word = ""
    email: Word = ""
    installments: Literal[1, 3, 6, 12] = 1
    submission: Annotated[str, Meta(max_length=64)] | None = None
    review_seconds: Annotated[int, Meta(ge=1, le=3600)] | None = None
    report_amount_minor: Annotated[int, Meta(ge=1, le=10**12)] | None = None
    report_currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z")] | None = None
    repeat: Copies = 1
    lose: bool = False
    shuffle: bool = False
    delay_ms: DelayMs = 0
    forge_signature: bool = False
    omit_signature: bool = False


class ConsentForm(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The authorization page's form."""

    client_id: Annotated[str, Meta(pattern=r"^\d{8,20}\Z")]
    redirect_uri: Annotated[str, Meta(max_length=1000)]
    state: Annotated[str, Meta(max_length=500)]
    user_id: Annotated[int, Meta(ge=100_000, le=999_999_999_999)]
    code_challenge: Annotated[str, Meta(max_length=200)] | None = None
    answer: Literal["allow", "deny"] = "allow"


class ChangeForm(Struct, forbid_unknown_fields=True, frozen=True):
    """`POST /admin/payments/{id}`. `amount_minor`: what a bank asks for, where that is a part."""

    status: Word
    status_detail: Word
    amount_minor: Annotated[int, Meta(ge=1)] | None = None
