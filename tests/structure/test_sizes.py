"""Small rooms: a function fits on a screen, a file in a head. What was larger when the rule came may only shrink."""

import ast
from collections.abc import Iterator
from functools import cache

import pytest

from tests.structure.source import ROOT

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 600
FOLDERS = ("src", "tests", "bench", "simulators")

# Place -> lines. A number here is lowered when its place shrinks, and its line goes with the last line too many.
LARGER = {
    "src/alltickets/migrations/versions/0003_catalog.py upgrade": 172,
}


@cache
def sizes() -> list[tuple[str, int, int]]:
    """Every file and function: its place, its lines, and how many it may have."""
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    return [size for path in paths for size in sizes_of(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))]


def sizes_of(place: str, text: str) -> Iterator[tuple[str, int, int]]:
    """The same for one file; what a function contains counts for it, its decorators do not."""
    yield place, len(text.splitlines()), FILE_LINES_MAX
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield f"{place} {node.name}", node.end_lineno - node.lineno + 1, FUNCTION_LINES_MAX


def test_functions_and_files_stay_small() -> None:
    too_large = {place: lines for place, lines, most in sizes() if lines > max(most, LARGER.get(place, 0))}

    assert too_large == {}


def test_what_has_shrunk_does_not_grow_again() -> None:
    now = {place: lines for place, lines, most in sizes() if lines > most}

    assert {place: now.get(place) for place in LARGER} == LARGER


@pytest.mark.parametrize(("lines", "counted"), [(1, 2), (70, 71)])
def test_a_function_is_counted_from_its_first_line_to_its_last(lines: int, counted: int) -> None:
    text = "@decorated\n@twice\nasync def f():\n" + "    x = 1\n" * lines

    [(_, file_lines, _), (place, function_lines, most)] = sizes_of("a.py", text)

    assert (place, function_lines, most) == ("a.py f", counted, FUNCTION_LINES_MAX)
    assert file_lines == lines + 3
