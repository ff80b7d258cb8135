"""Payment codes: found however they were typed, mended where one thing is wrong, and never taken for one another."""

from hypothesis import given, settings
from hypothesis import strategies as st

from alltickets.payments.codes import ALPHABET, CODE_LENGTH, codes_in, nearly_codes_in, new_code, shown_code, tidy_code

codes = st.text(ALPHABET, min_size=CODE_LENGTH - 1, max_size=CODE_LENGTH - 1).map(
    lambda stem: next(stem + letter for letter in ALPHABET if tidy_code(stem + letter))
)


def test_a_new_code_is_one_and_is_written_in_two_groups() -> None:
    made = {new_code() for _ in range(500)}

    assert len(made) == 500
    assert {tidy_code(code) for code in made} == made
    assert tidy_code("jgg-j26d") == "JGGJ26D"
    assert shown_code("JGGJ26D") == "JGG-J26D"


@given(code=codes)
def test_what_is_misheard_or_misread_is_the_same_code(code: str) -> None:
    heard = code.translate(str.maketrans("528M", "SZBN"))

    assert tidy_code(heard) == tidy_code(shown_code(heard.lower())) == code


@given(code=codes, place=st.integers(0, CODE_LENGTH - 1), letter=st.sampled_from(ALPHABET))
def test_no_wrong_character_makes_another_code_and_each_can_be_mended(code: str, place: int, letter: str) -> None:
    wrong = code[:place] + letter + code[place + 1 :]

    assert (tidy_code(wrong) is None) == (wrong != code)
    assert wrong == code or code in nearly_codes_in(f"pago {wrong} gracias")


@given(code=codes, place=st.integers(0, CODE_LENGTH - 2))
def test_no_two_characters_that_changed_places_make_another_code(code: str, place: int) -> None:
    wrong = code[:place] + code[place + 1] + code[place] + code[place + 2 :]

    assert (tidy_code(wrong) is None) == (wrong != code)
    assert wrong == code or code in nearly_codes_in(wrong)


@given(code=codes, place=st.integers(0, CODE_LENGTH - 1))
def test_a_character_that_is_in_no_code_is_mended_to_the_one_that_fits(code: str, place: int) -> None:
    wrong = code[:place] + "A" + code[place + 1 :]

    assert nearly_codes_in(wrong) == {code}


@given(
    code=codes,
    before=st.sampled_from(["", "TRANSF ", "CVU 000-", "Entradas/"]),
    after=st.sampled_from(["", " GARCIA", "-X", "é"]),
    gap=st.sampled_from(["", "-", " ", ". "]),
)
def test_a_code_is_found_in_a_description_however_its_groups_are_parted(code: str, before: str, after: str, gap: str) -> None:
    assert code in codes_in(f"{before}{code[:3].lower()}{gap}{code[3:]}{after}")


@given(st.text())
@settings(max_examples=60)
def test_any_text_at_all_is_read(text: str) -> None:
    assert all(tidy_code(code) == code for code in codes_in(text) | nearly_codes_in(text))
    assert tidy_code(text) is None or len(tidy_code(text) or "") == CODE_LENGTH
