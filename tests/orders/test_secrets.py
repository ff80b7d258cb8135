"""An order's secret entitles to that order, and to nothing else."""

from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alltickets.kernel.ids import new_id
from alltickets.orders.refusals import OrderNotFound
from alltickets.orders.secrets import OrderSecrets
from alltickets.platform.secrets import KeyRing

FIRST, SECOND = KeyRing.generate_key(), KeyRing.generate_key()
SECRETS = OrderSecrets(KeyRing(f"1:{FIRST}"), "https://entradas.example")
ORGANIZER, ORDER = new_id(), new_id()
SECRET = SECRETS.secret_of(ORGANIZER, ORDER)


@given(st.uuids(), st.uuids())
def test_a_secret_says_whose_order_it_is_and_is_the_same_each_time(organizer_id: UUID, order_id: UUID) -> None:
    secret = SECRETS.secret_of(organizer_id, order_id)

    assert SECRETS.organizer_of(order_id, secret) == organizer_id
    assert SECRETS.secret_of(organizer_id, order_id) == secret


def test_another_orders_secret_opens_nothing() -> None:
    with pytest.raises(OrderNotFound):
        SECRETS.organizer_of(ORDER, SECRETS.secret_of(ORGANIZER, new_id()))


def test_another_organizers_secret_opens_nothing() -> None:
    _, _, stamp = SECRETS.secret_of(new_id(), ORDER).partition(".")
    organizer, _, _ = SECRET.partition(".")

    with pytest.raises(OrderNotFound):
        SECRETS.organizer_of(ORDER, f"{organizer}.{stamp}")


def test_another_installations_secret_opens_nothing() -> None:
    elsewhere = OrderSecrets(KeyRing(f"1:{SECOND}"), "https://entradas.example")

    with pytest.raises(OrderNotFound):
        SECRETS.organizer_of(ORDER, elsewhere.secret_of(ORGANIZER, ORDER))


@given(st.integers(0, len(SECRET) - 1), st.characters(min_codepoint=33, max_codepoint=255))
def test_a_secret_that_was_tampered_with_opens_nothing(place: int, letter: str) -> None:
    tampered = SECRET[:place] + letter + SECRET[place + 1 :]

    if tampered != SECRET and place != len(SECRET.partition(".")[0]) - 1:
        with pytest.raises(OrderNotFound):
            SECRETS.organizer_of(ORDER, tampered)


@given(st.text(max_size=60))
@example("")
@example(".")
@example("AAAA.1.é")
@example(f"{SECRET[:22]}.99999999999999999999.x")
@example(f"{SECRET[:22]}.١.x")
def test_nonsense_opens_nothing(text: str) -> None:
    with pytest.raises(OrderNotFound):
        SECRETS.organizer_of(ORDER, text)


def test_an_old_secret_stays_good_when_the_key_ring_is_rotated_and_ends_with_its_key() -> None:
    rotated = OrderSecrets(KeyRing(f"1:{FIRST},2:{SECOND}"), "https://entradas.example")
    dropped = OrderSecrets(KeyRing(f"2:{SECOND}"), "https://entradas.example")

    assert rotated.secret_of(ORGANIZER, ORDER) != SECRET
    assert rotated.organizer_of(ORDER, SECRET) == ORGANIZER
    with pytest.raises(OrderNotFound):
        dropped.organizer_of(ORDER, SECRET)


def test_the_way_back_carries_the_secret_where_no_log_sees_it() -> None:
    assert SECRETS.return_url(ORGANIZER, ORDER) == f"https://entradas.example/o/{ORDER}#{SECRET}"
