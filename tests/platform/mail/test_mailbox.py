"""The development mailbox: what would have been sent, newest first, and nothing beyond its folder."""

import asyncio
from pathlib import Path

import pytest

from alltickets.kernel.ids import new_id
from alltickets.platform.mail.mailbox import KEPT_MAX, Mailbox
from alltickets.platform.mail.message import Attachment
from tests.platform.mail.mails import make_mail


async def test_what_is_sent_is_kept_whole_and_the_newest_comes_first(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path / "mail")
    files = (Attachment("evento.ics", "text/calendar", b"BEGIN:VCALENDAR\r\n"), Attachment("entradas.pdf", "application/pdf", b"%PDF\x00"))
    first, second = make_mail(subject="Primero", attachments=files), make_mail(subject="Segundo", reply_to="hola@aurora.example")
    empty = await mailbox.newest()

    await mailbox.send(first)
    await mailbox.send(second)

    assert empty == []
    kept = await mailbox.newest()
    assert [mail.subject for mail in kept] == ["Segundo", "Primero"]
    assert (kept[0].sender, kept[0].to, kept[0].at, kept[0].reply_to) == (
        "Club Aurora <entradas@tickets.example>",
        "ana@example.com",
        second.date,
        "hola@aurora.example",
    )
    assert (kept[1].text, kept[1].html) == (first.text, first.html)
    assert [(file.filename, file.media_type) for file in kept[1].attachments] == [
        ("evento.ics", "text/calendar"),
        ("entradas.pdf", "application/pdf"),
    ]
    assert kept[1].attachments[1].content == b"%PDF\x00"
    assert await mailbox.read(kept[1].name) == kept[1]


async def test_the_same_mail_again_is_the_same_mail(tmp_path: Path) -> None:
    mailbox, mail = Mailbox(tmp_path), make_mail()

    await mailbox.send(mail)
    await mailbox.send(mail)

    assert len(await mailbox.newest()) == 1


def test_the_oldest_make_room(tmp_path: Path) -> None:
    for _ in range(KEPT_MAX + 1):
        (tmp_path / f"{new_id()}.eml").write_bytes(b"")

    asyncio.run(Mailbox(tmp_path).send(make_mail()))

    assert len(list(tmp_path.iterdir())) == KEPT_MAX


@pytest.mark.parametrize("name", ["../secret", "0198c0de-0000-7000-8000-000000000001", "", "..", "%2e%2e/secret"])
async def test_only_its_own_mails_are_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.eml").write_text("Subject: x\r\n\r\n")

    assert await Mailbox(tmp_path / "mail").read(name) is None
