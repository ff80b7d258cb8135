"""The states of refunds: what was given back, or refused, stays so, and what may have been sent is never taken for unsent."""

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from alltickets.payments.refunds.rules import FINAL, UNSENT, RefundStatus, may_move

STATUSES: tuple[RefundStatus, ...] = get_args(RefundStatus)


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
