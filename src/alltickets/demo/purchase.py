"""A whole purchase as a script of curl calls: hold, order, pay at the sandbox, ticket, in, and refused the second time."""

import os
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from alltickets.catalog.schemas.organizer import EventRead

__all__ = ["order_body", "purchase_script", "scan_body", "selection_body", "write_purchase"]

BUYER = {"name": "Ana Paz", "mail": "ana@demo.example", "document": "30.111.222"}


def write_purchase(path: Path, public_url: str, event: EventRead, checkpoint_id: UUID, scanner_token: str) -> Path:
    """Write the script for one ticket of the event's first ticket type, readable by this user alone: it holds a scanner's token."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(purchase_script(public_url, event, checkpoint_id, scanner_token))
    return path


def selection_body(event: EventRead) -> dict[str, Any]:
    """What a hold of one place asks for; `$visitor` stands for an id that the script makes."""
    line = {
        "performance_id": event.performances[0].performance_id,
        "ticket_type_id": event.ticket_types[0].ticket_type_id,
        "quantity": 1,
    }
    return {"event_id": event.event_id, "visitor_id": "$visitor", "lines": [line]}


def order_body(event: EventRead) -> dict[str, Any]:
    """What an order on the hold `$hold` asks for. Without holders, every ticket is the buyer's."""
    return {"event_id": event.event_id, "hold_id": "$hold", "buyer": BUYER}


def scan_body(checkpoint_id: UUID) -> dict[str, Any]:
    """What a scanner says of the code `$code`."""
    return {"scan_id": "$scan", "checkpoint_id": checkpoint_id, "code": "$code"}


def purchase_script(public_url: str, event: EventRead, checkpoint_id: UUID, scanner_token: str) -> str:
    """The script's text. Its JSON stands in double quotes, so that the shell puts its own ids in."""
    return _SCRIPT.format(
        public_url=public_url,
        title=event.title,
        event=event.event_id,
        hold=_quoted(selection_body(event)),
        order=_quoted(order_body(event)),
        scan=_quoted(scan_body(checkpoint_id)),
        token=scanner_token,
    )


def _quoted(body: dict[str, Any]) -> str:
    return '"' + msgspec.json.encode(body).decode().replace('"', '\\"') + '"'


_SCRIPT = """\
#!/bin/sh
# Buys a ticket for "{title}" and goes in with it, each step a call of curl.
# Usage: sh demo-purchase.sh [URL of the web]
set -eu
web=${{1:-{public_url}}}

call() {{ curl --silent --show-error --fail-with-body --noproxy '*' --header 'Content-Type: application/json' "$@"; }}
new_id() {{ python3 -c 'import uuid; print(uuid.uuid4())'; }}
say() {{ printf '%s\\n' "$1"; }}
field() {{ python3 -c "import json, sys; print(json.load(sys.stdin)$1)"; }}

hold=$(new_id) order=$(new_id) visitor=$(new_id)

echo "1. What is left:"
call "$web/api/shop/events/{event}/availability"; echo

echo "2. Hold a place, at the price of now:"
call --request PUT "$web/api/shop/holds/$hold" --data {hold}; echo

echo "3. Order it:"
placed=$(call --request PUT "$web/api/shop/orders/$order" --data {order})
say "$placed"
secret=$(say "$placed" | field '["secret"]')
pay=$(say "$placed" | field '["next_action"]["url"]')

echo "4. Pay at the sandbox. Its page, for a browser: $pay"
curl --silent --show-error --fail --noproxy '*' --output /dev/null --data "${{pay#*\\?}}&action=approve" "${{pay%%\\?*}}"

echo "5. The gateway calls back, and the order has its ticket:"
tries=0
until state=$(call "$web/api/shop/orders/$order" --header "Authorization: Bearer $secret") && say "$state" | grep -q '"status":"paid"'; do
    tries=$((tries + 1)); [ "$tries" -lt 60 ] || {{ echo "not paid after 30 s: $state" >&2; exit 1; }}
    sleep 0.5
done
say "$state"
code=$(say "$state" | field '["tickets"][0]["code"]')

echo "6. At the door:"
scan=$(new_id)
call "$web/api/gate/scans" --header 'Authorization: Bearer {token}' --data {scan}; echo

echo "7. The same code once more:"
scan=$(new_id)
call "$web/api/gate/scans" --header 'Authorization: Bearer {token}' --data {scan}; echo
"""
