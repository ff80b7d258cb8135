"""What a flag means, said to the organizer, and what to do next, as operations of the API."""

from collections.abc import Mapping

import msgspec

from alltickets.payments.events import FlagKind

__all__ = ["WORDS", "FlagWords", "Translated"]


class Translated(msgspec.Struct, frozen=True):
    """A sentence in the languages of organizers."""

    es_ar: str = msgspec.field(name="es-AR")
    en: str


class FlagWords(msgspec.Struct, frozen=True):
    """What a kind of flag means. next_operations: the ids of what helps, the likeliest first."""

    sentence: Translated
    next_operations: tuple[str, ...]


def _words(es_ar: str, en: str, *next_operations: str) -> FlagWords:
    return FlagWords(Translated(es_ar, en), (*next_operations, "settlePaymentFlag"))


WORDS: Mapping[FlagKind, FlagWords] = {
    "amount_mismatch": _words(
        "Entró otro importe u otra moneda. No se confirmó ninguna entrada: devolvé el dinero y la compra se puede pagar de nuevo.",
        "Another amount or currency came than was asked for. No ticket was confirmed: give it back, and the order may be paid again.",
        "giveBackPayment",
        "readPayment",
    ),
    "account_mismatch": _words(
        "El cobro lo informó otra cuenta que la del pago. No se confirmó ninguna entrada: mirá las dos cuentas y devolvé el dinero.",
        "The charge was reported by another account than the payment's. No ticket was confirmed: check both accounts and give it back.",
        "giveBackPayment",
        "readPayment",
        "checkGatewayAccount",
    ),
    "paid_twice": _words(
        "Se pagó dos veces la misma compra. El segundo pago se devuelve entero y solo: no tenés que hacer nada.",
        "The same order was paid twice. The second payment is given back whole by itself: there is nothing to do.",
        "readPayment",
    ),
    "unknown_status": _words(
        "El medio de pago usó un estado que no conocemos. El pago queda pendiente hasta que informe otro.",
        "The gateway used a status that is not known here. The payment stays pending until it tells another one.",
        "readPayment",
    ),
    "unresolved": _words(
        "El medio de pago no dice desde hace un día qué pasó con el intento. Buscalo en su panel; de noche se vuelve a preguntar.",
        "The gateway has not said for a day what became of the attempt. Look it up on its pages; it is asked again at night.",
        "readPayment",
    ),
    "refund_failed": _words(
        "La devolución no llegó a quien compró. Mirá por qué: sin ese motivo pedila de nuevo; si no, devolvé el dinero de otra manera.",
        "The refund did not reach the buyer. See why: once that is gone have it made again, or give the money back otherwise.",
        "retryRefund",
        "readPayment",
    ),
    "refund_unresolved": _words(
        "El medio de pago no dice si la devolución se hizo. Buscala en su panel antes de devolver de otra manera.",
        "The gateway does not say whether the refund was made. Look it up on its pages before you give the money back otherwise.",
        "retryRefund",
        "readPayment",
    ),
    "account_refused": _words(
        "El medio de pago no acepta las credenciales de la cuenta. Probalas y cargalas de nuevo.",
        "The gateway does not accept the account's credentials. Check them and enter them again.",
        "checkGatewayAccount",
        "replaceGatewayAccount",
    ),
    "request_refused": _words(
        "El medio de pago rechazó el pedido de cobro por mal formado. Revisá la configuración de la cuenta.",
        "The gateway refused the request as malformed. Look at the account's settings.",
        "checkGatewayAccount",
        "replaceGatewayAccount",
    ),
    "promotion_mismatch": _words(
        "Se cobró con una promoción que no correspondía. El descuento queda a tu cargo.",
        "It was charged under a promotion that does not hold. You bear the discount.",
        "readPayment",
        "listPromotions",
    ),
    "capture_refused": _words(
        "El medio de pago no cobra lo que reservó. Se vuelve a pedir unos minutos; después se libera y quien compró puede pagar de nuevo.",
        "The gateway does not take what it reserved. It is asked again for minutes; then it is released, and the buyer may pay again.",
        "readPayment",
    ),
    "void_refused": _words(
        "El medio de pago no libera el dinero que reservó. No se cobró nada: la reserva vence en el banco de quien compró.",
        "The gateway does not release the money that it reserved. Nothing was taken: it lapses at the buyer's bank.",
        "readPayment",
    ),
    "refund_by_hand": _words(
        "Hay que devolver dinero a mano, porque se pagó por transferencia o en efectivo. Devolvelo y anotá cómo.",
        "Money has to be given back by hand, because it came by transfer or in cash. Give it back and note how.",
        "listRefundsByHand",
        "settleRefund",
    ),
}
