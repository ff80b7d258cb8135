"""The command line, `alltickets …`: one small file per command, no logic of its own.

Exit codes: 0 done; 1 it could not be done, or something was found wrong; 2 wrong use or unusable settings; 130 interrupted.
A fault is one sentence with the next step, on standard error. `--json` stands where a script may read the answer.
"""

from typing import Any

import click

from alltickets.cli.bench import bench
from alltickets.cli.doctor import doctor
from alltickets.cli.events import events
from alltickets.cli.ledger import ledger
from alltickets.cli.migrate import migrate
from alltickets.cli.organizers import organizers
from alltickets.cli.payments import payments
from alltickets.cli.seed import seed
from alltickets.cli.serve import serve
from alltickets.cli.up import up
from alltickets.cli.work import work
from alltickets.kernel.errors import Refusal, Trouble
from alltickets.platform.secrets import SecretsError
from alltickets.platform.settings import SettingsError

__all__ = ["main"]


class Commands(click.Group):
    """The group that turns what our code raises into a sentence and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except SettingsError as fault:
            raise Misused("\n".join(["The settings cannot be used:", *(f"  {line}" for line in fault.faults)])) from fault
        except (Trouble, Refusal, SecretsError) as fault:
            raise Failed(str(fault)) from fault


class Failed(click.ClickException):
    """What is said on standard error, without a traceback."""

    def show(self, file: Any = None) -> None:
        """Say it."""
        click.echo(self.format_message(), err=True, file=file)


class Misused(Failed):
    """The settings or options cannot be used."""

    exit_code = 2


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(package_name="alltickets", message="%(version)s")
def main() -> None:
    """Sells tickets and lets people in, without ever selling a place twice.

    Settings come from the environment (ALLTICKETS_…); `alltickets doctor` checks them.
    """


for command in (up, serve, work, migrate, seed, bench, events, payments, ledger, doctor, organizers):
    main.add_command(command)
