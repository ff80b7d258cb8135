"""What a seller is told unasked: webhooks, which are signed, and the older IPN, which is not. Both say only that something changed."""

import secrets
import time
import uuid
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec

from simulators.chassis.outgoing import About, Callback, Outgoing
from simulators.mercadopago.codec import dumps
from simulators.mercadopago.credentials import Keys, sign_notice
from simulators.mercadopago.rules import Dials, Payment
from simulators.mercadopago.times import moment

__all__ = ["Notices"]

WEBHOOKS_ONLY = "webhooks"
IPN_ONLY = "ipn"


class Notices:
    """Puts notices on their way, and signs them."""

    def __init__(self, outgoing: Outgoing, keys: Keys, *, in_seconds: bool) -> None:
        """in_seconds: whether a signature's time is in seconds; it is in milliseconds else, both have been seen."""
        self._outgoing = outgoing
        self._keys = keys
        self._unit = 1 if in_seconds else 1000

    def shuffles(self, dials: Dials) -> bool:
        """Whether notices of these dials go out of order now."""
        return self._outgoing.shuffles(dials)

    def of_payment(self, payment: Payment, dials: Dials, *, is_new: bool) -> None:
        """A payment came to be, or changed; its order changed with it."""
        action = "payment.created" if is_new else "payment.updated"
        self._tell(payment, dials, kind="payment", topic="payment", data_id=str(payment.id), action=action)
        order = str(payment.merchant_order)
        self._tell(payment, dials, kind="topic_merchant_order_wh", topic="merchant_order", data_id=order, action="update")

    def of_chargeback(self, payment: Payment, dials: Dials, chargeback: int) -> None:
        """The buyer's bank asks for the money back, or has decided."""
        self._tell(payment, dials, kind="topic_chargebacks_wh", topic="chargebacks", data_id=str(chargeback), action="changed_case_status")

    def deauthorized(self, url: str, seller: int, application: str) -> None:
        """A seller took an application's permission away."""
        body = self._body("mp-connect", "application.deauthorized", {"id": str(seller)}, seller, application)
        about = About(f"user {seller}", application, "", "deauthorized")
        self._outgoing.tell(str(uuid.uuid4()), about, _with(url, {"data.id": str(seller), "type": "mp-connect"}), body, Dials())

    def headers(self, callback: Callback, sent_at: int) -> dict[str, str]:
        """What a notice is sent with: a forger knows everything but the secret."""
        headers = {"x-request-id": callback.id, "user-agent": "MercadoPago WebHook v1.0 payment"}
        if callback.signing == "none":
            return headers
        secret = self._keys.webhook_secret_of(callback.merchant)
        data_id = parse_qs(urlsplit(callback.url).query).get("data.id", [""])[-1]
        ts = str(sent_at * self._unit)
        signed = sign_notice(secret[::-1] if callback.signing == "forged" else secret, data_id, callback.id, ts)
        return {**headers, "x-signature": signed}

    def _tell(self, payment: Payment, dials: Dials, *, kind: str, topic: str, data_id: str, action: str) -> None:
        url = payment.notification_url
        if url is None:
            return
        wanted = parse_qs(urlsplit(url).query).get("source_news", [""])[-1]
        of = f"{payment.id}" if topic == "payment" else f"{topic} {data_id}"
        about = About(of, payment.application, payment.reference, f"{payment.status}/{payment.detail}")
        if wanted != IPN_ONLY:
            data: dict[str, object] = (
                {"id": data_id} if topic != "chargebacks" else {"id": data_id, "payment_id": payment.id, "site_id": "MLA"}
            )
            body = self._body(kind, action, data, payment.seller, payment.application)
            self._outgoing.tell(str(uuid.uuid4()), about, _with(url, {"data.id": data_id, "type": kind}), body, dials)
        if wanted != WEBHOOKS_ONLY:
            body = dumps({"resource": data_id, "topic": topic})
            unsigned = msgspec.structs.replace(dials, omit_signature=True)
            self._outgoing.tell(str(uuid.uuid4()), about, _with(url, {"id": data_id, "topic": topic}), body, unsigned)

    def _body(self, kind: str, action: str, data: dict[str, object], seller: int, application: str) -> bytes:
        return dumps(
            {
                "id": 100_000_000_000 + secrets.randbelow(900_000_000_000),
                "live_mode": True,
                "type": kind,
                "date_created": moment(int(time.time() * 1000)),
                "application_id": int(application),
                "user_id": seller,
                "version": 1,
                "api_version": "v1",
                "action": action,
                "data": data,
            }
        )


def _with(url: str, fields: dict[str, str]) -> str:
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(fields)}"
