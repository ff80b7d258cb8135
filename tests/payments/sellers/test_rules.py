"""When tokens are renewed and looked at, and what a request to connect is made of."""

from datetime import UTC, datetime, timedelta

from alltickets.payments.sellers.rules import Ask, challenge_of, digest_of, next_due, renew_again_at, renew_at

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
HALF_A_YEAR = 15_552_000


def test_tokens_of_180_days_are_renewed_after_150() -> None:
    assert renew_at(NOW, HALF_A_YEAR) == NOW + timedelta(days=150)


def test_renewing_that_fails_is_tried_again_and_never_less_than_twice_a_day() -> None:
    waits = [renew_again_at(NOW, tries) - NOW for tries in range(1, 40)]

    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (timedelta(minutes=30), timedelta(hours=12))


def test_a_seller_is_looked_at_daily_and_at_the_latest_when_their_tokens_are_to_be_renewed() -> None:
    assert next_due(NOW, NOW + timedelta(days=9)) == NOW + timedelta(days=1)
    assert next_due(NOW, NOW + timedelta(hours=3)) == NOW + timedelta(hours=3)


def test_the_challenge_is_that_of_the_standard() -> None:
    assert challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_no_two_requests_are_alike_and_none_tells_its_secrets() -> None:
    asks = [Ask() for _ in range(50)]

    assert len({one.state for one in asks} | {one.verifier for one in asks}) == 100
    assert len({digest_of(one.state) for one in asks}) == 50
    # RFC 7636, 4.1: 43 to 128 characters.
    assert all(43 <= len(one.verifier) <= 128 and len(one.state) >= 43 for one in asks)
    assert not [one for one in asks if one.state in repr(one) or one.verifier in repr(one)]
