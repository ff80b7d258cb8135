"""HTTP calls to providers: time-outs always explicit, every failure one `GatewayError`.

The line that matters runs between what certainly did not reach the provider and what may have: the first may be sent again, the
second is only ever asked about.
"""

import functools
import ssl
from collections.abc import Callable, Collection, Mapping
from typing import TypeVar
from urllib.parse import urlencode

import httpx
import msgspec

from alltickets.payments.port import GatewayError, GatewayErrorKind

__all__ = ["Upload", "call", "decode", "http_client", "without"]

Answer = TypeVar("Answer")
CodeOf = Callable[[Mapping[str, object]], str | None]
"""Finds the provider's own code in the body of an error, where that does not stand in `error` or `error.code`."""

BOUNDARY = "alltickets-7d2f1c5b9e3a4086"
"""Between the parts of a form with a file; no PDF has it by chance."""

CONNECTIONS_MAX = 500
"""So many that those who wait for a gateway that hangs leave room for who goes on to another: in a rush a hundred a second come."""
CONNECTIONS_KEPT_MAX = 50
CONNECT_SECONDS_MAX = 3.0
ANSWER_SECONDS_MAX = 15.0

SECRET_LENGTH_MIN = 10
"""What is shorter than any credential, such as "Bearer", is none."""
_SECRET_HEADERS = ("authorization", "apikey")
_SECRET_FIELDS = ("client_secret", "refresh_token", "code", "code_verifier")

_KINDS: dict[int, GatewayErrorKind] = {
    400: "invalid_request",
    401: "auth_config",
    402: "declined",
    403: "auth_config",
    404: "not_found",
    409: "duplicate",
    422: "invalid_request",
    429: "rate_limited",
}
"""Everything else that is not 2xx may have been carried out."""

_encoder = msgspec.json.Encoder(decimal_format="number")
"""Amounts of providers who want them with decimals are numbers, exact to the last place."""


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A file in a field of a form."""

    field: str
    file_name: str
    media_type: str
    content: bytes


def http_client(*, answer_seconds_max: float = ANSWER_SECONDS_MAX) -> httpx.AsyncClient:
    """The one client of a process for all gateways. No redirects: an API that redirects is not the one we know."""
    timeout = httpx.Timeout(answer_seconds_max, connect=CONNECT_SECONDS_MAX)
    limits = httpx.Limits(max_connections=CONNECTIONS_MAX, max_keepalive_connections=CONNECTIONS_KEPT_MAX, keepalive_expiry=30)
    return httpx.AsyncClient(timeout=timeout, limits=limits, follow_redirects=False, trust_env=False, verify=_trusted())


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Whom we trust, read once a process: that takes 50 ms."""
    return httpx.create_ssl_context(trust_env=False)


async def call(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    query: Mapping[str, str] | None = None,
    body: object = None,
    form: Mapping[str, str] | None = None,
    upload: Upload | None = None,
    kinds: Mapping[str, GatewayErrorKind] | None = None,
    code_of: CodeOf | None = None,
    answers: Collection[int] = (),
    answer_seconds_max: float | None = None,
) -> httpx.Response:
    """Call with a body as JSON, with a form or with a file, and return a 2xx answer, its body read.

    Raises `GatewayError`; `kinds` goes by the provider's error codes before the status. answers: other statuses that are answers too.
    answer_seconds_max: for this call; None: the client's.
    """
    content, sent = None, dict(headers)
    secrets = _secrets_of(headers, body, form)
    if form is not None:
        content, sent["content-type"] = urlencode(form).encode(), "application/x-www-form-urlencoded"
    elif upload is not None:
        content, sent["content-type"] = _multipart(upload), f"multipart/form-data; boundary={BOUNDARY}"
    elif body is not None:
        content, sent["content-type"] = _encoder.encode(body), "application/json"
    try:
        timeout = client.timeout if answer_seconds_max is None else httpx.Timeout(answer_seconds_max, connect=CONNECT_SECONDS_MAX)
        response = await client.request(method, url, params=query, content=content, headers=sent, timeout=timeout)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as fault:
        raise GatewayError(f"The gateway cannot be reached: {without(secrets, repr(fault))}.", kind="unavailable_not_sent") from fault
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as fault:
        raise GatewayError(f"The gateway's address is wrong: {fault!r}.", kind="invalid_request") from fault
    except httpx.HTTPError as fault:
        raise GatewayError(f"The gateway's answer was lost: {without(secrets, repr(fault))}.", kind="unknown_outcome") from fault
    if response.is_success or response.status_code in answers:
        return response
    raise _error_of(response, kinds or {}, code_of or _code_in, secrets)


def decode(response: httpx.Response, decoder: "msgspec.json.Decoder[Answer]") -> Answer:
    """The body as the decoder's type. Raises `GatewayError`: what cannot be read may still have been done."""
    try:
        return decoder.decode(response.content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise GatewayError(f"The gateway's answer cannot be read: {fault}.", kind="unknown_outcome") from fault


def _multipart(upload: Upload) -> bytes:
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{upload.field}"; filename="{upload.file_name}"\r\n'
        f"Content-Type: {upload.media_type}\r\n\r\n"
    )
    return head.encode() + upload.content + f"\r\n--{BOUNDARY}--\r\n".encode()


def _secrets_of(headers: Mapping[str, str], *bodies: object) -> tuple[str, ...]:
    """What was sent and must not come back in an error, which people read and which is kept: the longest first."""
    sent = [word for name in _SECRET_HEADERS for word in headers.get(name, "").split()]
    for body in bodies:
        if isinstance(body, Mapping):
            sent += [str(body[name]) for name in _SECRET_FIELDS if body.get(name)]
    return tuple(sorted((one for one in sent if len(one) >= SECRET_LENGTH_MIN), key=len, reverse=True))


def without(secrets: Collection[str], text: str) -> str:
    """What a provider says, less the credentials that were sent to it."""
    for one in secrets:
        text = text.replace(one, "…")
    return text


def _error_of(response: httpx.Response, kinds: Mapping[str, GatewayErrorKind], code_of: CodeOf, secrets: Collection[str]) -> GatewayError:
    code = _code_of(response, code_of, secrets)
    kind = kinds.get(code) or _KINDS.get(response.status_code, "unknown_outcome")
    retry_after = response.headers.get("retry-after", "")
    seconds = int(retry_after) if retry_after.isdigit() else None
    if response.status_code == 503 and seconds is not None:
        # A server that says when to come back has looked at the clock, not at the request.
        kind = "unavailable_not_sent"
    return GatewayError(f"The gateway answered {response.status_code} ({code}).", seconds, kind=kind, code=code)


def _code_of(response: httpx.Response, code_of: CodeOf, secrets: Collection[str]) -> str:
    """The provider's own code where its error names one, else the error's type, else the status."""
    try:
        document = msgspec.json.decode(response.content[:10_000])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return str(response.status_code)
    code = code_of(document) if isinstance(document, dict) else None
    return str(response.status_code) if code is None else without(secrets, code)[:100].replace("\x00", "")


def _code_in(document: Mapping[str, object]) -> str | None:
    error = document.get("error", document)
    code = error.get("code") or error.get("type") if isinstance(error, dict) else error
    return code if isinstance(code, str) else None
