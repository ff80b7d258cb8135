"""The platform's application at the simulated MercadoPago. Its secrets follow from its number; a demo's organizers connect through it."""

import hashlib
import hmac

__all__ = ["mercadopago_application"]

MASTER_KEY = "mercadopago-simulator-public-on-purpose"
APPLICATION = "4571926830451726"


def mercadopago_application() -> dict[str, str]:
    """Its settings. Computed here because `up` is there before the rest of the product is read; a test holds the simulator to it."""

    def secret(purpose: str) -> str:
        return hmac.new(MASTER_KEY.encode(), f"{purpose}:{APPLICATION}".encode(), hashlib.sha256).hexdigest()

    return {
        "ALLTICKETS_MERCADOPAGO_CLIENT_ID": APPLICATION,
        "ALLTICKETS_MERCADOPAGO_CLIENT_SECRET": secret("client")[:32],
        "ALLTICKETS_MERCADOPAGO_WEBHOOK_SECRET": secret("webhooks"),
    }
