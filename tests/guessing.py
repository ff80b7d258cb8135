"""Secrets that are not quite right."""

__all__ = ["nearly"]


def nearly(secret: str) -> str:
    """The secret with another last sign: one that is always the same would be right one time in sixty-four."""
    return secret[:-1] + ("x" if secret[-1] != "x" else "y")
