"""docs/problems.md, made of the table of problems and of what the refusals say about themselves.

`python -m alltickets.problem_docs docs/problems.md` writes it anew; a test fails while it is out of date.
"""

import dataclasses
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from alltickets.kernel.errors import Refusal, Trouble
from alltickets.platform.http.problems import Problems, ProblemType
from alltickets.problems import PROBLEMS

__all__ = ["COMMAND", "problems_page"]

COMMAND = ".venv/bin/python -m alltickets.problem_docs docs/problems.md"

_HEAD = f"""\
# Problems

Every answer that is not a success is a problem document (RFC 9457, `application/problem+json`):

    {{
      "type": "/problems/sold-out",
      "title": "Not enough left",
      "status": 409,
      "detail": "Only 1 of what you chose are left. Nothing was taken; choose fewer or other places.",
      "instance": "/api/shop/holds/0198c0de-0000-7000-8000-000000000001",
      "available": {{"0198c0de-0000-7000-8000-000000000002": 1}}
    }}

`type` is a stable name: switch on it. `title` is the same for every problem of a type; `detail` is a sentence for a person that says what
was kept and what to do next. Where asking again helps, the header `Retry-After` says in how many seconds. Fields beyond these are the
members below. 400 and 422 are about the request alone, 409 is about the state of things, and nothing was changed by what was refused.

The order is that of precedence: what is wrong with the request, who may call, what is not there, what the state forbids, trouble.
This page is generated from `src/alltickets/problems.py`; `{COMMAND}` renews it.
"""
_HEADINGS = {"platform": "The request itself", "kernel": "Trouble"}


def problems_page(problems: Problems = PROBLEMS) -> str:
    """The page's text: the table in its order, grouped by the context that refuses, then what every operation can meet."""
    implied = [problems.row_of(Trouble("")), problems.row_of(Exception())]
    # Trouble stands last, whichever part has it.
    rows = sorted([*problems.table, *implied], key=lambda row: not issubclass(row.refusal, Refusal))
    return "\n".join([_HEAD, *(line for heading, group in groupby(rows, _heading_of) for line in _section(heading, group))])


def _heading_of(row: ProblemType) -> str:
    package = row.refusal.__module__.split(".")[1] if issubclass(row.refusal, Refusal) else "kernel"
    return _HEADINGS.get(package, package.capitalize())


def _section(heading: str, rows: Iterator[ProblemType]) -> Iterator[str]:
    yield f"## {heading}"
    yield "| `type` | status | title | when | members |"
    yield "|---|---|---|---|---|"
    for row in rows:
        members = ", ".join(f"`{name}`" for name in _members_of(row.refusal)) or "–"
        yield f"| `/problems/{row.slug}` | {row.status} | {row.title} | {_meaning_of(row.refusal)} | {members} |"
    yield ""


def _members_of(refusal: type[Exception]) -> list[str]:
    if refusal is Exception:
        return ["incident"]
    # Trouble keeps its fields to itself: they are about our machines.
    return [field.name for field in dataclasses.fields(refusal)] if issubclass(refusal, Refusal) else []


def _meaning_of(refusal: type[Exception]) -> str:
    """The first paragraph of the docstring, on one line."""
    if refusal is Trouble:
        return "Something that we need, such as the database, cannot be reached or is busy."
    if refusal is Exception:
        return "A fault of ours. It was recorded under the number in `incident`."
    paragraph = (refusal.__doc__ or "").strip().partition("\n\n")[0]
    return " ".join(paragraph.split()).replace("|", "\\|")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(problems_page())
