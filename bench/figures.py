"""What a benchmark says in the end, for people and as JSON."""

import json
import sys
from collections.abc import Mapping, Sequence

__all__ = ["options", "report", "spread"]


def report(figures: Mapping[str, object], arguments: Sequence[str]) -> None:
    """Print one line of JSON with `--json`, otherwise a line a figure."""
    if "--json" in arguments:
        sys.stdout.write(json.dumps(figures) + "\n")
        return
    width = max(len(name) for name in figures)
    for name, value in figures.items():
        sys.stdout.write(f"{name:<{width}}  {value:,.2f}\n" if isinstance(value, float) else f"{name:<{width}}  {value}\n")


def options(arguments: Sequence[str]) -> dict[str, str]:
    """`--name=value` among the arguments."""
    return dict(part.removeprefix("--").split("=", 1) for part in arguments if part.startswith("--") and "=" in part)


def spread(values: Sequence[float]) -> dict[str, float]:
    """The least, the middle and the greatest of several rounds."""
    ordered = sorted(values)
    return {"min": round(ordered[0], 1), "median": round(ordered[len(ordered) // 2], 1), "max": round(ordered[-1], 1)}
