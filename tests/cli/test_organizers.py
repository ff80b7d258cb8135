"""`alltickets organizers create`."""

from click.testing import Result

from tests.cli.conftest import Run, answer_of

PASSWORD = "una clave bien larga"


def create(run: Run, slug: str, *, password: str = PASSWORD) -> Result:
    owner = ["--owner-name", "Ana", "--owner-mail", f"{slug}@club.example"]
    return run("organizers", "create", "--name", "Club", "--slug", slug, *owner, "--password-stdin", "--json", stdin=f"{password}\n")


def test_organizer_is_made_once_and_then_found(run: Run) -> None:
    first = answer_of(create(run, "club-de-la-linea"))
    second = answer_of(create(run, "club-de-la-linea"))

    assert first["was_created"]
    assert second == {"organizer_id": first["organizer_id"], "was_created": False}


def test_weak_password_is_refused_in_a_sentence(run: Run) -> None:
    result = create(run, "club-sin-clave", password="short")

    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
