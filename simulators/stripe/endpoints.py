"""Webhook endpoints: where an account wants its events, which of them, and the secrets that they are signed with."""

from typing import Any

from simulators.chassis.errors import Refused
from simulators.chassis.settings import Settings
from simulators.stripe.behaviour import Behaviours
from simulators.stripe.documents import Document, Documents, new_id
from simulators.stripe.errors import invalid
from simulators.stripe.keys import Account, webhook_secret

__all__ = ["Endpoints"]

ENDPOINTS_MAX = 16
ROLLED_SECONDS = 86_400


class Endpoints:
    """The endpoints of every account."""

    def __init__(self, documents: Documents, settings: Settings, behaviours: Behaviours, master_key: str) -> None:
        self._documents = documents
        self._settings = settings
        self._behaviours = behaviours
        self._master_key = master_key

    def create(self, account: Account, params: dict[str, Any]) -> Document:
        """A new one; its secret is told in this answer and never again."""
        self._check_url(params["url"])
        known = self._documents.all(account.owner, "webhook_endpoint")
        if len(known) >= ENDPOINTS_MAX:
            raise invalid(f"You have reached the maximum of {ENDPOINTS_MAX} webhook endpoints.")
        secret = webhook_secret(account, self._secrets_given(known) + 1, self._master_key)
        endpoint = {
            "id": new_id("we_"),
            "object": "webhook_endpoint",
            "api_version": None,
            "application": None,
            "created": int(self._behaviours.time()),
            "description": params.get("description"),
            "enabled_events": params["enabled_events"],
            "livemode": account.is_live,
            "metadata": params.get("metadata", {}),
            "status": "enabled",
            "url": params["url"],
            "_secrets": [{"secret": secret, "until": None}],
        }
        return {**self._documents.insert(account.owner, endpoint), "secret": secret}

    def update(self, account: Account, endpoint_id: str, params: dict[str, Any]) -> Document:
        """Change what it listens to, or where it is."""
        endpoint = self._documents.get(account.owner, "webhook_endpoint", endpoint_id)
        if "url" in params:
            self._check_url(params["url"])
        changes = {name: value for name, value in params.items() if name in ("url", "enabled_events", "description", "metadata")}
        if "disabled" in params:
            changes["status"] = "disabled" if params["disabled"] else "enabled"
        return self._documents.change(endpoint, **changes)

    def roll(self, endpoint_id: str) -> str:
        """A new secret; until a day has passed the one before is good too, and everything is signed with both."""
        found = self._documents.anyones(endpoint_id)
        if found is None:
            raise Refused(404, "not_found", f"There is no endpoint {endpoint_id}.")
        owner, endpoint = found
        account = Account(owner.partition("/")[0], owner.endswith("/live"))
        secret = webhook_secret(account, self._secrets_given(self._documents.all(owner, "webhook_endpoint")) + 1, self._master_key)
        until = self._behaviours.time() + ROLLED_SECONDS
        old = [{**one, "until": one["until"] or until} for one in endpoint["_secrets"]]
        self._documents.change(endpoint, _secrets=[*old, {"secret": secret, "until": None}])
        return secret

    def listening(self, owner: str, type_: str) -> list[Document]:
        """The owner's endpoints that want events of this type."""
        return [
            endpoint
            for endpoint in self._documents.all(owner, "webhook_endpoint", status="enabled")
            if "*" in endpoint["enabled_events"] or type_ in endpoint["enabled_events"]
        ]

    def secrets_of(self, endpoint_id: str) -> list[str]:
        """The secrets that are good now, the newest first."""
        found = self._documents.anyones(endpoint_id)
        now = self._behaviours.time()
        secrets = [] if found is None else [one["secret"] for one in found[1]["_secrets"] if one["until"] is None or one["until"] > now]
        return secrets[::-1]

    def _check_url(self, url: str) -> None:
        try:
            self._settings.require_allowed("url", url)
        except Refused as refusal:
            raise invalid(f"Invalid URL: {refusal.message}", "url", "url_invalid") from None

    def _secrets_given(self, endpoints: list[Document]) -> int:
        return sum(len(endpoint["_secrets"]) for endpoint in endpoints)
