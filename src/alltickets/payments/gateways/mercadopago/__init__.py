"""MercadoPago in Argentina, by Checkout Pro. docs/gateways/mercadopago.md says what is mapped how, and what is not verified."""

from alltickets.payments.gateways.mercadopago.application import MercadoPagoApplication
from alltickets.payments.gateways.mercadopago.gateway import CAPABILITIES, MercadoPago, MercadoPagoGateway

__all__ = ["CAPABILITIES", "MercadoPago", "MercadoPagoApplication", "MercadoPagoGateway"]
