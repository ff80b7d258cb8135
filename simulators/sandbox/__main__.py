"""`python -m simulators.sandbox --port 8101 --data DIR`: the gateway in a process of its own."""

import logging

import click

from simulators.chassis.process import Start, run, with_options
from simulators.sandbox.app import create_app
from simulators.sandbox.credentials import DEFAULT_MASTER_KEY
from simulators.sandbox.gateway import Gateway


@click.command()
@with_options(port=8101)
@click.option("--master-key", default=DEFAULT_MASTER_KEY, help="What merchants' secrets are derived from.")
def main(start: Start, master_key: str) -> None:
    """A test payment gateway with a hosted page. No real money moves here."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    run("Sandbox gateway", start, lambda settings: Gateway(settings, master_key), create_app)


if __name__ == "__main__":
    main(prog_name="python -m simulators.sandbox")
