"""`alltickets bench`: measured work, by name."""

import ast
import importlib
import sys
from pathlib import Path

import click

import alltickets

__all__ = ["bench"]


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as one line of JSON.")
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def bench(name: str | None, as_json: bool, options: tuple[str, ...]) -> None:
    """Run the benchmark NAME (bench/NAME.py); without a name, list them. Further options go to the benchmark."""
    root = Path(alltickets.__file__).parents[2]
    known = _benchmarks(root / "bench")
    if not known:
        raise click.ClickException("The benchmarks come with the source, not with the installed package: run this in a clone of it.")
    if name is None:
        for title, about in known.items():
            click.echo(f"{title:12} {about}")
        return
    if name not in known:
        raise click.UsageError(f"There is no benchmark {name!r}; there are {', '.join(known)}.")
    sys.path.insert(0, str(root))
    sys.exit(importlib.import_module(f"bench.{name}").main([*(["--json"] if as_json else []), *options]))


def _benchmarks(folder: Path) -> dict[str, str]:
    """Every module in the folder that has a `main`, with the first line of its docstring."""
    found = {}
    for path in sorted(folder.glob("*.py")):
        module = ast.parse(path.read_text())
        if any(isinstance(part, ast.FunctionDef) and part.name == "main" for part in module.body):
            found[path.stem] = (ast.get_docstring(module) or "").partition("\n")[0]
    return found
