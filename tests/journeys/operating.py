"""What an operator types."""

from click.testing import CliRunner

from alltickets.cli import main
from bench.stack import Stack

__all__ = ["operate"]


def operate(stack: Stack, *arguments: str) -> str:
    """Run a command of `alltickets` on a stack; what it printed. Fails where the command does."""
    settings = {**stack.environment, "ALLTICKETS_DATABASE_URL": stack.database.url}
    result = CliRunner(env=settings).invoke(main, list(arguments))
    assert result.exit_code == 0, result.output
    return result.output
