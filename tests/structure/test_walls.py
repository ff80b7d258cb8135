"""The walls: contexts meet at their front doors, transactions begin where they may, and one place ends them.

import-linter (`.importlinter`) holds the arrows too; what stands here needs no configuration to be kept in step, and more than imports.
"""

import ast
import importlib
import os
import re
from collections.abc import Iterator
from functools import cache

import msgspec
import pytest

from alltickets.kernel.errors import Refusal
from alltickets.platform.events import Event
from tests.structure.source import COMPOSITION_ROOTS, CONTEXTS, ROOT, Module, modules

FRONT_DOORS = ROOT / "tests" / "structure" / "front_doors.txt"
REWRITE = "FRONT_DOORS=write"

# Where a transaction may begin. The rest of the list is who does so elsewhere, and why nobody's service could do it for them.
OPENING_ROOMS = ("service", "jobs", "handlers")
OPENING_ELSEWHERE = {
    "identity.authenticator": "notes that a token was used, beside a request that has no transaction of its own",
    "identity.limits": "a try counts even where what was tried is rolled back",
    "tickets.keys": "an event's keys are made by whoever needs them first, and resealed in the background",
}
ENDING = ("platform.database", "migrations.run")
NAMELESS = ("utils", "util", "helpers", "helper", "common", "managers", "manager", "services", "misc", "base", "core")


def imported_by(module: Module) -> Iterator[tuple[ast.AST, str]]:
    """What a module imports of ours, as dotted names below `alltickets`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module.at(node)}: imports say where from, in full"
            # `from alltickets.orders import rules` imports a module, `from alltickets.orders.rules import place` a name of one.
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if _is_module(name) else str(node.module) for name in whole]
        else:
            continue
        yield from ((node, name.partition(".")[2]) for name in names if name.partition(".")[0] == "alltickets")


def _is_module(name: str) -> bool:
    return name in _names()


@cache
def _names() -> frozenset[str]:
    return frozenset(f"alltickets.{module.name}" for module in modules())


def may_import(importer: Module, imported: str) -> bool:
    """Whether the arrow from this module to that name is one of the design's (sections 2 and 3)."""
    part, _, rest = imported.partition(".")
    if importer.part == part or part == "":
        return True
    if importer.part == "kernel":
        return False
    if importer.part in ("platform", "migrations"):
        return part in ("kernel", "platform")
    if part in ("kernel", "platform", "migrations"):
        return True
    if importer.part in COMPOSITION_ROOTS:
        return True
    if part not in CONTEXTS:
        return importer.part not in CONTEXTS
    at_the_door = rest.partition(".")[0] in ("interface", "events")
    return at_the_door and (importer.part not in CONTEXTS or CONTEXTS.index(part) < CONTEXTS.index(importer.part))


def test_contexts_are_entered_by_their_front_doors_and_from_one_side() -> None:
    arrows = [(module.at(node), imported, may_import(module, imported)) for module in modules() for node, imported in imported_by(module)]

    assert len(arrows) > 100
    assert [f"{place}: {imported}" for place, imported, may in arrows if not may] == []


@pytest.mark.parametrize(
    ("importer", "imported", "may"),
    [
        ("orders.service", "tickets.interface", True),
        ("orders.service", "tickets.service", False),
        ("tickets.service", "orders.interface", False),
        ("tickets.handlers", "orders.events", False),
        ("orders.rules", "kernel.money", True),
        ("kernel.money", "platform.database", False),
        ("platform.jobs", "orders.interface", False),
        ("orders.routes", "problems", False),
        ("problems", "orders.interface", True),
        ("problems", "orders.refusals", False),
        ("main", "orders.service", True),
    ],
)
def test_an_arrow_is_judged_by_both_its_ends(importer: str, imported: str, may: bool) -> None:
    module = Module(ROOT / "src" / "alltickets" / f"{importer.replace('.', '/')}.py", ast.parse(""), 1)

    assert may_import(module, imported) is may


def test_a_context_imports_itself_from_the_inside() -> None:
    around = [
        f"{module.at(node)}: {imported}"
        for module in modules()
        for node, imported in imported_by(module)
        if module.part in CONTEXTS and imported == f"{module.part}.interface"
    ]

    assert around == []


def doors() -> dict[str, list[str]]:
    """What each context lets others use."""
    return {name: list(importlib.import_module(f"alltickets.{name}.interface").__all__) for name in CONTEXTS}


def test_the_front_doors_are_as_wide_as_was_decided() -> None:
    found = "".join("\n    ".join([context, *sorted(names)]) + "\n" for context, names in doors().items())

    if f"FRONT_DOORS={os.environ.get('FRONT_DOORS')}" == REWRITE:
        FRONT_DOORS.write_text(found, encoding="utf-8")

    assert found == FRONT_DOORS.read_text(encoding="utf-8"), f"decide, then run this once with {REWRITE}"


@pytest.mark.parametrize("context", CONTEXTS)
def test_a_front_door_only_opens_and_says_what_for(context: str) -> None:
    door = importlib.import_module(f"alltickets.{context}.interface")
    [module] = [module for module in modules() if module.name == f"{context}.interface"]
    decided_here = [
        module.at(node) for node in module.tree.body if not isinstance(node, ast.Import | ast.ImportFrom | ast.Assign | ast.Expr)
    ]
    exported = {name: getattr(door, name) for name in door.__all__}
    undocumented = [name for name, what in exported.items() if isinstance(what, type) and not what.__doc__]
    rows_and_wire = [
        name
        for name, what in exported.items()
        if re.search(rf"^alltickets\.{context}\.(tables|schemas|routes)\b", getattr(what, "__module__", ""))
    ]

    assert ast.get_docstring(module.tree)
    assert decided_here == []
    assert sorted(door.__all__) == sorted(set(door.__all__))
    assert undocumented == []
    assert rows_and_wire == []


def calls(module: Module, *methods: str) -> Iterator[ast.Call]:
    """Calls of methods of these names."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in methods:
            yield node


def test_transactions_begin_where_use_cases_stand() -> None:
    opening = {module.name: module for module in modules() if any(calls(module, "transaction"))}
    elsewhere = [
        name
        for name, module in opening.items()
        if module.part in CONTEXTS and module.room not in OPENING_ROOMS and name not in OPENING_ELSEWHERE
    ]

    assert len(opening) > 10
    assert elsewhere == []
    assert sorted(OPENING_ELSEWHERE.keys() - opening.keys()) == [], "these need their exception no longer"


def test_one_place_begins_and_ends_transactions() -> None:
    # A calendar file's lines begin with `BEGIN:` too, and no statement does.
    words = re.compile(r"\s*(BEGIN(?!:)|START TRANSACTION|COMMIT|ROLLBACK|SAVEPOINT|PREPARE TRANSACTION)\b(?! [a-z])")
    others = [module for module in modules() if module.name not in ENDING]
    methods = [module.at(call) for module in others for call in calls(module, "commit", "rollback", "set_autocommit")]
    statements = [
        module.at(node)
        for module in others
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and words.match(node.value)
    ]

    assert methods == []
    assert statements == []


def classes_below(base: type) -> list[type]:
    """Every class of ours that derives from this one; migrations and processes are not imported for it."""
    for module in modules():
        if module.part in CONTEXTS or module.part in ("kernel", "platform"):
            importlib.import_module(f"alltickets.{module.name}" if module.name else "alltickets")
    below = [base]
    for each in below:
        derived: list[type] = each.__subclasses__()
        below += [child for child in derived if child not in below]
    return [each for each in below[1:] if each.__module__.startswith("alltickets.")]


def test_events_are_frozen_and_no_two_share_the_name_under_which_they_are_logged() -> None:
    events = classes_below(Event)
    names = [event.__name__ for event in events]

    assert len(events) > 5
    assert [event.__name__ for event in events if issubclass(event, msgspec.Struct) and not event.__struct_config__.frozen] == []
    assert [name for name in set(names) if names.count(name) > 1] == []
    assert [event.__module__ for event in events if not event.__module__.endswith(".events")] == []


def test_every_refusal_has_its_problem_document() -> None:
    problems = importlib.import_module("alltickets.problems").PROBLEMS
    leaves = [refusal for refusal in classes_below(Refusal) if not refusal.__subclasses__()]

    unlisted = [f"{refusal.__module__}.{refusal.__name__}" for refusal in leaves if not _is_listed(problems.table, refusal)]

    assert len(leaves) > 20
    assert unlisted == []


def _is_listed(table: tuple[object, ...], refusal: type) -> bool:
    return any(issubclass(refusal, getattr(row, "refusal")) for row in table)  # noqa: B009


def test_every_folder_and_file_is_named_for_what_it_is() -> None:
    nameless = [module.name for module in modules() if set(module.name.split(".")) & set(NAMELESS)]

    assert nameless == []
