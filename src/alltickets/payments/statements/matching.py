"""Which awaited payment a line of a bank's statement pays, if any. Pure.

The code in the description decides; the amount and the day have to agree with it. Where more than one payment could be meant nothing is
guessed: that line is a person's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from alltickets.payments.awaited import AwaitedPayment
from alltickets.payments.codes import codes_in, nearly_codes_in
from alltickets.payments.statements.reading import Line

__all__ = ["ACTS", "Act", "Judgement", "Outcome", "codes_of", "judge"]

Outcome = Literal[
    "matched",  # it pays one payment, whole
    "recorded",  # a person has confirmed that payment already, and this is its money
    "paid_again",  # it pays what another line has paid
    "other_amount",  # the code is known, and another amount was asked for
    "ambiguous",  # it may be meant for more than one payment
    "unknown",  # no code of ours stands in it
    "duplicate",  # the line was imported before
]
Act = Literal["confirm", "give_back", "settle_by_hand", "look_up", "none"]

ACTS: Mapping[Outcome, Act] = {
    "matched": "confirm",
    "recorded": "none",
    "paid_again": "give_back",
    "other_amount": "settle_by_hand",
    "ambiguous": "look_up",
    "unknown": "look_up",
    "duplicate": "none",
}
"""What is to be done about a line. The first three are done when the statement is imported; the others wait for people."""

ZONES_APART = timedelta(days=1)
"""The bank's day may be the one before ours."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a line was found to be. `is_mended`: its code was mistyped, and only this one payment can be meant."""

    outcome: Outcome
    awaited: AwaitedPayment | None = None
    is_mended: bool = False

    @property
    def act(self) -> Act:
        """What is to be done about it."""
        return ACTS[self.outcome]


def codes_of(line: Line) -> tuple[set[str], set[str]]:
    """The codes that stand in a line, and those that nearly do."""
    exact = codes_in(line.description)
    return exact, nearly_codes_in(line.description) - exact


def judge(line: Line, known: Mapping[str, AwaitedPayment], shown: Mapping[UUID, bool]) -> Judgement:
    """What a line is that was not imported before. `known`: payments of the line's account by their codes.

    `shown`: attempts with receipts, and whether lines have shown all of that money.
    """
    exact, nearly = codes_of(line)
    meant = _meant(line, known, exact)
    if len(meant) > 1:
        return Judgement("ambiguous")
    if meant:
        [awaited] = meant
        if awaited.amount_minor != line.amount_minor:
            return Judgement("other_amount", awaited)
        if awaited.attempt_id not in shown:
            return Judgement("matched", awaited)
        return Judgement("paid_again" if shown[awaited.attempt_id] else "recorded", awaited)
    # A mistyped code is believed only with the very amount that was asked for, and never for what is paid.
    mended = [one for one in _meant(line, known, nearly) if one.amount_minor == line.amount_minor]
    if not mended:
        return Judgement("unknown")
    if len(mended) > 1 or mended[0].attempt_id in shown:
        return Judgement("ambiguous")
    return Judgement("matched", mended[0], is_mended=True)


def _meant(line: Line, known: Mapping[str, AwaitedPayment], codes: set[str]) -> Sequence[AwaitedPayment]:
    """Those of these codes' payments that the line may pay: nobody writes a code before it was given out."""
    found = (known[code] for code in sorted(codes) if code in known)
    return [one for one in found if line.booked_on >= (one.created_at - ZONES_APART).date()]
