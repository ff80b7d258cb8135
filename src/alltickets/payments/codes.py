"""Payment codes: what a buyer writes into a transfer, or says at the counter, so that somebody finds what was paid. Pure.

Six characters and a check character of an alphabet of 23, such as `JGG-J26D`. It has no vowels, so that no code is a word; none of
0 O 1 I L, which are misread; and of letters that sound or look alike (B V 8, S 5, Z 2, M N) one each. 23 is a prime: a weighted sum
tells every wrong character and every two that changed places.
"""

import re
import secrets
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import pairwise

__all__ = ["CODE_LENGTH", "codes_in", "nearly_codes_in", "new_code", "shown_code", "tidy_code"]

ALPHABET = "23456789CDFGHJKMPQRTWXY"
BASE = len(ALPHABET)
CODE_LENGTH = 7
_TAKEN_FOR = str.maketrans({"S": "5", "Z": "2", "B": "8", "N": "M"})
"""What somebody heard or read for what is in the alphabet."""
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}
_NOT_OF_A_WORD = re.compile(r"[^0-9A-Z]+")
WORDS_MAX = 40
"""Of a description: a bank's line has a dozen, and whoever sends more is not a bank."""


def new_code() -> str:
    """A code that nobody can guess, as it is stored: without its hyphen."""
    stem = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH - 1))
    return stem + _check_of(stem)


def shown_code(code: str) -> str:
    """`JGG-J26D`"""
    return f"{code[:3]}-{code[3:]}"


def tidy_code(typed: str) -> str | None:
    """The code that somebody typed, in whatever case and with whatever between its characters; None where it is none."""
    code = _NOT_OF_A_WORD.sub("", _plain(typed)).translate(_TAKEN_FOR)
    return code if _is_code(code) else None


def codes_in(text: str) -> set[str]:
    """Every code that may stand in a description, also run together with what stands beside it."""
    run = "".join(_words(text)).translate(_TAKEN_FOR)
    found = (run[first : first + CODE_LENGTH] for first in range(len(run) - CODE_LENGTH + 1))
    return {code for code in found if _is_code(code)}


def nearly_codes_in(text: str) -> set[str]:
    """Codes that a word of a description would be with one character mended, or two put back in their order.

    Whole words only, or two that a code was split into: within what is run together anything is nearly a code. Which of them was meant, if
    any, only those tell that were given out.
    """
    words = [word.translate(_TAKEN_FOR) for word in _words(text)]
    whole = [*words, *(first + second for first, second in pairwise(words))]
    return {code for word in whole if len(word) == CODE_LENGTH for code in _mended(word)}


def _mended(word: str) -> Iterator[str]:
    """The codes at one wrong character or one exchange of neighbours from the word: by the sum, without trying."""
    values = [_VALUES.get(letter) for letter in word]
    strange = [place for place, value in enumerate(values) if value is None]
    if len(strange) > 1:
        return
    rest = _sum_of(value or 0 for value in values) % BASE
    for place in strange or range(CODE_LENGTH):
        # What has to stand there for the sum to be nothing again.
        value = ((values[place] or 0) - rest * pow(place + 1, -1, BASE)) % BASE
        if value != values[place]:
            yield word[:place] + ALPHABET[value] + word[place + 1 :]
    for place in range(CODE_LENGTH - 1) if not strange else ():
        first, second = _VALUES[word[place]], _VALUES[word[place + 1]]
        if first != second and (rest + first - second) % BASE == 0:
            yield word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def _words(text: str) -> list[str]:
    return [word for word in _NOT_OF_A_WORD.split(_plain(text)) if word][:WORDS_MAX]


def _plain(text: str) -> str:
    """In capitals and without accents."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", text.upper()) if not unicodedata.combining(letter))


def _is_code(code: str) -> bool:
    """Whether the sum of place times value is a multiple of 23."""
    return len(code) == CODE_LENGTH and _VALUES.keys() >= set(code) and _sum_of(_VALUES[letter] for letter in code) % BASE == 0


def _check_of(stem: str) -> str:
    return ALPHABET[-_sum_of(_VALUES[letter] for letter in stem) * pow(CODE_LENGTH, -1, BASE) % BASE]


def _sum_of(values: Iterable[int]) -> int:
    return sum(place * value for place, value in enumerate(values, 1))
