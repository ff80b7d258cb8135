"""The query parameters of every list."""

from typing import Annotated

from litestar.params import QueryParameter

from alltickets.platform.paging import PAGE_SIZE_MAX

__all__ = ["CursorParameter", "SizeParameter"]

CursorParameter = Annotated[str | None, QueryParameter(max_length=200, description="`next` of the page before")]
SizeParameter = Annotated[int, QueryParameter(ge=1, le=PAGE_SIZE_MAX, description="items per page")]
