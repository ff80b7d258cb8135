"""Lists, searches and expansions: what calls add to the objects themselves."""

import re
from typing import Any

from simulators.stripe.behaviour import Behaviours
from simulators.stripe.documents import Document, Documents, shown
from simulators.stripe.errors import invalid

__all__ = ["Lists"]

DEPTH_MAX = 4
_EXPANDABLE = {
    "checkout.session": ("payment_intent", "line_items"),
    "payment_intent": ("latest_charge",),
    "charge": ("balance_transaction", "payment_intent"),
    "refund": ("balance_transaction", "charge", "payment_intent"),
    "dispute": ("charge", "payment_intent"),
    "balance_transaction": ("source",),
    "payout": ("balance_transaction",),
}
_CLAUSE = re.compile(r"""(metadata\['([^']{1,40})'\]|metadata\["([^"]{1,40})"\]|status|currency)\s*:\s*(?:'([^']*)'|"([^"]*)")""")


class Lists:
    """Answers with other objects in them."""

    def __init__(self, documents: Documents, behaviours: Behaviours) -> None:
        self._documents = documents
        self._behaviours = behaviours

    def page(self, owner: str, kind: str, url: str, params: dict[str, Any], **equal: Any) -> dict[str, Any]:
        """A list as the API shows it, newest first."""
        documents, has_more = self._documents.page(owner, kind, params, **equal)
        return self._list(owner, url, documents, params, has_more=has_more)

    def of(self, owner: str, url: str, documents: list[Document], params: dict[str, Any]) -> dict[str, Any]:
        """A list of these, all on one page."""
        return self._list(owner, url, documents, params, has_more=False)

    def search(self, owner: str, url: str, params: dict[str, Any]) -> dict[str, Any]:
        """Payment intents by metadata, status or currency; what is newer than the search's lag is not found yet. Raises `ApiError`."""
        clauses = [clause.strip() for clause in re.split(r"\s+AND\s+", params["query"])]
        wanted = [_clause(clause) for clause in clauses]
        until = self._behaviours.time() - self._behaviours.now.search_lag_seconds
        found = [
            intent
            for intent in self._documents.all(owner, "payment_intent")
            if intent["created"] <= until and all(_value(intent, name) == value for name, value in wanted)
        ][::-1]
        limit = params.get("limit", 10)
        answer = self._list(owner, url, found[:limit], params, has_more=len(found) > limit)
        return {**answer, "object": "search_result", "next_page": None}

    def expanded(self, owner: str, document: Document, params: dict[str, Any]) -> Document:
        """The document with what `expand` names in place of its id."""
        result = shown(document)
        for path in params.get("expand", []):
            parts = path.split(".")
            if len(parts) > DEPTH_MAX:
                raise invalid(f"You cannot expand more than {DEPTH_MAX} levels of a property: {path}", "expand")
            result = self._expand(owner, result, document, parts, path)
        return result

    def _list(self, owner: str, url: str, documents: list[Document], params: dict[str, Any], *, has_more: bool) -> dict[str, Any]:
        expand = params.get("expand", [])
        for path in expand:
            if not path.startswith("data."):
                raise invalid(f"This property cannot be expanded ({path}).", "expand")
            if len(path.split(".")) > DEPTH_MAX:
                raise invalid(f"You cannot expand more than {DEPTH_MAX} levels of a property: {path}", "expand")
        inner = {"expand": [path.removeprefix("data.") for path in expand]}
        data = [self.expanded(owner, document, inner) for document in documents]
        return {"object": "list", "data": data, "has_more": has_more, "url": url}

    def _expand(self, owner: str, result: Document, whole: Document, parts: list[str], path: str) -> Document:
        name = parts[0]
        if name not in _EXPANDABLE.get(result["object"], ()):
            raise invalid(f"This property cannot be expanded ({path}).", "expand")
        if name == "line_items":
            items = whole["_items"]
            return {
                **result,
                name: {"object": "list", "data": items, "has_more": False, "url": f"/v1/checkout/sessions/{result['id']}/line_items"},
            }
        value = result[name]
        if value is None:
            return result
        if isinstance(value, str):
            found = self._documents.anyones(value)
            if found is None or found[0] != owner:
                return result
            value = shown(found[1])
        if len(parts) > 1:
            value = self._expand(owner, value, value, parts[1:], path)
        return {**result, name: value}


def _clause(text: str) -> tuple[str, str]:
    match = _CLAUSE.fullmatch(text)
    if match is None:
        raise invalid(f"We were unable to parse your search query: {text}", "query")
    key = match[2] or match[3]
    return (f"metadata.{key}" if key else match[1]), match[4] if match[4] is not None else match[5]


def _value(intent: Document, name: str) -> Any:
    return intent["metadata"].get(name.removeprefix("metadata.")) if name.startswith("metadata.") else intent[name]
