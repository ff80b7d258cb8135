"""The settlement report: MercadoPago makes a file of everything that moved on an account in a time, when it is asked to."""

import re
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Annotated, Protocol

import httpx
import msgspec
from msgspec import Meta

from alltickets.payments.gateways.calls import decode
from alltickets.payments.port import GatewayError, SettlementFile, SettlementOrdered

__all__ = ["Reports"]

PATH = "/v1/account/settlement_report"
LAYOUT = "mercadopago"

_FileName = Annotated[str, Meta(max_length=300)]
_file_name = re.compile(r"[A-Za-z0-9._-]{1,300}")
_task = re.compile(r"[A-Za-z0-9_-]{1,100}")


class _Task(msgspec.Struct, frozen=True):
    id: int | str
    status: Annotated[str, Meta(max_length=40)]


class _Made(msgspec.Struct, frozen=True):
    begin_date: datetime
    end_date: datetime
    file_name: _FileName | None = None


class _Listed(msgspec.Struct, frozen=True):
    results: list[_Made] = []


_task_decoder = msgspec.json.Decoder(_Task)
_listed_decoder = msgspec.json.Decoder(_Listed)


class Call(Protocol):
    """A call with the account's token."""

    def __call__(self, method: str, path: str, *, body: object = None) -> Awaitable[httpx.Response]: ...


class Reports:
    """The reports of one account."""

    def __init__(self, call: Call) -> None:
        self._call = call

    async def find(self, begins_at: datetime, ends_at: datetime) -> str | None:
        """The file of exactly that time; None where there is none yet."""
        listed = decode(await self._call("GET", f"{PATH}/list"), _listed_decoder)
        of_it = [one.file_name for one in listed.results if (one.begin_date, one.end_date) == (begins_at, ends_at)]
        return next((name for name in of_it if name is not None and _file_name.fullmatch(name)), None)

    async def order(self, begins_at: datetime, ends_at: datetime) -> SettlementOrdered:
        """Have it made. Columns, separator and time zone are the seller's, who may read it as well."""
        body = {"begin_date": _moment(begins_at), "end_date": _moment(ends_at)}
        return SettlementOrdered(name=str(decode(await self._call("POST", PATH, body=body), _task_decoder).id))

    async def is_made(self, task: str) -> bool:
        """Whether what was ordered is there. Raises `GatewayError` of kind "declined" where MercadoPago could not make it."""
        if _task.fullmatch(task) is None:
            raise GatewayError("MercadoPago has no such report.", kind="not_found")
        status = decode(await self._call("GET", f"{PATH}/task/{task}"), _task_decoder).status
        if status == "failed":
            raise GatewayError("MercadoPago could not make the report.", kind="declined", code=status)
        return status == "done"

    async def file(self, name: str) -> SettlementFile:
        """Fetch it."""
        return SettlementFile(name=name, layout=LAYOUT, content=(await self._call("GET", f"{PATH}/{name}")).content)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
