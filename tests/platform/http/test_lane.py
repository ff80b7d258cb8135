"""The hot lane: the routes in its table, to the letter; everything else is handed on untouched."""

import contextlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alltickets.kernel.errors import Refusal, Trouble
from alltickets.kernel.ids import new_id
from alltickets.platform.http.address import AddressReader
from alltickets.platform.http.lane import HotRoute, Lane, LaneAnswer, LaneRequest, as_uuid, decode_body
from alltickets.platform.http.problems import InvalidBody, MalformedBody, NoSuchPath, PayloadTooLarge, Problems, ProblemType
from tests.platform.http.asgi import call

PROBLEMS = Problems(
    [
        ProblemType(InvalidBody, "invalid-body", 422, "The request does not fit"),
        ProblemType(MalformedBody, "malformed-body", 400, "The body cannot be read"),
        ProblemType(NoSuchPath, "no-such-path", 404, "Nothing is here"),
        ProblemType(PayloadTooLarge, "payload-too-large", 413, "The body is too large"),
    ]
)
BODY_BYTES_MAX = 64
Handle = Callable[[LaneRequest], Awaitable[LaneAnswer]]


class Wish(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=8)]
    quantity: Annotated[int, msgspec.Meta(ge=1, le=10)] = 1
    extra: dict[str, Any] | None = None


WISHES = msgspec.json.Decoder(Wish)


async def echo(request: LaneRequest) -> LaneAnswer:
    """Answers with what it got."""
    return LaneAnswer(200, msgspec.json.encode([request.params, request.body.decode()]))


async def rest(scope: Any, receive: Any, send: Any) -> None:
    """What stands behind the lane."""
    message = await receive()
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": b"rest:" + message["body"]})


def lane_with(*handles: tuple[str, str, Handle]) -> Lane:
    """A lane of routes (method, path, handler)."""
    routes = [HotRoute(f"operation_{number}", *handle) for number, handle in enumerate(handles)]
    return Lane(routes, rest, problems=PROBLEMS, addresses=AddressReader(["10.0.0.0/8"]), body_bytes_max=BODY_BYTES_MAX)


LANE = lane_with(
    ("PUT", "/api/holds/{hold}", echo),
    ("POST", "/api/callbacks/{gateway}/{account}", echo),
    ("GET", "/api/events/{event}/availability", echo),
    ("POST", "/api/scans", echo),
)


@pytest.mark.parametrize(
    ("method", "path", "params"),
    [
        ("PUT", "/api/holds/7", ["7"]),
        ("PUT", "/api/holds/ñandú", ["ñandú"]),
        ("POST", "/api/callbacks/sandbox/12", ["sandbox", "12"]),
        ("GET", "/api/events/7/availability", ["7"]),
        ("POST", "/api/scans", []),
    ],
)
async def test_a_hot_route_gets_its_parameters_in_their_order(method: str, path: str, params: list[str]) -> None:
    answer = await call(LANE, method, path, b"body")

    assert (answer.status, answer.json()) == (200, [params, "body"])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/holds/7"),
        ("HEAD", "/api/events/7/availability"),
        ("OPTIONS", "/api/holds/7"),
        ("PUT", "/api/holds/"),
        ("PUT", "/api/holds"),
        ("PUT", "/api/holds/7/8"),
        ("PUT", "/api/holds/7/"),
        ("PUT", "//api/holds/7"),
        ("POST", "/api/callbacks/sandbox"),
        ("GET", "/api/events/7"),
        ("GET", "/api/events/availability"),
        ("GET", "/api/events/7/8/availability"),
        ("POST", "/api/scans/7"),
        ("GET", "/"),
    ],
)
async def test_everything_else_is_handed_on_with_its_body(method: str, path: str) -> None:
    answer = await call(LANE, method, path, b"body")

    assert (answer.status, answer.body) == (299, b"rest:body")


async def test_a_word_beside_the_ids_is_another_routes() -> None:
    lane = Lane(
        [HotRoute("putHold", "PUT", "/api/holds/{hold}", echo, beside=frozenset({"search"}))],
        rest,
        problems=PROBLEMS,
        addresses=AddressReader([]),
        body_bytes_max=BODY_BYTES_MAX,
    )

    answers = [await call(lane, "PUT", path, b"body") for path in ("/api/holds/search", "/api/holds/searches")]

    assert [answer.status for answer in answers] == [299, 200]


async def test_what_is_no_request_is_handed_on() -> None:
    seen: list[object] = []

    async def listen(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)

    lane = Lane([], listen, problems=PROBLEMS, addresses=AddressReader([]), body_bytes_max=1)
    await lane({"type": "lifespan"}, None, None)

    assert seen == [{"type": "lifespan"}]


def test_a_route_with_a_word_between_its_parameters_is_not_taken() -> None:
    with pytest.raises(AssertionError, match="side by side"):
        HotRoute("operation", "GET", "/api/events/{event}/sectors/{sector}", echo)


async def test_an_answer_is_json_that_nobody_caches_and_carries_the_security_headers() -> None:
    answer = await call(LANE, "POST", "/api/scans", b"{}", headers=[("x-request-id", "7f3a")])

    assert answer.header("content-type") == "application/json"
    assert answer.header("cache-control") == "no-store"
    assert answer.header("content-length") == str(len(answer.body))
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("x-request-id") == "7f3a"


async def test_an_answer_with_headers_of_its_own_has_those() -> None:
    async def page(request: LaneRequest) -> LaneAnswer:
        return LaneAnswer(200, b"<h1>", ((b"content-type", b"text/html"), (b"cache-control", b"max-age=1")))

    answer = await call(lane_with(("GET", "/e/{slug}", page)), "GET", "/e/gala")

    assert answer.header("content-type") == "text/html"
    assert answer.header("cache-control") == "max-age=1"


async def test_a_body_in_pieces_arrives_whole() -> None:
    answer = await call(LANE, "POST", "/api/scans", b"a" * 20, b"", b"b" * 20, b"c" * 24)

    assert answer.json() == [[], "a" * 20 + "b" * 20 + "c" * 24]


@pytest.mark.parametrize("chunks", [(b"x" * 65,), (b"x" * 64, b"x"), (b"x",) * 1000])
async def test_a_body_over_the_limit_is_refused_without_reading_on(chunks: tuple[bytes, ...]) -> None:
    answer = await call(LANE, "POST", "/api/scans", *chunks)

    assert answer.status == 413
    assert answer.json()["bytes_max"] == BODY_BYTES_MAX
    assert answer.read <= BODY_BYTES_MAX + 1


@pytest.mark.parametrize("chunks", [(b'{"name": "a"}',), (b'{"name": "a"}', b" ")])
async def test_a_client_that_hangs_up_halfway_has_asked_for_nothing(chunks: tuple[bytes, ...]) -> None:
    handled: list[bytes] = []

    async def handle(request: LaneRequest) -> LaneAnswer:
        handled.append(request.body)
        return LaneAnswer(200, b"")

    answer = await call(lane_with(("POST", "/api/scans", handle)), "POST", "/api/scans", *chunks, hangs_up=True)

    assert handled == []
    assert answer.status is None


@dataclass(eq=False)
class Unlisted(Refusal):
    def __str__(self) -> str:
        return "hunter2"


@pytest.mark.parametrize(
    ("fault", "status", "slug", "retry_after"),
    [
        (NoSuchPath(), 404, "no-such-path", None),
        (Trouble("The database is busy.", 1), 503, "unavailable", "1"),
        (KeyError("hunter2"), 500, "unexpected", None),
        (Unlisted(), 500, "unexpected", None),
    ],
)
async def test_whatever_a_handler_raises_is_a_problem_document(fault: Exception, status: int, slug: str, retry_after: str | None) -> None:
    async def fail(request: LaneRequest) -> LaneAnswer:
        raise fault

    answer = await call(lane_with(("PUT", "/api/holds/{hold}", fail)), "PUT", "/api/holds/7")

    assert answer.status == status
    assert answer.header("content-type") == "application/problem+json"
    assert answer.header("retry-after") == retry_after
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.json()["type"] == f"/problems/{slug}"
    assert answer.json()["instance"] == "/api/holds/7"
    assert b"hunter2" not in answer.body


async def test_a_handler_knows_the_address_to_count_by_and_the_headers() -> None:
    async def tell(request: LaneRequest) -> LaneAnswer:
        told = [request.address, request.header(b"x-visitor"), request.header(b"x-nothing")]
        return LaneAnswer(200, msgspec.json.encode(told))

    answer = await call(
        lane_with(("GET", "/e", tell)),
        "GET",
        "/e",
        headers=[("x-forwarded-for", "203.0.113.9"), ("x-visitor", "ana"), ("x-visitor", "beto")],
        client="10.0.0.1",
    )

    assert answer.json() == ["203.0.113.9", "ana", None]


DEEP = 100_000


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        pytest.param(b"", MalformedBody, id="empty"),
        pytest.param(b"{", MalformedBody, id="half"),
        pytest.param(b'{"name": "a"} x', MalformedBody, id="more than one value"),
        pytest.param(b'{"name": "\xff"}', MalformedBody, id="not UTF-8"),
        pytest.param(b'{"name": "\\ud800"}', MalformedBody, id="half of a surrogate pair"),
        pytest.param(b'{"name": "a", "extra": {"a": ' + b"[" * DEEP, MalformedBody, id="nested without end"),
        pytest.param(b'{"name": "a", "extra": {"a": ' + b"[" * DEEP + b"]" * DEEP + b"}}", MalformedBody, id="nested deeply"),
        pytest.param(b'{"name": ' + b"[" * DEEP + b"]" * DEEP + b"}", InvalidBody, id="nested where a word belongs"),
        pytest.param(b"[]", InvalidBody, id="a list"),
        pytest.param(b"null", InvalidBody, id="null"),
        pytest.param(b"{}", InvalidBody, id="a member missing"),
        pytest.param(b'{"name": 1}', InvalidBody, id="a number for a word"),
        pytest.param(b'{"name": "a", "nmae": "b"}', InvalidBody, id="a member too many"),
        pytest.param(b'{"name": "123456789"}', InvalidBody, id="too long"),
        pytest.param(b'{"name": "a", "quantity": 0}', InvalidBody, id="too few"),
        pytest.param(b'{"name": "a", "quantity": 1e400}', InvalidBody, id="infinite"),
        pytest.param(b'{"name": "a", "quantity": ' + b"9" * 5_000 + b"}", InvalidBody, id="a very long number"),
    ],
)
def test_a_body_that_is_no_wish_is_malformed_or_invalid(body: bytes, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal, match="Nothing was changed"):
        decode_body(WISHES, body)


@given(st.binary(max_size=200) | st.text(alphabet='{}[]",:0123456789.eE-+ntrufalsename\\u', max_size=60).map(str.encode))
def test_no_body_at_all_raises_anything_else(body: bytes) -> None:
    with contextlib.suppress(MalformedBody, InvalidBody):
        assert isinstance(decode_body(WISHES, body), Wish)


def test_a_wish_is_decoded() -> None:
    assert decode_body(WISHES, '{"name": "ñandú", "quantity": 2}'.encode()) == Wish("ñandú", 2)


def test_a_parameter_that_is_an_id_is_one() -> None:
    id_ = new_id()

    assert as_uuid(str(id_)) == id_
    assert as_uuid(str(id_).upper()) == id_


@pytest.mark.parametrize("text", ["", "7", "0" * 36, "z" * 36, "{12345678-1234-1234-1234-123456789ab}", "1" * 31, "é" * 36])
def test_a_parameter_that_is_no_id_names_nothing(text: str) -> None:
    with pytest.raises(NoSuchPath, match=re.escape("There is nothing at this address")):
        as_uuid(text)
