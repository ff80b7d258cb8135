"""What a demo is told of simulated gateways."""

from alltickets.supervise.simulated import mercadopago_application
from simulators.mercadopago.credentials import APPLICATION, Keys


def test_the_simulated_mercadopago_knows_the_platforms_application() -> None:
    assert mercadopago_application() == {
        "ALLTICKETS_MERCADOPAGO_CLIENT_ID": APPLICATION,
        "ALLTICKETS_MERCADOPAGO_CLIENT_SECRET": Keys().client_secret_of(APPLICATION),
        "ALLTICKETS_MERCADOPAGO_WEBHOOK_SECRET": Keys().webhook_secret_of(APPLICATION),
    }
