"""The framework's part: bodies read as strictly as on the hot lane, refusals told in our own words, and described as they are."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
import pytest
import pytest_asyncio
from litestar import Litestar, Response, Router, delete, get, post
from litestar.openapi.spec import SecurityScheme
from litestar.params import HeaderParameter

from alltickets.platform.http.application import build_application
from alltickets.platform.http.problems import (
    InvalidBody,
    MalformedBody,
    NoSuchPath,
    NotAllowedHere,
    PayloadTooLarge,
    Problems,
    ProblemType,
)
from tests.platform.http.asgi import Answer, call

BODY_BYTES_MAX = 200_000
DEEP = 50_000


class Wish(msgspec.Struct, forbid_unknown_fields=True):
    """What somebody wants."""

    name: Annotated[str, msgspec.Meta(max_length=8)]
    quantity: Annotated[int, msgspec.Meta(ge=1)] = 1
    colours: tuple[str, ...] = ()


@post("/wishes", operation_id="makeWish", status_code=200)
async def make_wish(data: Wish) -> Wish:
    """Wish for something. It may come true."""
    return data


@get("/wishes/{wish_id:uuid}", operation_id="readWish")
async def read_wish(wish_id: UUID, secret: Annotated[str, HeaderParameter(name="Authorization")]) -> Wish:
    """A wish."""
    return Wish(str(wish_id)[:8])


@delete("/wishes/{wish_id:uuid}", operation_id="forgetWish")
async def forget_wish(wish_id: UUID) -> None:
    """Give a wish up."""


@get("/picture", operation_id="readPicture", media_type="image/svg+xml")
async def read_picture() -> Response[bytes]:
    """A picture."""
    return Response(b"<svg/>")


@post("/raw", operation_id="takeRaw", status_code=200)
async def take_raw(body: bytes) -> dict[str, int]:
    """Whatever it is."""
    return {"bytes": len(body)}


@pytest.fixture(scope="module")
def app() -> Litestar:
    table = [
        ProblemType(NoSuchPath, "no-such-path", 404, "Nothing here"),
        ProblemType(NotAllowedHere, "not-allowed", 405, "Not so"),
        ProblemType(PayloadTooLarge, "too-large", 413, "Too large"),
        ProblemType(MalformedBody, "malformed", 400, "Unreadable"),
        ProblemType(InvalidBody, "invalid", 422, "Does not fit"),
    ]
    return build_application(
        routers=[Router("/api", route_handlers=[make_wish, read_wish, forget_wish, read_picture, take_raw], tags=["wishes"])],
        plugins=[],
        security_schemes={"device": SecurityScheme(type="http", scheme="bearer")},
        document_guard=lambda _connection, _handler: None,
        problems=Problems(table),
        body_bytes_max=BODY_BYTES_MAX,
        version="1",
        public_url="http://127.0.0.1:8000",
        on_start=[],
        on_stop=[],
    )


async def wish(app: Litestar, body: bytes) -> Answer:
    return await call(app, "POST", "/api/wishes", body, headers=[("content-type", "application/json")])


async def test_a_body_that_fits_is_taken(app: Litestar) -> None:
    answer = await wish(app, b'{"name": "pony", "quantity": 2}')

    assert (answer.status, answer.json()["quantity"]) == (200, 2)


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        pytest.param(b'{"name": "pony", "quantity": "2"}', 422, "invalid", id="a number as text"),
        pytest.param(b'{"name": "pony", "quantity": 2.0}', 422, "invalid", id="a number with a point"),
        pytest.param(b'{"name": "pony", "quantity": true}', 422, "invalid", id="true for one"),
        pytest.param(b'{"name": "pony", "price": 2}', 422, "invalid", id="an unknown member"),
        pytest.param(b'{"name": "a long wish"}', 422, "invalid", id="too long"),
        pytest.param(b"[]", 422, "invalid", id="a list"),
        pytest.param(b"", 400, "malformed", id="nothing"),
        pytest.param(b'{"name": ', 400, "malformed", id="half"),
        pytest.param(b'{"name": "\xff"}', 400, "malformed", id="not UTF-8"),
        pytest.param(b'{"colours": [' + b"[" * DEEP, 422, "invalid", id="nested without end"),
        pytest.param(b'{"name": "' + b"a" * BODY_BYTES_MAX + b'"}', 413, "too-large", id="too large"),
    ],
)
async def test_a_body_that_does_not_fit_is_refused_in_our_words(app: Litestar, body: bytes, status: int, slug: str) -> None:
    answer = await wish(app, body)

    assert (answer.status, answer.json()["type"]) == (status, f"/problems/{slug}")
    assert answer.header("content-type") == "application/problem+json"


async def test_a_method_that_is_not_taken_is_told_those_that_are(app: Litestar) -> None:
    answer = await call(app, "PATCH", "/api/wishes/0190a5d2-7c11-7cc3-98c4-dc0c0c07398f", b"{}")

    assert (answer.status, answer.header("allow")) == (405, "DELETE, GET, OPTIONS")
    assert answer.json()["allowed"] == ["DELETE", "GET", "OPTIONS"]


@pytest_asyncio.fixture
async def document(app: Litestar) -> dict[str, Any]:
    described: dict[str, Any] = (await call(app, "GET", "/api/openapi.json")).json()
    return described


async def test_the_document_describes_what_is_offered_and_not_itself(document: dict[str, Any]) -> None:
    assert sorted(document["paths"]) == ["/api/picture", "/api/raw", "/api/wishes", "/api/wishes/{wish_id}"]


async def test_an_operation_is_summed_up_by_the_first_sentence_of_its_docstring(document: dict[str, Any]) -> None:
    operation = document["paths"]["/api/wishes"]["post"]

    assert (operation["summary"], operation["description"]) == ("Wish for something", "Wish for something. It may come true.")


async def test_a_body_is_described_as_its_decoder_takes_it(document: dict[str, Any]) -> None:
    schema = document["components"]["schemas"]["Wish"]

    assert schema["additionalProperties"] is False
    assert schema["properties"]["name"] == {"type": "string", "maxLength": 8}
    assert schema["properties"]["colours"] == {"type": "array", "items": {"type": "string"}, "default": []}


async def test_refusals_are_described_as_problem_documents(document: dict[str, Any]) -> None:
    makes, forgets = document["paths"]["/api/wishes"]["post"], document["paths"]["/api/wishes/{wish_id}"]["delete"]

    assert sorted(makes["responses"]) == ["200", "400", "422", "503", "default"]
    assert sorted(forgets["responses"]) == ["204", "404", "422", "503", "default"]
    assert makes["responses"]["422"] == {"$ref": "#/components/responses/Invalid"}
    assert list(document["components"]["responses"]["Invalid"]["content"]) == ["application/problem+json"]


async def test_what_is_taken_or_given_as_bytes_is_described_by_its_kind(document: dict[str, Any]) -> None:
    assert list(document["paths"]["/api/picture"]["get"]["responses"]["200"]["content"]) == ["image/svg+xml"]
    assert list(document["paths"]["/api/raw"]["post"]["requestBody"]["content"]) == ["*/*"]


async def test_a_secret_in_the_authorization_header_is_a_security_scheme(document: dict[str, Any]) -> None:
    operation = document["paths"]["/api/wishes/{wish_id}"]["get"]

    assert operation["security"] == [{"secret": []}]
    assert [parameter["name"] for parameter in operation["parameters"]] == ["wish_id"]
    assert document["components"]["securitySchemes"]["secret"]["scheme"] == "bearer"
