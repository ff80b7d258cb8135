"""Whatever accent an organizer picks, every text in it can be read."""

from hypothesis import example, given
from hypothesis import strategies as st

from alltickets.storefront.colours import CONTRAST_MIN, INK, PAPER, PLATFORM_ACCENT, WHITE, contrast, theme_of

ACCENTS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(ACCENTS)
@example("#000000")
@example("#ffffff")
@example("#ffd400")
@example("#7f7f7f")
def test_all_text_reads_at_the_least_contrast(accent: str) -> None:
    theme = theme_of(accent)

    assert contrast(theme.on_accent, theme.accent) >= CONTRAST_MIN
    assert contrast(theme.on_accent, theme.strong) >= CONTRAST_MIN
    assert contrast(theme.text, PAPER) >= CONTRAST_MIN
    assert contrast(theme.text, theme.soft) >= CONTRAST_MIN
    assert contrast(INK, theme.soft) >= CONTRAST_MIN
    assert theme.on_accent in (WHITE, INK)


@given(ACCENTS)
def test_what_can_be_read_is_kept_as_it_was_picked(accent: str) -> None:
    theme = theme_of(accent)

    if contrast(WHITE, accent) >= CONTRAST_MIN or contrast(INK, accent) >= CONTRAST_MIN:
        assert theme.accent == accent
    if contrast(accent, PAPER) >= CONTRAST_MIN and contrast(accent, theme.soft) >= CONTRAST_MIN:
        assert theme.text == accent


@given(ACCENTS, ACCENTS)
def test_contrast_is_the_standards(one: str, other: str) -> None:
    assert contrast(one, one) == 1
    assert contrast(one, other) == contrast(other, one)
    assert 1 <= contrast(one, other) <= 21


def test_contrast_of_known_pairs() -> None:
    assert round(contrast("#000000", "#ffffff"), 1) == 21.0
    assert round(contrast("#767676", "#ffffff"), 2) == 4.54


def test_the_tokens_say_what_the_platforms_accent_makes() -> None:
    from alltickets.storefront.assets import frontend_folder

    tokens = (frontend_folder() / "shared" / "tokens.css").read_text()
    theme = theme_of(PLATFORM_ACCENT)

    assert f"--paper: {PAPER};" in tokens
    assert f"--ink: {INK};" in tokens
    assert f"--accent: {theme.accent};" in tokens
    assert f"--accent-strong: {theme.strong};" in tokens
    assert f"--accent-text: {theme.text};" in tokens
    assert f"--accent-soft: {theme.soft};" in tokens
