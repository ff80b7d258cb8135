"""The settlement report: a file of everything that moved, and the ways in which such a file disagrees with what was told before."""

import csv
import io
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Meta, Struct

from simulators.chassis.database import Database
from simulators.chassis.errors import Refused, invalid
from simulators.mercadopago.codec import dumps, loads, pesos
from simulators.mercadopago.contract import body_faults
from simulators.mercadopago.errors import not_found
from simulators.mercadopago.payments import Payments
from simulators.mercadopago.rules import RELEASE_MS, Payment
from simulators.mercadopago.times import at_ms, moment, unix_of

__all__ = ["COLUMNS", "Differences", "Making", "Reports"]

COLUMNS = [
    "EXTERNAL_REFERENCE",
    "SOURCE_ID",
    "USER_ID",
    "PAYMENT_METHOD",
    "PAYMENT_METHOD_TYPE",
    "SITE",
    "TRANSACTION_TYPE",
    "TRANSACTION_AMOUNT",
    "TRANSACTION_CURRENCY",
    "SELLER_AMOUNT",
    "TRANSACTION_DATE",
    "FEE_AMOUNT",
    "SETTLEMENT_NET_AMOUNT",
    "SETTLEMENT_CURRENCY",
    "SETTLEMENT_DATE",
    "REAL_AMOUNT",
    "COUPON_AMOUNT",
    "METADATA",
    "MKP_FEE_AMOUNT",
    "FINANCING_FEE_AMOUNT",
    "SHIPPING_FEE_AMOUNT",
    "TAXES_AMOUNT",
    "INSTALLMENTS",
    "TAX_DETAIL",
    "TAXES_DISAGGREGATED",
    "ORDER_ID",
    "PACK_ID",
    "MONEY_RELEASE_DATE",
]
DEFAULT_ZONE = "Etc/GMT+4"
DIFFERENCE = Decimal("1.00")

Rows = Annotated[int, Meta(ge=0, le=1_000)]


class Differences(Struct, forbid_unknown_fields=True, frozen=True):
    """How many rows of the next reports are wrong, each in its own way, counted from the first row on."""

    missing: Rows = 0
    amount: Rows = 0
    fee: Rows = 0
    extra: Rows = 0
    duplicate: Rows = 0
    without_reference: Rows = 0


class Making(Struct, forbid_unknown_fields=True, frozen=True):
    """How the next reports are made. looks: so often their task is asked about and not done. fails: they are never made."""

    looks: Annotated[int, Meta(ge=0, le=1_000)] = 0
    fails: bool = False


class Reports:
    """The reports of every seller."""

    def __init__(self, database: Database, payments: Payments) -> None:
        self._database = database
        self._payments = payments
        self.differences = Differences()
        self.making = Making()
        self._looks_left: dict[int, int] = {}

    def configure(self, seller: int, config: dict[str, Any]) -> dict[str, Any]:
        """Set columns, separator, time zone. Raises `Refused` 400."""
        if faults := body_faults("/v1/account/settlement_report/config", "post", config):
            raise invalid(f"{'; '.join(faults)}.")
        for column in config.get("columns", []):
            if column.get("key") not in COLUMNS:
                raise invalid(f"There is no column {column.get('key')!r}.")
        try:
            ZoneInfo(config.get("display_timezone", DEFAULT_ZONE))
        except (ZoneInfoNotFoundError, ValueError):
            raise invalid(f"display_timezone {config['display_timezone']!r} is not known.") from None
        self._database.execute(
            "INSERT INTO report_configs (seller, config) VALUES (:seller, :config) "
            "ON CONFLICT (seller) DO UPDATE SET config = excluded.config",
            seller=seller,
            config=dumps(config),
        )
        return config

    def config_of(self, seller: int) -> dict[str, Any]:
        """What was set. Raises `Refused` 404 where nothing was."""
        row = self._database.first("SELECT config FROM report_configs WHERE seller = :seller", seller=seller)
        if row is None:
            raise not_found("The report is not configured.")
        config: dict[str, Any] = loads(row["config"])
        return config

    def create(self, seller: int, request: Mapping[str, Any]) -> dict[str, Any]:
        """Have a report made; it can be fetched as soon as it is asked about. Raises `Refused` 400."""
        if faults := body_faults("/v1/account/settlement_report", "post", request):
            raise invalid(f"{'; '.join(faults)}.")
        begin, end = unix_of(request["begin_date"]), unix_of(request["end_date"])
        if begin > end:
            raise invalid("begin_date must not be after end_date.")
        row = self._database.first("SELECT coalesce(max(id), 40000000) + 1 AS next FROM reports")
        assert row is not None, "an aggregate has a row"
        config = self._config_or_default(seller)
        prefix = config.get("file_name_prefix", "settlement-report-USER_ID")
        self._database.execute(
            "INSERT INTO reports (id, seller, file_name, begin_date, end_date, created_ms, content) "
            "VALUES (:id, :seller, :file_name, :begin_date, :end_date, :created_ms, :content)",
            id=row["next"],
            seller=seller,
            file_name=f"{prefix.replace('USER_ID', str(seller))}-{row['next']}.csv",
            begin_date=request["begin_date"],
            end_date=request["end_date"],
            created_ms=int(time.time() * 1000),
            content=self._file(seller, config, begin * 1000, end * 1000).encode(),
        )
        self._looks_left[row["next"]] = -1 if self.making.fails else self.making.looks
        return {**self._task(self._named(seller, str(row["next"]))), "status": "pending"}

    def task(self, seller: int, task_id: str) -> dict[str, Any]:
        """How far a report is. Raises `Refused` 404."""
        row = self._named(seller, task_id)
        left = self._looks_left.get(row["id"], 0)
        if left > 0:
            self._looks_left[row["id"]] = left - 1
        if left:
            return {**self._task(row), "status": "in_progress" if left > 0 else "failed"}
        return {**self._task(row), "status": "done", "file_name": row["file_name"], "download_url": None}

    def _named(self, seller: int, task_id: str) -> Any:
        for row in self._rows(seller):
            if str(row["id"]) == task_id:
                return row
        raise not_found(f"There is no task {task_id}.")

    def _task(self, row: Any) -> dict[str, Any]:
        return {**_dates(row), "id": str(row["id"]), "created_at": moment(row["created_ms"])}

    def _made(self, seller: int) -> list[Any]:
        """Those that are there."""
        return [row for row in self._rows(seller) if not self._looks_left.get(row["id"])]

    def all_of(self, seller: int) -> dict[str, Any]:
        """Every report that was made, newest first."""
        found = [
            {
                **_dates(row),
                "id": str(row["id"]),
                "status": "available",
                "date_created": moment(row["created_ms"]),
                "date_last_updated": moment(row["created_ms"]),
                "file_name": row["file_name"],
            }
            for row in self._made(seller)
        ]
        return {"paging": {"total": len(found), "limit": len(found), "offset": 0}, "results": found}

    def file(self, seller: int, file_name: str) -> bytes:
        """The file. Raises `Refused` 404."""
        for row in self._made(seller):
            if row["file_name"] == file_name:
                content: bytes = row["content"]
                return content
        raise not_found(f"There is no file {file_name}.")

    def _rows(self, seller: int) -> list[Any]:
        return self._database.all("SELECT * FROM reports WHERE seller = :seller ORDER BY id DESC", seller=seller)

    def _config_or_default(self, seller: int) -> dict[str, Any]:
        try:
            return self.config_of(seller)
        except Refused:
            return {}

    def _file(self, seller: int, config: Mapping[str, Any], begin_ms: float, end_ms: float) -> str:
        movements = self._database.all(
            "SELECT * FROM movements WHERE seller = :seller AND at_ms >= :begin AND at_ms <= :end ORDER BY number",
            seller=seller,
            begin=begin_ms,
            end=end_ms,
        )
        zone = ZoneInfo(config.get("display_timezone", DEFAULT_ZONE))
        rows = [_row(movement, self._payments.named(movement["payment"]), lambda ms: at_ms(ms, zone)) for movement in movements]
        columns = config.get("columns") or [{"key": column} for column in COLUMNS]
        text = io.StringIO()
        writer = csv.writer(text, delimiter=config.get("separator") or ",", lineterminator="\n")
        writer.writerow([column.get("alias") or column["key"] for column in columns])
        writer.writerows([[row[column["key"]] for column in columns] for row in _spoilt(rows, self.differences)])
        return text.getvalue()


def _row(movement: Any, payment: Payment, shown: Callable[[int], str]) -> dict[str, str]:
    amount, taken = movement["amount_minor"], movement["taken_minor"]
    fee = movement["fee_minor"] + taken
    is_sale = movement["type"] == "SETTLEMENT"
    release = (payment.approved_ms or movement["at_ms"]) + RELEASE_MS if is_sale else movement["at_ms"]
    filled = {
        "EXTERNAL_REFERENCE": payment.reference,
        "SOURCE_ID": str(payment.id),
        "USER_ID": str(payment.seller),
        "PAYMENT_METHOD": payment.method,
        "PAYMENT_METHOD_TYPE": payment.kind,
        "SITE": "MLA",
        "TRANSACTION_TYPE": movement["type"],
        "TRANSACTION_AMOUNT": str(pesos(amount)),
        "TRANSACTION_CURRENCY": payment.currency,
        "SELLER_AMOUNT": str(pesos(amount)),
        "TRANSACTION_DATE": shown(movement["at_ms"]),
        "FEE_AMOUNT": str(pesos(-fee)),
        "SETTLEMENT_NET_AMOUNT": str(pesos(amount - fee)),
        "SETTLEMENT_CURRENCY": payment.currency,
        "SETTLEMENT_DATE": shown(movement["at_ms"]),
        "REAL_AMOUNT": str(pesos(amount)),
        "METADATA": "{}",
        "MKP_FEE_AMOUNT": str(pesos(-taken)),
        "INSTALLMENTS": str(payment.installments),
        "TAX_DETAIL": "",
        "TAXES_DISAGGREGATED": "[]",
        "ORDER_ID": str(payment.merchant_order),
        "PACK_ID": "",
        "MONEY_RELEASE_DATE": shown(release),
    }
    return {column: filled.get(column, "0.00") for column in COLUMNS}


def _spoilt(rows: list[dict[str, str]], wrong: Differences) -> list[dict[str, str]]:
    """The rows with as many differences as are wanted, taken one after the other from the first row on."""
    rows = [dict(row) for row in rows]
    left = rows[wrong.missing :]
    for row in left[: wrong.amount]:
        row["TRANSACTION_AMOUNT"] = row["SELLER_AMOUNT"] = row["REAL_AMOUNT"] = _more(row["TRANSACTION_AMOUNT"])
        row["SETTLEMENT_NET_AMOUNT"] = _more(row["SETTLEMENT_NET_AMOUNT"])
    for row in left[wrong.amount :][: wrong.fee]:
        row["FEE_AMOUNT"] = _more(row["FEE_AMOUNT"])
        row["SETTLEMENT_NET_AMOUNT"] = _more(row["SETTLEMENT_NET_AMOUNT"])
    for row in left[wrong.amount + wrong.fee :][: wrong.without_reference]:
        row["EXTERNAL_REFERENCE"] = ""
    strangers = [{**row, "SOURCE_ID": str(int(row["SOURCE_ID"]) + 7_000_000_000), "EXTERNAL_REFERENCE": ""} for row in rows[: wrong.extra]]
    return [*left, *left[: wrong.duplicate], *strangers]


def _more(amount: str) -> str:
    return str(Decimal(amount) + DIFFERENCE)


def _dates(row: Any) -> dict[str, Any]:
    return {"begin_date": row["begin_date"], "end_date": row["end_date"]}
