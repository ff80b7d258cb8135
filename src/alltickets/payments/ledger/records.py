"""Postings, moves and balances as rows. Postings and moves are only ever inserted; balances are their sum."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

import msgspec

from alltickets.kernel.ids import new_id_text
from alltickets.payments.ledger.facts import Fact, KnownCharge
from alltickets.payments.ledger.rules import Discount, Move, Posting
from alltickets.payments.parts import Part
from alltickets.platform.database import Reader, Transaction, rows_as_json, uuid_array

__all__ = ["Balance", "move_balances", "page_of_moves", "read_balances", "read_known", "sums_of", "write_postings"]


_decoder = msgspec.json.Decoder(tuple[Part, ...])


@dataclass(frozen=True, slots=True)
class Balance:
    """What was ever moved to an account (debit) and from it (credit), in one currency."""

    account: str
    currency: str
    debit_minor: int
    credit_minor: int

    @property
    def balance_minor(self) -> int:
        """Debit less credit."""
        return self.debit_minor - self.credit_minor

    def plus(self, more: "Balance") -> "Balance":
        """What both were moved together."""
        return Balance(self.account, self.currency, self.debit_minor + more.debit_minor, self.credit_minor + more.credit_minor)


async def read_known(reader: Reader, facts: Iterable[Fact]) -> dict[tuple[UUID, str], KnownCharge]:
    """The charges that these facts are about, with what was posted of them before; by charge and currency. Two statements."""
    wanted = {(fact.charge_id, fact.currency): fact.payment_id for fact in facts}
    pairs = {charge_id: payment_id for (charge_id, _), payment_id in wanted.items()}
    rows = await reader.fetch_tuples(
        """
        SELECT c.id, c.account_id, p.parts::text, a.platform_fee_minor, u.promotion_id, u.discount_minor, u.bank_minor, u.platform_minor
          FROM json_to_recordset(%(pairs)s::json) AS x(charge_id uuid, payment_id uuid)
          JOIN payments.charges c
            ON c.organizer_id = %(organizer_id)s AND c.id = x.charge_id
          JOIN payments.payments p
            ON p.organizer_id = c.organizer_id AND p.id = x.payment_id
          JOIN payments.attempts a
            ON a.organizer_id = c.organizer_id AND a.id = c.attempt_id
          LEFT JOIN payments.promotion_uses u
            ON u.organizer_id = c.organizer_id AND u.attempt_id = c.attempt_id AND u.status <> 'released'
         WHERE c.organizer_id = %(organizer_id)s
        """,
        pairs=rows_as_json([{"charge_id": charge_id, "payment_id": payment_id} for charge_id, payment_id in pairs.items()]),
    )
    found = {row[0]: (row[1], _parts_of(row[2]), None if row[4] is None else Discount(*row[4:]), row[3]) for row in rows}
    known = {(charge_id, currency): KnownCharge(*found[charge_id]) for charge_id, currency in wanted}
    posted = await reader.fetch_tuples(
        """
        SELECT charge_id, currency, key, kind, amount_minor
          FROM payments.ledger_postings
         WHERE organizer_id = %(organizer_id)s AND payment_id = ANY(%(payment_ids)s::uuid[]) AND charge_id = ANY(%(charge_ids)s::uuid[])
        """,
        payment_ids=uuid_array(set(pairs.values())),
        charge_ids=uuid_array(pairs),
    )
    for charge_id, currency, key, kind, minor in posted:
        if (charge_id, currency) in known:
            known[charge_id, currency].note(key, kind, minor)
    return known


@lru_cache(maxsize=1_000)
def _parts_of(text: str) -> tuple[Part, ...]:
    """Parts from JSON. In an on-sale thousands of payments are made of the same."""
    return _decoder.decode(text)


async def write_postings(tx: Transaction, postings: Sequence[Posting]) -> list[Posting]:
    """Post what was not posted before, and move the balances; what that was.

    Three statements, whatever their number. Balances are locked in the order of their accounts, after everything but the stream.
    """
    if not postings:
        return []
    new = set(await _insert_postings(tx, postings))
    inserted = [posting for posting in postings if posting.key in new]
    moves = [
        {
            "key": posting.key,
            "number": number,
            "debit": move.debit,
            "credit": move.credit,
            "amount_minor": move.minor,
            "currency": posting.currency,
        }
        for posting in inserted
        for number, move in enumerate(posting.moves, 1)
    ]
    if moves:
        await tx.execute(
            """
            INSERT INTO payments.ledger_moves (organizer_id, key, number, debit, credit, amount_minor, currency)
            SELECT o.organizer_id, x.key, x.number, x.debit, x.credit, x.amount_minor, x.currency
              FROM platform.organizers o,
                   json_to_recordset(%(rows)s::json)
                       AS x(key text, number int, debit text, credit text, amount_minor bigint, currency text)
             WHERE o.organizer_id = %(organizer_id)s
            """,
            rows=rows_as_json(moves),
        )
        await move_balances(tx, sums_of((move, posting.currency) for posting in inserted for move in posting.moves))
    return inserted


async def _insert_postings(tx: Transaction, postings: Sequence[Posting]) -> list[str]:
    rows = [
        {
            "posting_id": new_id_text(),
            "key": posting.key,
            "kind": posting.kind,
            "amount_minor": posting.minor,
            "currency": posting.currency,
            "payment_id": posting.payment_id,
            "charge_id": posting.charge_id,
            "occurred_at": posting.occurred_at,
        }
        for posting in postings
    ]
    inserted = await tx.fetch_tuples(
        """
        INSERT INTO payments.ledger_postings (organizer_id, key, posting_id, kind, amount_minor, currency, payment_id, charge_id,
                                              occurred_at, posted_at)
        SELECT o.organizer_id, x.key, x.posting_id, x.kind, x.amount_minor, x.currency, x.payment_id, x.charge_id, x.occurred_at, now()
          FROM platform.organizers o,
               json_to_recordset(%(rows)s::json)
                   AS x(key text, posting_id uuid, kind text, amount_minor bigint, currency text, payment_id uuid, charge_id uuid,
                        occurred_at timestamptz)
         WHERE o.organizer_id = %(organizer_id)s
        ON CONFLICT (organizer_id, key) DO NOTHING
        RETURNING key
        """,
        rows=rows_as_json(rows),
    )
    return [key for (key,) in inserted]


async def move_balances(tx: Transaction, moved: Iterable[Balance]) -> None:
    """Add to balances what was moved: sums that commute, so that nobody has to lock before. One statement."""
    await tx.execute(
        """
        INSERT INTO payments.ledger_balances AS b (organizer_id, account, currency, debit_minor, credit_minor)
        SELECT o.organizer_id, x.account, x.currency, x.debit_minor, x.credit_minor
          FROM platform.organizers o,
               json_to_recordset(%(rows)s::json) AS x(account text, currency text, debit_minor bigint, credit_minor bigint)
         WHERE o.organizer_id = %(organizer_id)s
         ORDER BY x.account, x.currency
        ON CONFLICT (organizer_id, account, currency) DO UPDATE
           SET debit_minor = b.debit_minor + excluded.debit_minor, credit_minor = b.credit_minor + excluded.credit_minor
        """,
        rows=rows_as_json(list(moved)),
    )


def sums_of(moves: Iterable[tuple[Move, str]]) -> list[Balance]:
    """What moves, each with its currency, add up to."""
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for move, currency in moves:
        sums[move.debit, currency][0] += move.minor
        sums[move.credit, currency][1] += move.minor
    return [Balance(account, currency, debit, credit) for (account, currency), (debit, credit) in sums.items()]


async def read_balances(reader: Reader) -> list[Balance]:
    """Every balance, by account and currency. One row for each account that ever moved."""
    return await reader.fetch_all(
        Balance,
        """
        SELECT account, currency, debit_minor, credit_minor
          FROM payments.ledger_balances
         WHERE organizer_id = %(organizer_id)s
         ORDER BY account, currency
        """,
    )


async def page_of_moves(reader: Reader, after: tuple[str, int], limit: int) -> list[tuple[str, int, Move, str]]:
    """The moves that follow one in the order of the primary key: key, number, move and currency."""
    rows = await reader.fetch_tuples(
        """
        SELECT key, number, debit, credit, amount_minor, currency
          FROM payments.ledger_moves
         WHERE organizer_id = %(organizer_id)s AND (key, number) > (%(key)s, %(number)s)
         ORDER BY key, number
         LIMIT %(limit)s
        """,
        key=after[0],
        number=after[1],
        limit=limit,
    )
    return [(key, number, Move(debit, credit, minor), currency) for key, number, debit, credit, minor, currency in rows]
