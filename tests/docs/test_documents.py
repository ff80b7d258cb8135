"""What the documents name exists: files, functions, settings, commands, figures, operations."""

import re
from pathlib import Path

import pytest

from alltickets.cli import main
from alltickets.main import build_contexts, hot_routes_of, storefront_of
from alltickets.platform.settings import Settings

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "alltickets"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("simulators/**/*.md")])
by_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))


@by_document
def test_every_link_to_a_file_leads_to_one(document: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", document.read_text())

    missing = [link for link in links if not (document.parent / link).exists()]

    assert missing == []


@by_document
def test_every_file_of_the_code_that_is_named_exists(document: Path) -> None:
    named = re.findall(r"`((?:[\w.-]+/)+[\w-]+\.py)`", document.read_text())

    missing = [path for path in named if not any((place / path).is_file() for place in (ROOT, PACKAGE, document.parent))]

    assert missing == []


@by_document
def test_every_function_named_beside_its_file_stands_there(document: Path) -> None:
    named = re.findall(r"`([\w/]+\.py)`(?:, | \()`([A-Za-z][\w.]*)`", document.read_text())

    missing = [
        f"{path}: {part}"
        for path, name in named
        for place in (PACKAGE, ROOT)
        if not name.endswith(".py") and (place / path).is_file()
        for part in name.split(".")
        if not re.search(rf"^\s*(?:(?:async )?def|class) {part}\b", (place / path).read_text(), re.MULTILINE)
    ]

    assert missing == []


@by_document
def test_every_command_that_is_named_exists(document: Path) -> None:
    named = set(re.findall(r"(?:`|^    )alltickets ([a-z]+)", document.read_text(), re.MULTILINE))

    assert named - set(main.commands) == set()


def test_the_table_of_settings_has_every_setting_with_its_default() -> None:
    rows = re.findall(r"^\| `ALLTICKETS_(\w+)` \| (.+?) \| .+ \|$", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE)
    settings = Settings()

    assert {name.lower(): default for name, default in rows} == {
        name: _written(getattr(settings, name)) for name in Settings.__struct_fields__
    }
    assert len(rows) == len(Settings.__struct_fields__)


def test_every_figure_that_is_named_is_measured() -> None:
    named = set(re.findall(r"`(alltickets_[a-z_]+)`", (ROOT / "docs" / "operations.md").read_text()))
    code = "".join(path.read_text() for path in PACKAGE.rglob("*.py"))

    assert named
    assert {name for name in named if f'"{name.removesuffix("_total")}"' not in code} == set()


def test_the_operations_of_the_hot_lane_are_those_that_are_named(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    section = text.partition("## The hot lane")[2].partition("## ")[0]
    contexts = build_contexts(Settings(database_url="postgresql://127.0.0.1/none", data_dir=tmp_path))

    named = set(re.findall(r"`([a-z]+[A-Z]\w+|scan)`", section))

    assert named == {route.operation_id for route in hot_routes_of(contexts, "all", storefront_of(contexts, "all"))}


def _written(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "on" if value else "off"
    return ", ".join(value) if isinstance(value, tuple) else str(value)
