"""What goes wrong is said in the reader's language, tells nothing of our innards, and keeps what a program needs."""

import pytest

from alltickets.catalog.interface import EventNotFound
from alltickets.identity.interface import TooManyTries
from alltickets.platform.database import DatabaseBusy, DatabaseUnavailable
from alltickets.problems import PROBLEMS
from alltickets.storefront.assets import Assets, frontend_folder
from alltickets.storefront.languages import ENGLISH, PORTUGUESE, SPANISH, Language
from alltickets.storefront.pages import NO_STORE
from alltickets.storefront.serving import ErrorPages
from alltickets.storefront.templates import Templates


@pytest.fixture(scope="module")
def errors() -> ErrorPages:
    return ErrorPages(Templates(Assets(frontend_folder()), site_url="http://tickets.example"), PROBLEMS)


@pytest.mark.parametrize(
    ("fault", "status", "says"),
    [
        (EventNotFound("gala"), 404, "No hay nada en esta dirección"),
        (TooManyTries(30), 429, "Demasiados intentos"),
        (DatabaseUnavailable("the database is away"), 503, "Ya volvemos"),
        (DatabaseBusy("the database is busy"), 503, "Ya volvemos"),
        (ValueError("secret innards"), 500, "Algo falló de nuestro lado"),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Exception) else "",
)
def test_every_fault_has_its_page(errors: ErrorPages, fault: Exception, status: int, says: str) -> None:
    answer = errors.of(fault, SPANISH, instance="/e/gala")

    assert isinstance(answer.body, bytes)
    assert (answer.status, answer.cache) == (status, NO_STORE)
    assert says in answer.body.decode()
    assert "innards" not in answer.body.decode()


@pytest.mark.parametrize(("language", "says"), [(ENGLISH, "We will be right back"), (PORTUGUESE, "Já voltamos")], ids=["en", "pt"])
def test_it_is_said_in_the_language_of_the_path(errors: ErrorPages, language: Language, says: str) -> None:
    answer = errors.of(DatabaseUnavailable("the database is away"), language, instance="/")

    assert isinstance(answer.body, bytes)
    assert says in answer.body.decode()


def test_when_to_come_back_is_told(errors: ErrorPages) -> None:
    assert ("retry-after", "30") in errors.of(TooManyTries(30), SPANISH, instance="/").headers
