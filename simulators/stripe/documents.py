"""Everything that Stripe has, in the form in which its API shows it. Fields that begin with `_` are its own and are never shown."""

import secrets
import string
from collections.abc import Mapping
from typing import Any

import msgspec

from simulators.chassis.database import Database
from simulators.stripe.errors import missing

__all__ = ["Document", "Documents", "new_id", "shown"]

Document = dict[str, Any]

PAGE_LENGTH = 10
_OPEN_SESSIONS = "FROM documents WHERE object = 'checkout.session' AND json_extract(document, '$.status') = 'open'"
_COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def shown(document: Document) -> Document:
    """The document as the API shows it."""
    return {name: value for name, value in document.items() if not name.startswith("_")}


class Documents:
    """Documents by id and owner; another owner's are not there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, owner: str, document: Document) -> Document:
        """Keep a new one."""
        self._database.execute(
            "INSERT INTO documents (id, owner, object, created, document) VALUES (:id, :owner, :object, :created, :document)",
            id=document["id"],
            owner=owner,
            object=document["object"],
            created=document["created"],
            document=msgspec.json.encode(document).decode(),
        )
        return document

    def change(self, document: Document, **changes: Any) -> Document:
        """Keep it with these changes."""
        changed = {**document, **changes}
        self._database.execute(
            "UPDATE documents SET document = :document WHERE id = :id", id=document["id"], document=msgspec.json.encode(changed).decode()
        )
        return changed

    def find(self, owner: str, kind: str, id_: str) -> Document | None:
        """That one, if the owner has it."""
        row = self._database.first(
            "SELECT document FROM documents WHERE id = :id AND owner = :owner AND object = :kind", id=id_, owner=owner, kind=kind
        )
        return None if row is None else msgspec.json.decode(row["document"])

    def get(self, owner: str, kind: str, id_: str, param: str = "id") -> Document:
        """That one. Raises `ApiError` 404."""
        document = self.find(owner, kind, id_)
        if document is None:
            raise missing(kind, id_, param)
        return document

    def anyones(self, id_: str) -> tuple[str, Document] | None:
        """The document of that id with its owner, whoever that is: for pages and the administration, which name no account."""
        row = self._database.first("SELECT owner, document FROM documents WHERE id = :id", id=id_)
        return None if row is None else (row["owner"], msgspec.json.decode(row["document"]))

    def run_out(self, now: float) -> list[tuple[str, Document]]:
        """The open sessions whose time is over, each with its owner."""
        rows = self._database.all(f"SELECT owner, document {_OPEN_SESSIONS} AND json_extract(document, '$.expires_at') <= :now", now=now)
        return [(row["owner"], msgspec.json.decode(row["document"])) for row in rows]

    def next_expiry(self) -> float | None:
        """When the next open session runs out."""
        row = self._database.first(f"SELECT min(json_extract(document, '$.expires_at')) AS at {_OPEN_SESSIONS}")
        return None if row is None else row["at"]

    def latest(self, kind: str, count_max: int) -> list[tuple[str, Document]]:
        """The newest of everybody, newest first, each with its owner."""
        rows = self._database.all(
            "SELECT owner, document FROM documents WHERE object = :kind ORDER BY number DESC LIMIT :count_max",
            kind=kind,
            count_max=count_max,
        )
        return [(row["owner"], msgspec.json.decode(row["document"])) for row in rows]

    def all(self, owner: str, kind: str, **equal: Any) -> list[Document]:
        """The owner's of that kind whose fields have these values, oldest first."""
        return self._select(owner, kind, equal, {}, "", "ASC", -1, {})

    def page(self, owner: str, kind: str, params: Mapping[str, Any], **equal: Any) -> tuple[list[Document], bool]:
        """A page of a list, newest first, and whether there are more. Raises `ApiError` for a place that is not in it."""
        limit = params.get("limit", PAGE_LENGTH)
        created = params.get("created", {})
        before, after = params.get("ending_before"), params.get("starting_after")
        place, direction, bound = "", "DESC", {}
        for name, comparison, order in (("starting_after", "<", "DESC"), ("ending_before", ">", "ASC")):
            if cursor := params.get(name):
                self.get(owner, kind, cursor, name)
                place = f" AND number {comparison} (SELECT number FROM documents WHERE id = :cursor)"
                direction, bound = order, {"cursor": cursor}
        found = self._select(owner, kind, equal, created, place, direction, limit + 1, bound)
        page = found[:limit]
        return (page[::-1] if before and not after else page), len(found) > limit

    def _select(
        self,
        owner: str,
        kind: str,
        equal: Mapping[str, Any],
        created: Mapping[str, int],
        place: str,
        direction: str,
        limit: int,
        bound: Mapping[str, Any],
    ) -> list[Document]:
        narrowed = {name: value for name, value in equal.items() if value is not None}
        conditions = [f"json_extract(document, '$.{name}') = :is_{name}" for name in narrowed]
        conditions += [f"created {_COMPARISONS[name]} :created_{name}" for name in created]
        where = "".join(f" AND {condition}" for condition in conditions) + place
        rows = self._database.all(
            f"SELECT document FROM documents WHERE owner = :owner AND object = :kind{where} ORDER BY number {direction} LIMIT :limit",
            owner=owner,
            kind=kind,
            limit=limit,
            **{f"is_{name}": value for name, value in narrowed.items()},
            **{f"created_{name}": value for name, value in created.items()},
            **bound,
        )
        return [msgspec.json.decode(row["document"]) for row in rows]


def new_id(prefix: str, length: int = 24) -> str:
    """An id such as Stripe gives out."""
    return prefix + "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(length))
