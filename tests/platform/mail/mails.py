"""Mails that are boring unless a test says otherwise."""

from datetime import UTC, datetime
from typing import Any

from alltickets.kernel.ids import new_id
from alltickets.platform.mail.message import Mail

__all__ = ["make_mail"]


def make_mail(**fields: Any) -> Mail:
    boring = {
        "message_id": f"{new_id()}@tickets.example",
        "date": datetime(2026, 11, 27, 15, 0, tzinfo=UTC),
        "sender": "entradas@tickets.example",
        "sender_name": "Club Aurora",
        "reply_to": None,
        "to": "ana@example.com",
        "language": "es-AR",
        "subject": "Tus entradas",
        "text": "Acá están.\n",
        "html": "<p>Acá están.</p>\n",
    }
    return Mail(**{**boring, **fields})
