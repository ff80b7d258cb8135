"""A rush: more buyers than places, all at once, each as stubborn as a browser that tries again under the same ids.

What they were told and what the gateway took is kept, so that afterwards it can be held against the books.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx

from alltickets.kernel.ids import new_id
from bench.people import Sale
from bench.plain import PLAIN

__all__ = ["Character", "Rush"]

PATIENCE_SECONDS = 25
PLACES_EACH = 2

Character = Literal["pays", "is rejected", "leaves without paying", "leaves without ordering"]
CHARACTERS: tuple[Character, ...] = ("pays",) * 7 + ("is rejected", "leaves without paying", "leaves without ordering")


@dataclass
class Rush:
    """Buyers of one sale, and what became of them so far."""

    url: str
    sale: Sale
    buyers: int
    chance: random.Random
    second_look_seconds: tuple[float, float]
    orders: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    """Orders that buyers were told of, by id, each as the answer had it."""
    answers: "Counter[tuple[str, int, str]]" = field(default_factory=Counter)
    """Answers by request, status and type of problem; 0 where there was none."""

    async def run(self, meanwhile: Callable[[], Awaitable[None]]) -> None:
        """Let everybody buy while something happens; returns when all have done what they came for, or given up."""
        limits = httpx.Limits(max_connections=self.buyers, max_keepalive_connections=self.buyers)
        async with httpx.AsyncClient(limits=limits, timeout=10, verify=PLAIN) as http:
            characters = [self.chance.choice(CHARACTERS) for _ in range(self.buyers)]
            buying = [self._buy(http, number, character) for number, character in enumerate(characters)]
            await asyncio.gather(meanwhile(), *buying)

    async def _buy(self, http: httpx.AsyncClient, number: int, character: Character) -> None:
        await asyncio.sleep(self.chance.uniform(0, 1))
        hold_id, order_id = new_id(), new_id()
        places = {"event_id": str(self.sale.event_id), "visitor_id": str(new_id()), "lines": [self.sale.line(PLACES_EACH)]}
        headers = {"X-Forwarded-For": f"198.51.100.{number}"}
        held = await self._insist(http, "hold", f"/api/shop/holds/{hold_id}", places, headers)
        if held is None:
            # Who came too late looks again when the places of those who did not pay come back.
            await asyncio.sleep(self.chance.uniform(*self.second_look_seconds))
            held = await self._insist(http, "hold", f"/api/shop/holds/{hold_id}", places, headers)
        if held is None or character == "leaves without ordering":
            return
        buyer = {"name": "Julia Ríos", "mail": f"julia{number}@example.com", "document": "30.123.456"}
        body = {"event_id": str(self.sale.event_id), "hold_id": str(hold_id), "buyer": buyer}
        placed = await self._insist(http, "order", f"/api/shop/orders/{order_id}", body, headers)
        if placed is None:
            return
        self.orders[order_id] = placed
        # An order that is told once more may have expired meanwhile: then there is nothing to follow.
        url = placed["next_action"]["url"]
        if url is not None and character != "leaves without paying":
            form = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
            decision = "approve" if character == "pays" else "reject"
            answer = await http.post(url.partition("?")[0], data={**form, "action": decision})
            self.answers[("pay", answer.status_code, "")] += 1

    async def _insist(
        self, http: httpx.AsyncClient, what: str, path: str, body: Mapping[str, object], headers: dict[str, str]
    ) -> dict[str, Any] | None:
        """Send until there is an answer that counts: 200, or a refusal, which is None."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            try:
                answer = await http.put(self.url + path, json=body, headers=headers)
            except httpx.TransportError:
                self.answers[(what, 0, "")] += 1
            else:
                problem = "" if answer.is_success else answer.json()["type"]
                self.answers[(what, answer.status_code, problem)] += 1
                if answer.is_success:
                    told: dict[str, Any] = answer.json()
                    return told
                if answer.status_code != 503:
                    return None
            await asyncio.sleep(self.chance.uniform(0.1, 0.4))
        return None
