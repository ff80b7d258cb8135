"""`python -m simulators.stripe --port 8104 --data DIR`: Stripe in a process of its own."""

import logging

import click

from simulators.chassis.process import Start, run, with_options
from simulators.stripe.app import create_app
from simulators.stripe.gateway import Gateway
from simulators.stripe.keys import DEFAULT_MASTER_KEY


@click.command()
@with_options(port=8104)
@click.option("--master-key", default=DEFAULT_MASTER_KEY, help="What secret keys and webhook secrets are derived from.")
def main(start: Start, master_key: str) -> None:
    """A simulated Stripe with its hosted page. No real money moves here."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    run("Simulated Stripe", start, lambda settings: Gateway(settings, master_key), create_app)


if __name__ == "__main__":
    main(prog_name="python -m simulators.stripe")
