"""The bounded fields that bodies are made of, and what all bodies have in common."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET

__all__ = [
    "Accent",
    "Body",
    "Code",
    "CorrectionHours",
    "Corrections",
    "Currency",
    "Instant",
    "Key",
    "Limit",
    "Name",
    "Options",
    "Places",
    "Position",
    "PriceMinor",
    "Prose",
    "ShortText",
    "Slug",
    "Summary",
    "Text",
    "TicketTypeIds",
    "Version",
    "Zone",
    "changes_of",
]

# One line of text with something in it; and text of several lines. PostgreSQL stores no NUL, and a name needs no control character.
_LINE = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"
_LINES = r"^[^\x00]*$"
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=_LINE, examples=["Noche de tango"])]
ShortText = Annotated[str, msgspec.Meta(max_length=60, pattern=_LINES)]
Text = Annotated[str, msgspec.Meta(max_length=2_000, pattern=_LINES)]
Prose = Annotated[str, msgspec.Meta(max_length=20_000, pattern=_LINES)]
Slug = Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", examples=["noche-de-tango"])]
Zone = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_+/-]+$", examples=["America/Argentina/Buenos_Aires"])]
Currency = Annotated[str, msgspec.Meta(min_length=3, max_length=3, pattern=r"^[A-Z]{3}$", examples=["ARS"])]
Instant = Annotated[datetime, msgspec.Meta(tz=True, examples=["2027-03-12T21:00:00-03:00"])]
Summary = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Accent = Annotated[str, msgspec.Meta(min_length=7, max_length=7, pattern=r"^#[0-9a-f]{6}$", examples=["#a3341f"])]
Version = Annotated[int, msgspec.Meta(ge=1, le=2_147_483_647)]
Position = Annotated[int, msgspec.Meta(ge=0, le=10_000)]
Places = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
PriceMinor = Annotated[int, msgspec.Meta(ge=0, le=100_000_000_000, examples=[1_250_000])]
Limit = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Corrections = Annotated[int, msgspec.Meta(ge=0, le=20)]
CorrectionHours = Annotated[int, msgspec.Meta(ge=0, le=720)]
Code = Annotated[str, msgspec.Meta(min_length=4, max_length=64, pattern=_LINE, examples=["amigos27"])]
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=r"^[a-z][a-z0-9_]*$", examples=["dni"])]
Options = Annotated[tuple[Name, ...], msgspec.Meta(max_length=100)]
TicketTypeIds = Annotated[tuple[UUID, ...], msgspec.Meta(max_length=200)]

_YEARS = range(2000, 2200)


class Body(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a request carries. Instants lie in years that every zone and the database can express."""

    def __post_init__(self) -> None:
        for field in self.__struct_fields__:
            value = getattr(self, field)
            if isinstance(value, datetime) and value.year not in _YEARS:
                raise ValueError(f"`{field}` must lie between the years 2000 and 2199")


def changes_of(body: Body) -> dict[str, Any]:
    """The fields that a change names, but for the version that it was made on."""
    values = {field: getattr(body, field) for field in body.__struct_fields__ if field != "version"}
    return {field: value for field, value in values.items() if value is not UNSET}
