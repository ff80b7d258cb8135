"""What schemathesis is given for its way: credentials for each operation, and, where any id would do, one that exists.

Loaded by the command line of schemathesis. JOURNEYS_EVERYTHING names a file with two `Everything`: `kept`, and `spent`, which is
for operations that end things, so that the others go on finding them.
"""

import json
import os
import re
import time
import zlib
from pathlib import Path
from typing import Any

import schemathesis

from bench.people import some_address
from simulators.sandbox.credentials import sign_callback

_given: dict[str, dict[str, Any]] = json.loads(Path(os.environ["JOURNEYS_EVERYTHING"]).read_text())
_TOKENS = {"apiKey": "api_key", "device": "device", "secret": "order_secret"}
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ENDING = re.compile(r"/(cancel|archive|postpone|revoke)$|/payments/accounts/")


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case[Any], kwargs: dict[str, Any]) -> None:
    """Called before each request."""
    ends = case.method == "DELETE" or (case.method != "GET" and _ENDING.search(case.path) is not None)
    number = zlib.crc32(repr((case.path_parameters, case.query, case.body)).encode())
    case.headers["X-Forwarded-For"] = some_address()
    _sign_in(case, number)
    ids = _given["spent" if ends else "kept"]["ids"]
    case.path_parameters = _existing(case.path_parameters, ids)
    case.query = _existing(case.query, ids)
    case.body = _existing(case.body, ids)


def _sign_in(case: schemathesis.Case[Any], number: int) -> None:
    schemes = [name for requirement in case.operation.definition.raw.get("security", []) for name in requirement]
    if "/callbacks/" in case.path and isinstance(case.body, bytes):
        case.path_parameters = {name: _given["kept"]["ids"][name] for name in case.path_parameters}
        case.headers["X-Sandbox-Signature"] = sign_callback(_given["kept"]["gateway_secret"], int(time.time()), case.body)
    # Who signs out would leave the others outside.
    if not schemes or case.path == "/api/organizer/sign-out":
        return
    scheme = schemes[number % len(schemes)]
    if scheme == "session":
        case.cookies.update(_given["kept"]["session"])
    else:
        case.headers["Authorization"] = f"Bearer {_given['kept'][_TOKENS[scheme]]}"


def _existing(value: Any, ids: dict[str, str], name: str = "") -> Any:
    """The same value with every well-formed id replaced by that of an existing thing of its name."""
    if isinstance(value, dict):
        return {key: _existing(member, ids, key) for key, member in value.items()}
    if isinstance(value, list):
        return [_existing(member, ids, name) for member in value]
    if isinstance(value, str) and name in ids and _UUID.fullmatch(value):
        return ids[name]
    return value
