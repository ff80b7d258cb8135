"""Mail as buyers, organizers and developers reach it: over HTTP, through the same application as in production."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from alltickets.identity.interface import Permission
from alltickets.kernel.ids import new_id
from alltickets.main import build_asgi, build_contexts, mail_sender_of, outlet_of
from alltickets.platform.mail.mailbox import Mailbox
from alltickets.platform.mail.message import Attachment
from alltickets.platform.mail.smtp import Smtp
from alltickets.platform.secrets import KeyRing
from alltickets.platform.settings import Settings
from tests.conftest import SettableClock
from tests.platform.mail.mails import make_mail
from tests.serving import Served, serving

ANOTHER = UUID("0190a5d2-7c11-7cc3-98c4-dc0c0c07398f")


@pytest_asyncio.fixture(scope="module")
async def built(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """The application that all of these tests share, each with an organizer of its own: it takes longer to build than they take."""
    async with serving(database_url, tmp_path_factory.mktemp("served"), SettableClock(), hot_lane=True) as served:
        yield served


@pytest_asyncio.fixture
async def served(built: Served) -> Served:
    return await built.with_another_owner()


def problem_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


async def test_asking_for_lost_links_answers_the_same_for_everybody(served: Served) -> None:
    async with served.client() as http:
        answers = [await http.post("/api/shop/orders/recover", json={"mail": f"{new_id().hex}@example.com"}) for _ in range(2)]
        refused = [
            await http.post("/api/shop/orders/recover", json={"mail": mail}) for mail in ("nobody", "a@b\r\nBcc: c@d", "a b@c.d", "")
        ]

    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b"")] * 2
    assert [answer.status_code for answer in refused] == [422] * 4


async def test_mails_of_an_order_that_is_not_there_are_not_found(served: Served) -> None:
    key = await served.api_key(Permission.ORDERS_READ, Permission.ORDERS_WRITE)
    async with served.client(key) as http:
        answers = [
            await http.get(f"/api/organizer/orders/{ANOTHER}/mails"),
            await http.post(f"/api/organizer/orders/{ANOTHER}/mails"),
            await http.post(f"/api/shop/orders/{ANOTHER}/mails"),
        ]

    assert [problem_of(answer) for answer in answers] == [(404, "order-not-found")] * 3


@pytest.mark.parametrize(
    ("permission", "method", "path", "body"),
    [
        (Permission.EVENTS_READ, "GET", f"/orders/{ANOTHER}/mails", None),
        (Permission.ORDERS_READ, "POST", f"/orders/{ANOTHER}/mails", None),
        (Permission.ORDERS_WRITE, "GET", "/mail-settings", None),
        (Permission.EVENTS_READ, "PUT", "/mail-settings", {"reply_to": None}),
    ],
)
async def test_each_route_asks_for_its_permission(served: Served, permission: Permission, method: str, path: str, body: Any) -> None:
    async with served.client(await served.api_key(permission)) as http:
        answer = await http.request(method, f"/api/organizer{path}", json=body)

    assert problem_of(answer) == (403, "not-permitted")


async def test_an_organizer_says_where_answers_go(served: Served) -> None:
    key = await served.api_key(Permission.EVENTS_READ, Permission.EVENTS_WRITE)
    async with served.client(key) as http:
        path = "/api/organizer/mail-settings"
        first = await http.get(path)
        put = await http.put(path, json={"reply_to": "hola@aurora.example"})
        then = await http.get(path)
        refused = await http.put(path, json={"reply_to": "hola@aurora.example\r\nBcc: todos@example.com"})
        cleared = await http.put(path, json={"reply_to": None})

    assert first.json() == {"reply_to": None}
    assert put.json() == then.json() == {"reply_to": "hola@aurora.example"}
    assert refused.status_code == 422
    assert cleared.json() == {"reply_to": None}


async def test_a_development_machine_shows_what_it_would_have_sent(served: Served, tmp_path: Path) -> None:
    assert isinstance(served.contexts.notifications.outlet, Mailbox)
    nasty = "<script>alert(1)</script>"
    files = (Attachment(f'"; {nasty}.pdf', "application/pdf", b"%PDF"),)
    mail = make_mail(
        subject=nasty, sender_name=nasty, text=f"{nasty}\nhttp://tickets.example/o/1#s\n", html=f"<p>{nasty}</p>", attachments=files
    )
    await served.contexts.notifications.outlet.send(mail)
    name = mail.message_id.partition("@")[0]

    async with served.client() as http:
        listed, shown, html, file, style = [
            await http.get(f"/dev/mail{path}") for path in ("", f"/{name}", f"/{name}/html", f"/{name}/files/0", "/style.css")
        ]
        absent = [
            await http.get(f"/dev/mail/{path}") for path in (str(new_id()), "..%2f..%2fkeyring", f"{name}/files/1", f"{new_id()}/html")
        ]

    assert [answer.status_code for answer in (listed, shown, html, file, style)] == [200] * 5
    assert [nasty in answer.text for answer in (listed, shown, html)] == [False, False, True]
    assert "&lt;script&gt;" in listed.text
    assert '<a class="link" href="http://tickets.example/o/1#s">' in shown.text
    assert f'<iframe title="La parte HTML del correo" sandbox src="/dev/mail/{name}/html">' in shown.text
    for page in (listed, shown):
        assert "script-src" not in page.headers["content-security-policy"]
        assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self';")
    assert html.headers["content-security-policy"].endswith("; sandbox")
    assert "script" not in html.headers["content-security-policy"]
    assert file.content == b"%PDF"
    assert file.headers["content-disposition"].startswith('attachment; filename="')
    assert "<" not in file.headers["content-disposition"]
    assert [answer.status_code for answer in absent] == [404] * 4


async def test_production_sends_and_shows_no_mailbox(database_url: str, tmp_path: Path, clock: SettableClock) -> None:
    settings = Settings(
        environment="production",
        database_url=database_url,
        data_dir=tmp_path,
        key_ring=f"1:{KeyRing.generate_key()}",
        public_url="https://tickets.example",
        smtp_url="smtp://mail.example",
    )
    app = build_asgi(build_contexts(settings, clock=clock), "all")

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://tickets.example") as http:
        answers = [await http.get(path) for path in ("/dev/mail", "/dev/mail/style.css", f"/dev/mail/{ANOTHER}")]

    assert [problem_of(answer) for answer in answers] == [(404, "no-such-path")] * 3
    assert isinstance(outlet_of(settings, clock), Smtp)


@pytest.mark.parametrize(
    ("public_url", "given", "sender"),
    [
        ("https://tickets.example", None, "entradas@tickets.example"),
        ("http://127.0.0.1:8000", None, "entradas@localhost"),
        ("http://[::1]:8000", None, "entradas@localhost"),
        ("https://tickets.example", "hola@club.example", "hola@club.example"),
    ],
)
def test_mail_comes_from_the_installation(public_url: str, given: str | None, sender: str) -> None:
    assert mail_sender_of(Settings(public_url=public_url, mail_sender=given)) == sender
