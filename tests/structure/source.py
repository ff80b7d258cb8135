"""The source as the rules of structure look at it: what there is now, found and not listed."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import alltickets

ROOT = Path(__file__).parents[2]
SOURCE = Path(alltickets.__file__).parent
# Left may not import right (design section 3); what does not stand here yet is no context.
ORDER = "identity catalog inventory pricing payments tickets orders access waitingroom marketing analytics notifications"
CONTEXTS = tuple(name for name in ORDER.split() if (SOURCE / name / "__init__.py").exists())
# They put the contexts together, and see them from the inside.
COMPOSITION_ROOTS = ("main", "worker", "demo", "cli", "supervise")

_statement = re.compile(r"\s*(?:/\*.*?\*/\s*)*(?:select|insert|update|delete|with|merge|truncate|lock)\b", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Module:
    """A file of the source."""

    path: Path
    tree: ast.Module
    lines: int

    @property
    def name(self) -> str:
        """Its dotted name below `alltickets`."""
        parts = self.path.relative_to(SOURCE).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def part(self) -> str:
        """The folder or file of `alltickets` that it belongs to."""
        return self.name.partition(".")[0]

    @property
    def room(self) -> str:
        """Which room of its part it stands in, or under: `service` for orders.service.placing."""
        return self.name.partition(".")[2].partition(".")[0]

    def at(self, node: ast.AST) -> str:
        """A place in it, for a message."""
        return f"src/alltickets/{self.path.relative_to(SOURCE)}:{getattr(node, 'lineno', 1)}"


@cache
def modules() -> tuple[Module, ...]:
    """Every file of the source."""
    return tuple(_read(path) for path in sorted(SOURCE.rglob("*.py")))


def _read(path: Path) -> Module:
    text = path.read_text(encoding="utf-8")
    return Module(path, ast.parse(text, filename=str(path)), len(text.splitlines()))


@cache
def statements() -> tuple[tuple[str, str], ...]:
    """Every SQL statement that stands in the source, with its place; migrations apart, which define what the rules are about."""
    return tuple(found for module in modules() if module.part != "migrations" for found in _statements_of(module))


def _statements_of(module: Module) -> Iterator[tuple[str, str]]:
    nodes = list(ast.walk(module.tree))
    # Docstrings begin with verbs too, and the parts of an f-string are no statements by themselves.
    skipped = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    skipped |= {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in nodes:
        text = None if id(node) in skipped else _text_of(node)
        if text is not None and _statement.match(text) and ("%(" in text or re.search(r"\b[a-z]+\.[a-z_]+", text)):
            yield module.at(node), text


def _text_of(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "interpolated" for part in node.values)
    return None
