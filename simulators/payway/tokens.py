"""Card tokens: made in the browser with the public key, good for one payment and for some minutes."""

import time
import uuid
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from simulators.chassis.database import Database
from simulators.chassis.times import rfc3339
from simulators.payway.cards import CARDS, UNKNOWN_CARD
from simulators.payway.errors import invalid
from simulators.payway.wire import CardData

__all__ = ["CardToken", "TokenShown", "Tokens"]


class Identification(Struct, frozen=True):
    """A document of the card's holder."""

    type: str
    number: str


class Cardholder(Struct, frozen=True):
    """Who holds the card."""

    identification: Identification
    name: str


class TokenShown(Struct, frozen=True):
    """A token as the API shows it once."""

    id: str
    status: str
    card_number_length: int
    date_created: str
    bin: str
    last_four_digits: str
    security_code_length: int
    expiration_month: int
    expiration_year: int
    date_due: str
    cardholder: Cardholder


@dataclass(frozen=True)
class CardToken:
    """What a token stands for. reason: why its card is declined; None when it is not."""

    id: str
    bin: str
    last_four: str
    methods: tuple[int, ...]
    reason: int | None
    cardholder: Cardholder


class Tokens:
    """Every token of every site. The number of a card is looked at and never kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def make(self, site: str, card: CardData, *, lasts_seconds: int) -> TokenShown:
        """A token for the card. Raises `Failed` 400 for a security code of the wrong length."""
        known = CARDS.get(card.number, UNKNOWN_CARD)
        if card.number in CARDS and len(card.code) != known.code_length:
            raise invalid([("invalid_param", "security_code")])
        now = time.time()
        holder = Cardholder(Identification(card.document["type"], card.document["number"]), card.holder)
        shown = TokenShown(
            id=str(uuid.uuid4()),
            status="active",
            card_number_length=len(card.number),
            date_created=rfc3339(now),
            bin=card.number[:6],
            last_four_digits=card.number[-4:],
            security_code_length=len(card.code),
            expiration_month=card.month,
            expiration_year=card.year,
            date_due=rfc3339(now + lasts_seconds),
            cardholder=holder,
        )
        self._database.execute(
            "INSERT INTO tokens (id, site, bin, last_four, methods, reason, holder, document, due_at) "
            "VALUES (:id, :site, :bin, :last_four, :methods, :reason, :holder, :document, :due_at)",
            id=shown.id,
            site=site,
            bin=shown.bin,
            last_four=shown.last_four_digits,
            methods=",".join(map(str, known.methods)),
            reason=known.reason,
            holder=card.holder,
            document=msgspec.json.encode(holder),
            due_at=now + lasts_seconds,
        )
        return shown

    def find(self, site: str, token: str) -> CardToken | None:
        """A token of the site that can still be paid with; None for one that is used, expired, another site's or nobody's."""
        row = self._database.first(
            "SELECT * FROM tokens WHERE id = :id AND site = :site AND is_used = 0 AND due_at > :now", id=token, site=site, now=time.time()
        )
        if row is None:
            return None
        holder = msgspec.json.decode(row["document"], type=Cardholder)
        methods = tuple(int(method) for method in row["methods"].split(","))
        return CardToken(row["id"], row["bin"], row["last_four"], methods, row["reason"], holder)

    def of_payment(self, token: str) -> tuple[str, Cardholder]:
        """The last four digits and the holder of a token that was paid with."""
        row = self._database.first("SELECT last_four, document FROM tokens WHERE id = :id", id=token)
        assert row is not None, "a payment has its token"
        return row["last_four"], msgspec.json.decode(row["document"], type=Cardholder)

    def use(self, token: CardToken) -> None:
        """It is good for one payment."""
        self._database.execute("UPDATE tokens SET is_used = 1 WHERE id = :id", id=token.id)
