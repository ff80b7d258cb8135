"""The bases of errors: a refusal carries data and a sentence, trouble says whether asking again may help."""

from dataclasses import dataclass

import pytest

from alltickets.kernel.errors import Refusal, Trouble


@dataclass(eq=False)
class ShelfEmpty(Refusal):
    shelf: str
    left: int = 0

    def __str__(self) -> str:
        return f"Shelf {self.shelf} has {self.left} left. Choose another."


class StorageGone(Trouble):
    """What a part that talks to the outside derives."""


def test_a_refusal_gives_its_data_by_name_and_its_sentence_for_a_person() -> None:
    refusal = ShelfEmpty("A", 2)

    assert refusal.members() == {"shelf": "A", "left": 2}
    assert str(refusal) == "Shelf A has 2 left. Choose another."


def test_a_refusal_is_raised_and_caught_as_what_it_is() -> None:
    with pytest.raises(Refusal) as caught:
        raise ShelfEmpty("A")

    assert isinstance(caught.value, ShelfEmpty)
    assert not isinstance(caught.value, Trouble)


def test_two_refusals_are_two_even_with_the_same_data() -> None:
    first, second = ShelfEmpty("A"), ShelfEmpty("A")

    distinct = {first, second}

    assert len(distinct) == 2


def test_trouble_says_what_happened_and_when_to_ask_again() -> None:
    trouble = StorageGone("The storage is away.", 3)

    assert str(trouble) == "The storage is away."
    assert trouble.retry_after_seconds == 3
    assert StorageGone("For good.").retry_after_seconds is None


def test_trouble_keeps_its_cause() -> None:
    cause = ConnectionError("reset by peer")

    with pytest.raises(Trouble) as caught:
        raise StorageGone("The storage is away.") from cause

    assert caught.value.__cause__ is cause
