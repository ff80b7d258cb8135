"""`python -m simulators.payway --port 8103 --data DIR`: the gateway in a process of its own."""

import logging

import click

from simulators.chassis.process import Start, run, with_options
from simulators.payway.app import create_app
from simulators.payway.gateway import Gateway
from simulators.payway.sites import DEFAULT_MASTER_KEY


@click.command()
@with_options(port=8103)
@click.option("--master-key", default=DEFAULT_MASTER_KEY, help="What sites' keys are derived from.")
def main(start: Start, master_key: str) -> None:
    """Payway (Decidir) for tests and demonstrations. No real money moves here."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    run("Payway simulator", start, lambda settings: Gateway(settings, master_key), create_app)


if __name__ == "__main__":
    main(prog_name="python -m simulators.payway")
