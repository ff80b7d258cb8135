"""`python -m simulators.mercadopago --port 8102 --data DIR`: the gateway in a process of its own."""

import logging

import click

from simulators.chassis.process import Start, run, with_options
from simulators.mercadopago.app import create_app
from simulators.mercadopago.credentials import DEFAULT_MASTER_KEY, Keys
from simulators.mercadopago.gateway import Gateway


@click.command()
@with_options(port=8102)
@click.option("--master-key", default=DEFAULT_MASTER_KEY, help="What tokens and secrets are derived from.")
@click.option("--seconds", "in_seconds", is_flag=True, help="Sign notices with a time in seconds, as some of the real ones are.")
def main(start: Start, master_key: str, in_seconds: bool) -> None:
    """A simulated MercadoPago. No real money moves here."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    run("MercadoPago, simulated", start, lambda settings: Gateway(settings, Keys(master_key), in_seconds=in_seconds), create_app)


if __name__ == "__main__":
    main(prog_name="python -m simulators.mercadopago")
