"""How the API says no."""

from dataclasses import dataclass
from typing import Any

__all__ = ["ApiError", "invalid", "missing"]


@dataclass(eq=False, kw_only=True)
class ApiError(Exception):
    """An error as the API tells it. `type`, `code` and `decline_code` are for programs, `message` for whoever reads logs."""

    status: int = 400
    type: str = "invalid_request_error"
    message: str
    code: str | None = None
    param: str | None = None
    decline_code: str | None = None

    def __str__(self) -> str:
        return f"{self.code or self.type}: {self.message}"

    @property
    def body(self) -> dict[str, Any]:
        """The answer's body; what is not said is left out."""
        told = {"code": self.code, "decline_code": self.decline_code, "message": self.message, "param": self.param, "type": self.type}
        return {"error": {name: value for name, value in told.items() if value is not None}}


def invalid(message: str, param: str | None = None, code: str | None = None) -> ApiError:
    """The request is wrong."""
    return ApiError(message=message, param=param, code=code)


def missing(kind: str, id_: str, param: str = "id") -> ApiError:
    """There is no such thing in this account and this mode."""
    return ApiError(status=404, message=f"No such {kind}: '{id_}'", param=param, code="resource_missing")
