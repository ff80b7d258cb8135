"""The states of refunds: what was given back, or refused, stays so, and what may have been sent is never taken for unsent."""

from typing import get_args
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from alltickets.payments.refunds.rules import FINAL, UNSENT, RefundStatus, Source, drawn, may_move

STATUSES: tuple[RefundStatus, ...] = get_args(RefundStatus)


@settings(max_examples=50)
@given(words=st.lists(st.sampled_from(STATUSES), max_size=12))
def test_whatever_is_said_in_whatever_order_a_refund_ends_once_and_is_never_sent_again_unasked(words: list[RefundStatus]) -> None:
    status: RefundStatus = "created"
    for word in words:
        if may_move(status, word):
            assert status not in FINAL
            assert (status, word) not in {(asked, "created") for asked in ("unknown", "pending", "queued")}
            assert word != "sending" or status in UNSENT
            status = word


def test_every_state_is_come_into_and_none_that_is_not_final_is_a_dead_end() -> None:
    reached: set[RefundStatus] = {"created"}
    for _ in STATUSES:
        reached |= {after for before in reached for after in STATUSES if may_move(before, after)}

    assert reached == set(STATUSES)
    assert {status for status in STATUSES if not any(may_move(status, after) for after in STATUSES)} == set(FINAL)


@settings(max_examples=50)
@given(lefts=st.lists(st.integers(0, 50), min_size=1, max_size=5), kept=st.integers(0, 4), data=st.data())
def test_what_is_asked_is_drawn_whole_from_the_kept_charge_first_and_from_none_more_than_is_left(
    lefts: list[int], kept: int, data: st.DataObject
) -> None:
    sources = [Source(UUID(int=number), left, number == kept) for number, left in enumerate(lefts)]
    if not sum(lefts):
        return
    minor = data.draw(st.integers(1, sum(lefts)))

    shares = drawn(data.draw(st.permutations(sources)), minor)

    of_charge = dict(shares)
    assert shares == drawn(sources, minor)
    assert sum(of_charge.values()) == minor
    assert len(of_charge) == len(shares)
    assert all(0 < of_charge[one.charge_id] <= one.left_minor for one in sources if one.charge_id in of_charge)
    in_order = [one for one in sources if one.is_kept] + [one for one in sources if not one.is_kept]
    taken = [of_charge.get(one.charge_id, 0) for one in in_order]
    for number, one in enumerate(in_order):
        assert taken[number] == one.left_minor or not any(taken[number + 1 :]), "the next one only once nothing is left of this one"
