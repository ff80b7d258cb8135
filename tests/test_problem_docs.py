"""docs/problems.md is what the table of problems says."""

import re
from pathlib import Path

from alltickets.problem_docs import COMMAND, problems_page
from alltickets.problems import PROBLEMS

PAGE = Path(__file__).parents[1] / "docs" / "problems.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == problems_page(), f"docs/problems.md is out of date; renew it: {COMMAND}"


def test_every_problem_stands_on_the_page_once_and_in_the_order_of_the_table() -> None:
    slugs = re.findall(r"^\| `/problems/([a-z-]+)` ", problems_page(), re.MULTILINE)

    assert [slug for slug in slugs if slug not in ("unavailable", "unexpected")] == [row.slug for row in PROBLEMS.table]
    assert slugs[-2:] == ["unavailable", "unexpected"]


def test_every_problem_says_when_it_is_met() -> None:
    rows = re.findall(r"^\| `/problems/.*$", problems_page(), re.MULTILINE)

    assert all(cell.strip() for row in rows for cell in row.replace("\\|", "").split("|")[1:-1])
